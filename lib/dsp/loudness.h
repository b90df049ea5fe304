/*
 * loudness.h - how loud a track is.
 *
 * Edge: the only place that includes ebur128.h. The memory does not grow with the
 * track.
 * Source: EBU R 128, ITU-R BS.1770-4 (integrated, true peak), EBU Tech 3342
 * (range). Mono is one channel, as every ReplayGain scanner takes it.
 */
#ifndef DRIFT_DSP_LOUDNESS_H
#define DRIFT_DSP_LOUDNESS_H

#include "base/err.h"
#include "dsp/gating.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct loudness_result {
	bool audible; /* false: nothing above the gate of -70 LUFS (or shorter
			 than its 0.4 s window): integrated and range are 0
			 and mean nothing */
	double integrated; /* LUFS */
	double range; /* LU */
	double true_peak; /* dBTP, not below -144 */
};

struct loudness;

/*
 * rate      Hz, 1,000 to 768,000
 * channels  1 or 2
 * out       the caller's to loudness_free(), written on DRIFT_OK only
 *
 * Returns DRIFT_ENOMEM.
 */
enum drift_err loudness_new(int32_t rate, int32_t channels, struct loudness **out) MUST_CHECK;
void loudness_free(struct loudness *l); /* NULL is fine */

/*
 * pcm: interleaved, full scale ±1, borrowed for the call; count per channel.
 * In order; any pieces. What is not a number, or beyond ±1000, is silence.
 *
 * Returns DRIFT_ENOMEM.
 */
enum drift_err loudness_add(struct loudness *l, const float *pcm, size_t count) MUST_CHECK;

/* Of all that was added so far. */
struct loudness_result loudness_get(const struct loudness *l);
/* The blocks of the integrated loudness, for an album's. Borrowed until loudness_free(). */
const struct gating *loudness_get_blocks(const struct loudness *l);

#endif
