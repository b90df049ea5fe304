#include "wall/sourcepcm.h"

#include "wall/readahead.h"

#include <stdbool.h>
#include <stdlib.h>

/* Native samples, and room for them. */
struct room {
	struct resample_range range;
	float *pcm; /* owned */
	size_t floats; /* room at pcm */
};

struct sourcepcm {
	int channels;
	struct resampler *resampler;
	struct readahead ahead;
	struct room now, next;
	bool is_expected; /* next.range, to be asked for */
	bool is_asked; /* likewise, on its way */
};

enum drift_err sourcepcm_new(struct decoder *decoder, struct sourcepcm **out)
{
	struct sourcepcm *s = calloc(1, sizeof(*s));
	enum drift_err err;

	if (!s)
		return DRIFT_ENOMEM;
	s->ahead.decoder = decoder;
	s->channels = decoder_pcm_channels(decoder);
	err = resampler_new(decoder_get_facts(decoder)->sample_rate, s->channels, &s->resampler);
	if (err) {
		free(s);
		return err;
	}
	*out = s;
	return DRIFT_OK;
}

void sourcepcm_free(struct sourcepcm *s)
{
	if (!s)
		return;
	resampler_free(s->resampler);
	free(s->now.pcm);
	free(s->next.pcm);
	free(s);
}

static enum drift_err make_room(const struct sourcepcm *s, struct room *r)
{
	size_t floats = (size_t)(r->range.end - r->range.first) * (size_t)s->channels;
	float *pcm;

	if (floats <= r->floats)
		return DRIFT_OK;
	pcm = realloc(r->pcm, floats * sizeof(*pcm));
	if (!pcm)
		return DRIFT_ENOMEM;
	r->pcm = pcm;
	r->floats = floats;
	return DRIFT_OK;
}

static enum drift_err ask_for(struct sourcepcm *s, struct room *r)
{
	enum drift_err err = make_room(s, r);
	const struct readahead_range want = {r->range, r->pcm, NULL};

	return err ? err : readahead_add(&s->ahead, &want);
}

/* The oldest range that was asked for. */
static enum drift_err load(struct sourcepcm *s)
{
	struct readahead_range got;
	enum drift_err err = DRIFT_OK;
	bool whole = false;

	while (!err && !whole)
		err = readahead_load(&s->ahead, &whole, &got);
	return err;
}

static enum drift_err load_next(struct sourcepcm *s)
{
	s->is_asked = false;
	return load(s);
}

static enum drift_err load_now(struct sourcepcm *s, struct resample_range range)
{
	enum drift_err err = s->is_asked ? load_next(s) : DRIFT_OK; /* in vain */

	s->now.range = range;
	if (!err)
		err = ask_for(s, &s->now);
	if (!err && s->is_expected && readahead_has_room(&s->ahead)) {
		err = ask_for(s, &s->next);
		s->is_asked = !err;
	}
	s->is_expected = false;
	return err ? err : load(s);
}

enum drift_err sourcepcm_get(void *sourcepcm, struct resample_range want, float *out)
{
	struct sourcepcm *s = sourcepcm;
	struct resample_range range = resampler_needs(s->resampler, want);
	bool is_next =
		s->is_asked && range.first == s->next.range.first && range.end == s->next.range.end;
	enum drift_err err = is_next ? load_next(s) : load_now(s, range);

	if (!err)
		resampler_run(s->resampler, is_next ? s->next.pcm : s->now.pcm, want, out);
	return err;
}

void sourcepcm_expect(void *sourcepcm, struct resample_range want)
{
	struct sourcepcm *s = sourcepcm;

	if (s->is_asked)
		return;
	s->next.range = resampler_needs(s->resampler, want);
	s->is_expected = true;
}
