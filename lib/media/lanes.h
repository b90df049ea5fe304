/*
 * lanes.h - four floats at a time.
 *
 * gcc and clang turn lanes into one register on any CPU that has such, and into
 * plain code elsewhere, with the same result. Plain loops over a sum are not vectorised,
 * since that would change the order of summation.
 */
#ifndef DRIFT_MEDIA_LANES_H
#define DRIFT_MEDIA_LANES_H

#include <stdint.h>

#define LANES 4

/* Read and written in place of any four floats: no alignment beyond theirs. */
typedef float lanes __attribute__((vector_size(16), aligned(4), may_alias));
typedef int32_t lanes_bits __attribute__((vector_size(16)));

static inline lanes lanes_load(const float *p)
{
	return *(const lanes *)p;
}

static inline lanes lanes_of(float v)
{
	return (lanes){v, v, v, v};
}

/* The larger of each two; neither is NaN. */
static inline lanes lanes_max(lanes a, lanes b)
{
	lanes_bits larger = a > b;

	return (lanes)((larger & (lanes_bits)a) | (~larger & (lanes_bits)b));
}

#endif
