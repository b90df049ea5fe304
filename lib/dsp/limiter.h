/*
 * limiter.h - keeps the true peak of 48 kHz sound below -1 dBTP, also once it is encoded.
 *
 * Pure. Looks at four points a sample (truepeak.h), turns down before a peak is there
 * and back up after it. The gain depends on the samples of the last
 * LIMITER_MEMORY and the next LIMITER_DELAY only, in whole numbers, so two limiters that have
 * heard the same for that long give the same bits.
 *
 * Source: ITU-R BS.1770-4 annex 2 (what a true peak is).
 */
#ifndef DRIFT_DSP_LIMITER_H
#define DRIFT_DSP_LIMITER_H

#include "dsp/truepeak.h"

#include <stddef.h>
#include <stdint.h>

/* dBTP of what comes out, so that a listener has -1 dBTP at most: at 320 kbit/s Opus was seen to
   add 0.6 dB to music and 1.4 dB to hard-clipped sweeps. */
#define LIMITER_AIM (-2.5)
#define LIMITER_HALF 120 /* samples: half of the time it takes to turn down, 5 ms in all */
#define LIMITER_AHEAD (2 * LIMITER_HALF)
/* Samples from silence to full gain; less of a reduction is over in less time. */
#define LIMITER_RELEASE 9600
#define LIMITER_DELAY (LIMITER_AHEAD + TRUEPEAK_TAPS / 2) /* samples */
#define LIMITER_MEMORY (LIMITER_RELEASE + LIMITER_DELAY) /* samples */
#define LIMITER_PIECE 1024 /* samples per channel worked on at a time */

/* A gain that waits: nothing lower has come since. */
struct limiter_low {
	int64_t at;
	int32_t gain;
};

/* The caller's; no memory behind it. */
struct limiter {
	int32_t channels; /* 1 or 2 */
	float taps[TRUEPEAK_PHASES][TRUEPEAK_TAPS];
	int64_t at; /* samples that were weighed */
	float before; /* highest square between the last one and the next */
	int32_t released; /* gain, as it is allowed to rise */
	struct limiter_low low[LIMITER_AHEAD + 2]; /* a ring, lowest first */
	int lows, first_low;
	int32_t lowest[LIMITER_HALF + 1]; /* rings: what is added up, twice */
	int64_t mean[LIMITER_HALF + 1];
	int64_t lowest_sum, mean_sum;
	int place; /* in both */
	float pcm[(LIMITER_DELAY + LIMITER_PIECE) * 2 + 32]; /* 32: read beyond, not used */
};

/* channels: 1 or 2 */
void limiter_init(struct limiter *l, int32_t channels);

/*
 * Limits in place: out comes what went in LIMITER_DELAY samples before, first silence.
 *
 * pcm  interleaved, full scale ±1, finite; count samples per channel, in any pieces
 */
void limiter_run(struct limiter *l, float *pcm, size_t count);

#endif
