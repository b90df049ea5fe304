/*
 * truepeak.h - the highest peak, also between the samples.
 *
 * Pure. Interpolates by 4 below 96 kHz, by 2 below 192 kHz, else not, as
 * ITU-R BS.1770-4 annex 2 asks, with 16 taps a phase. Four times as quick as
 * libebur128's, which took a third of an encode's time.
 */
#ifndef DRIFT_DSP_TRUEPEAK_H
#define DRIFT_DSP_TRUEPEAK_H

#include <stddef.h>
#include <stdint.h>

#define TRUEPEAK_TAPS 16
#define TRUEPEAK_PHASES 3 /* between two samples, at most */
#define TRUEPEAK_PIECE 1024 /* samples per channel worked on at a time */

/* The caller's; no memory behind it. */
struct truepeak {
	int32_t channels;
	int32_t phases; /* 0, 1 or 3 */
	float taps[TRUEPEAK_PHASES][TRUEPEAK_TAPS];
	float peak_squared;
	size_t held; /* floats of pcm in use: TRUEPEAK_TAPS - 1 samples that were
			looked at, and up to 3 floats that were not */
	float pcm[(TRUEPEAK_TAPS + TRUEPEAK_PIECE) * 2 + 2 + 16]; /* 16: read beyond, not used */
};

/* rate: Hz, 1 or more; channels: 1 or 2 */
void truepeak_init(struct truepeak *t, int32_t rate, int32_t channels);

/* pcm: interleaved, full scale ±1, finite, borrowed for the call; count per
   channel. In order; any pieces. */
void truepeak_add(struct truepeak *t, const float *pcm, size_t count);

/* The weights of 16 samples in the value at fraction (0 to 1) between the 8th and the 9th. */
void truepeak_taps(double fraction, float taps[TRUEPEAK_TAPS]);

/* Of all channels, full scale 1. Between the last 10 samples nothing is seen yet. */
double truepeak_get(const struct truepeak *t);

#endif
