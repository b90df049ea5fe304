/*
 * silence.h - how much of a track is silent before its first sound and after its last.
 *
 * Pure. Silent is what stays below -60 dBFS in every channel.
 */
#ifndef DRIFT_DSP_SILENCE_H
#define DRIFT_DSP_SILENCE_H

#include <stddef.h>
#include <stdint.h>

/* The caller's; all-zero but for channels is how it begins. */
struct silence {
	int32_t channels; /* 1 or 2 */
	int64_t samples; /* so far, per channel */
	int64_t start; /* silent ones at the start: all of them while nothing was heard */
	int64_t end; /* silent ones since the last sound; likewise */
};

/* pcm: interleaved, full scale ±1, borrowed for the call; count per channel. In order; any
   pieces. What is not a number is silent. */
void silence_add(struct silence *s, const float *pcm, size_t count);

#endif
