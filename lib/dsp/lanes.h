/*
 * lanes.h - four floats at a time, or sixteen.
 *
 * gcc and clang turn lanes into registers on any CPU that has such, and into
 * plain code elsewhere, with the same result: no product is fused with a sum. Plain loops
 * over a sum are not vectorised, since that would change the order of summation.
 */
#ifndef DRIFT_DSP_LANES_H
#define DRIFT_DSP_LANES_H

#include <stdint.h>

#define LANES 4

/* Read and written in place of any four floats: no alignment beyond theirs. */
typedef float lanes __attribute__((vector_size(16), aligned(4), may_alias));

/*
 * Sixteen, as twice eight. Within one function only: how they are handed over depends on the
 * CPU that is compiled for. Sums are kept in variables of this type, and in no arrays: gcc keeps
 * arrays of vectors, and vectors wider than the CPU has, in memory, which costs a multiple of
 * the arithmetic.
 */
#define LANES_WIDE 16
#define LANES_HALF 8
typedef float lanes_half __attribute__((vector_size(32), aligned(4), may_alias));
typedef int32_t lanes_half_bits __attribute__((vector_size(32)));

struct lanes_pair {
	lanes_half low, high;
};

#define LANES_INLINE static inline __attribute__((always_inline))

/* The function once for each width of registers; the CPU chooses when the program starts. */
#if defined(__x86_64__) && defined(__gnu_linux__)
#define LANES_EVERY_CPU __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define LANES_EVERY_CPU
#endif

/* The larger of each two; neither is NaN. bits: the integers of that type's width. */
#define LANES_MAX(type, bits, a, b) ((type)((((a) > (b)) & (bits)(a)) | (~((a) > (b)) & (bits)(b))))

/* sum += weights * in, sixteen each. */
LANES_INLINE void lanes_add_products(struct lanes_pair *sum, const float *weights, const float *in)
{
	sum->low += *(const lanes_half *)weights * *(const lanes_half *)in;
	sum->high += *(const lanes_half *)(weights + LANES_HALF) *
		     *(const lanes_half *)(in + LANES_HALF);
}

/* sum += weight * in, sixteen of them. */
LANES_INLINE void lanes_add_scaled(struct lanes_pair *sum, float weight, const float *in)
{
	sum->low += weight * *(const lanes_half *)in;
	sum->high += weight * *(const lanes_half *)(in + LANES_HALF);
}

/* highest = the larger of highest and y squared, sixteen each. */
LANES_INLINE void lanes_raise_to_square(struct lanes_pair *highest, struct lanes_pair *y)
{
	y->low *= y->low;
	y->high *= y->high;
	highest->low = LANES_MAX(lanes_half, lanes_half_bits, y->low, highest->low);
	highest->high = LANES_MAX(lanes_half, lanes_half_bits, y->high, highest->high);
}

#endif
