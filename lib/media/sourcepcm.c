#include "media/sourcepcm.h"

#include "media/readahead.h"

#include <stdlib.h>

struct sourcepcm {
	struct decoder *decoder;
	int channels;
	struct resampler *resampler;
	float *native;
	size_t room; /* floats at native */
};

enum drift_err sourcepcm_new(struct decoder *decoder, struct sourcepcm **out)
{
	struct sourcepcm *s = calloc(1, sizeof(*s));
	enum drift_err err;

	if (!s)
		return DRIFT_ENOMEM;
	s->decoder = decoder;
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
	free(s->native);
	free(s);
}

static enum drift_err make_room(struct sourcepcm *s, struct resample_range range)
{
	size_t floats = (size_t)(range.end - range.first) * (size_t)s->channels;
	float *native;

	if (floats <= s->room)
		return DRIFT_OK;
	native = realloc(s->native, floats * sizeof(*native));
	if (!native)
		return DRIFT_ENOMEM;
	s->native = native;
	s->room = floats;
	return DRIFT_OK;
}

static enum drift_err load(struct sourcepcm *s, struct resample_range range)
{
	const struct readahead_range want = {range, s->native, NULL};
	struct readahead ahead = {.decoder = s->decoder};
	struct readahead_range got;
	enum drift_err err = readahead_add(&ahead, &want);
	bool whole = false;

	while (!err && !whole)
		err = readahead_load(&ahead, &whole, &got);
	return err;
}

enum drift_err sourcepcm_get(void *sourcepcm, struct resample_range want, float *out)
{
	struct sourcepcm *s = sourcepcm;
	struct resample_range range = resampler_needs(s->resampler, want);
	enum drift_err err = make_room(s, range);

	if (!err)
		err = load(s, range);
	if (!err)
		resampler_run(s->resampler, s->native, want, out);
	return err;
}
