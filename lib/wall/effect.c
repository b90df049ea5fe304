#include "wall/effect.h"

#include "base/minmax.h"
#include "dsp/limiter.h"

#include <stdlib.h>
#include <string.h>

#define SPANS 2 /* kept: a segment has something of the next span */

struct span {
	int64_t index; /* -1: none */
	int64_t first; /* sample of pcm[0] */
	int64_t done; /* samples of pcm that are made */
	float *pcm; /* owned */
};

struct effect {
	struct filters *filters;
	effect_pcm source;
	void *context;
	int64_t samples48;
	int32_t channels;
	struct span span[SPANS]; /* span i at i modulo SPANS */
	struct span *running; /* that the filters are at; NULL: none */
	int64_t fed; /* the sample that the filters hear next */
	struct limiter limiter;
	float *piece; /* owned */
};

enum drift_err effect_new(struct filters *filters, effect_pcm pcm, void *context, int64_t samples48,
			  int32_t channels, struct effect **out)
{
	size_t frame = (size_t)channels * sizeof(float);
	struct effect *e = calloc(1, sizeof(*e));

	if (!e)
		return DRIFT_ENOMEM;
	e->filters = filters;
	e->source = pcm;
	e->context = context;
	e->samples48 = samples48;
	e->channels = channels;
	e->piece = malloc(EFFECT_PIECE * frame);
	for (int i = 0; i < SPANS; i++)
		e->span[i] = (struct span){.index = -1, .pcm = malloc(EFFECT_SPAN * frame)};
	if (!e->piece || !e->span[0].pcm || !e->span[1].pcm) {
		effect_free(e);
		return DRIFT_ENOMEM;
	}
	*out = e;
	return DRIFT_OK;
}

void effect_free(struct effect *e)
{
	if (!e)
		return;
	for (int i = 0; i < SPANS; i++)
		free(e->span[i].pcm);
	free(e->piece);
	free(e);
}

/* Silence changes nothing in filters that have heard nothing: those of the first span
   begin at 0. */
static enum drift_err begin(struct effect *e, struct span *s, int64_t index)
{
	enum drift_err err = filters_reset(e->filters);

	e->running = NULL;
	s->index = -1;
	if (err)
		return err;
	s->index = index;
	s->first = index * EFFECT_SPAN - EFFECT_EARLIER;
	s->done = max64(0, -s->first);
	memset(s->pcm, 0, (size_t)(s->done * e->channels) * sizeof(*s->pcm));
	limiter_init(&e->limiter, e->channels);
	e->fed = max64(0, s->first - PRESET_MEMORY);
	e->running = s;
	return DRIFT_OK;
}

/* What comes out belongs LIMITER_DELAY samples earlier. */
static void keep(struct effect *e, struct span *s, int64_t first, int64_t count)
{
	int64_t from = max64(first, s->first + s->done);
	int64_t to = min64(first + count, s->first + EFFECT_SPAN);

	if (from >= to)
		return;
	memcpy(s->pcm + (from - s->first) * e->channels, e->piece + (from - first) * e->channels,
	       (size_t)((to - from) * e->channels) * sizeof(*s->pcm));
	s->done = to - s->first;
}

static enum drift_err run_on(struct effect *e, struct span *s)
{
	const struct resample_range want = {e->fed, e->fed + EFFECT_PIECE};
	enum drift_err err = e->source(e->context, want, e->piece);

	if (!err)
		err = filters_run(e->filters, e->piece, EFFECT_PIECE);
	if (err) {
		e->running = NULL;
		s->index = -1;
		return err;
	}
	limiter_run(&e->limiter, e->piece, EFFECT_PIECE);
	keep(e, s, e->fed - LIMITER_DELAY, EFFECT_PIECE);
	e->fed += EFFECT_PIECE;
	return DRIFT_OK;
}

/* Span index, made as far as sample end. */
static enum drift_err make(struct effect *e, int64_t index, int64_t end, struct span **out)
{
	struct span *s = &e->span[index % SPANS];
	enum drift_err err = DRIFT_OK;

	if (s->index != index || (s != e->running && s->first + s->done < end))
		err = begin(e, s, index);
	while (!err && s->first + s->done < end)
		err = run_on(e, s);
	*out = s;
	return err;
}

/* out: where from goes; within one span */
static enum drift_err copy(struct effect *e, int64_t index, int64_t from, int64_t to, float *out)
{
	struct span *s;
	enum drift_err err = make(e, index, to, &s);

	if (!err)
		memcpy(out, s->pcm + (from - s->first) * e->channels,
		       (size_t)((to - from) * e->channels) * sizeof(*out));
	return err;
}

enum drift_err effect_get(void *effect, struct resample_range want, float *out)
{
	struct effect *e = effect;
	int64_t from = max64(want.first, 0), to = min64(want.end, e->samples48);
	enum drift_err err = DRIFT_OK;

	memset(out, 0, (size_t)((want.end - want.first) * e->channels) * sizeof(*out));
	while (!err && from < to) {
		int64_t index = (from + EFFECT_EARLIER) / EFFECT_SPAN;
		int64_t end = min64(to, (index + 1) * EFFECT_SPAN - EFFECT_EARLIER);

		err = copy(e, index, from, end, out + (from - want.first) * e->channels);
		from = end;
	}
	return err;
}
