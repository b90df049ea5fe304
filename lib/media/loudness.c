#include "media/loudness.h"

#include "media/truepeak.h"

#include <assert.h>
#include <ebur128.h>
#include <math.h>
#include <stdlib.h>

#define PIECE 4096 /* samples per channel cleaned at a time */
#define AMPLITUDE_MAX 1000
#define TRUE_PEAK_MIN (-144.0) /* dBTP: the floor of 24 bits */

struct loudness {
	ebur128_state *state;
	int32_t channels;
	struct truepeak peak;
};

enum drift_err loudness_new(int32_t rate, int32_t channels, struct loudness **out)
{
	struct loudness *l = calloc(1, sizeof(*l));

	if (!l)
		return DRIFT_ENOMEM;
	assert(channels == 1 || channels == 2);
	l->channels = channels;
	truepeak_init(&l->peak, rate, channels);
	l->state = ebur128_init((unsigned)channels, (unsigned long)rate,
				EBUR128_MODE_I | EBUR128_MODE_LRA);
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

static enum drift_err add_piece(struct loudness *l, const float *pcm, size_t count)
{
	float piece[PIECE * 2];

	for (size_t i = 0; i < count * (size_t)l->channels; i++)
		piece[i] = clean(pcm[i]);
	truepeak_add(&l->peak, piece, count);
	return ebur128_add_frames_float(l->state, piece, count) ? DRIFT_ENOMEM : DRIFT_OK;
}

enum drift_err loudness_add(struct loudness *l, const float *pcm, size_t count)
{
	while (count > 0) {
		size_t n = count < PIECE ? count : PIECE;
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
	double integrated, range;

	if (ebur128_loudness_global(l->state, &integrated) != EBUR128_SUCCESS ||
	    ebur128_loudness_range(l->state, &range) != EBUR128_SUCCESS || !isfinite(integrated))
		return r;
	r.audible = true;
	r.integrated = integrated;
	r.range = range;
	return r;
}
