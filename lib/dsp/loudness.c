#include "dsp/loudness.h"

#include "dsp/truepeak.h"

#include <assert.h>
#include <ebur128.h>
#include <math.h>
#include <stdlib.h>

#define PIECE 4096 /* samples per channel cleaned at a time */
#define MOMENTARY_TENTHS 4 /* of a second: a gating block; the next one is a tenth later */
#define SHORT_TENTHS 30 /* one of the range; the next one is a second later */
#define AMPLITUDE_MAX 1000
#define TRUE_PEAK_MIN (-144.0) /* dBTP: the floor of 24 bits */

struct loudness {
	ebur128_state *state;
	int32_t channels;
	size_t tenth; /* samples in a tenth of a second */
	size_t to_tenth; /* samples that are missing to the next whole one */
	int64_t tenths;
	struct truepeak peak;
	struct gating momentary, short_term;
};

enum drift_err loudness_new(int32_t rate, int32_t channels, struct loudness **out)
{
	struct loudness *l = calloc(1, sizeof(*l));

	if (!l)
		return DRIFT_ENOMEM;
	assert(channels == 1 || channels == 2);
	l->channels = channels;
	l->tenth = l->to_tenth = ((size_t)rate + 5) / 10;
	truepeak_init(&l->peak, rate, channels);
	/* the gate is ours: libebur128's lists of blocks grow with the track */
	l->state = ebur128_init((unsigned)channels, (unsigned long)rate,
				EBUR128_MODE_M | EBUR128_MODE_S);
	if (!l->state) {
		free(l);
		return DRIFT_ENOMEM;
	}
	*out = l;
	return DRIFT_OK;
}

void loudness_free(struct loudness *l)
{
	if (!l)
		return;
	ebur128_destroy(&l->state);
	free(l);
}

/* One value that is no sound would stay in the filters for ever. */
static float clean(float v)
{
	return fabsf(v) <= AMPLITUDE_MAX ? v : 0;
}

/* Another tenth of a second is in: the blocks that end here. */
static enum drift_err measure_blocks(struct loudness *l)
{
	double lufs;

	l->tenths++;
	if (l->tenths >= MOMENTARY_TENTHS) {
		if (ebur128_loudness_momentary(l->state, &lufs) != EBUR128_SUCCESS)
			return DRIFT_ENOMEM;
		gating_add(&l->momentary, lufs);
	}
	if (l->tenths >= SHORT_TENTHS && l->tenths % 10 == 0) {
		if (ebur128_loudness_shortterm(l->state, &lufs) != EBUR128_SUCCESS)
			return DRIFT_ENOMEM;
		gating_add(&l->short_term, lufs);
	}
	return DRIFT_OK;
}

static enum drift_err add_piece(struct loudness *l, const float *pcm, size_t count)
{
	float piece[PIECE * 2];

	for (size_t i = 0; i < count * (size_t)l->channels; i++)
		piece[i] = clean(pcm[i]);
	truepeak_add(&l->peak, piece, count);
	if (ebur128_add_frames_float(l->state, piece, count) != EBUR128_SUCCESS)
		return DRIFT_ENOMEM;
	l->to_tenth -= count;
	if (l->to_tenth > 0)
		return DRIFT_OK;
	l->to_tenth = l->tenth;
	return measure_blocks(l);
}

static size_t min_size(size_t a, size_t b)
{
	return a < b ? a : b;
}

enum drift_err loudness_add(struct loudness *l, const float *pcm, size_t count)
{
	while (count > 0) {
		size_t n = min_size(min_size(count, PIECE), l->to_tenth);
		enum drift_err err = add_piece(l, pcm, n);

		if (err != DRIFT_OK)
			return err;
		pcm += n * (size_t)l->channels;
		count -= n;
	}
	return DRIFT_OK;
}

struct loudness_result loudness_get(const struct loudness *l)
{
	struct loudness_result r = {
		.true_peak = fmax(20 * log10(truepeak_get(&l->peak)), TRUE_PEAK_MIN),
	};

	r.audible = gating_is_audible(&l->momentary);
	if (r.audible)
		r.integrated = gating_integrated(&l->momentary);
	if (gating_is_audible(&l->short_term))
		r.range = gating_range(&l->short_term);
	return r;
}

const struct gating *loudness_get_blocks(const struct loudness *l)
{
	return &l->momentary;
}
