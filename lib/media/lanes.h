/*
 * lanes.h - four floats at a time, or sixteen.
 *
 * gcc and clang turn lanes into registers on any CPU that has such, and into
 * plain code elsewhere, with the same result: no product is fused with a sum. Plain loops
 * over a sum are not vectorised, since that would change the order of summation.
 */
#ifndef DRIFT_MEDIA_LANES_H
#define DRIFT_MEDIA_LANES_H

#include <stdint.h>

#define LANES 4

/* Read and written in place of any four floats: no alignment beyond theirs. */
typedef float lanes __attribute__((vector_size(16), aligned(4), may_alias));

/* Sixteen, as four times four. Within one function only: how they are handed over
   depends on the CPU that is compiled for. */
#define LANES_WIDE 16
#define LANES_HALF 8
typedef float lanes_half __attribute__((vector_size(32), aligned(4), may_alias));
typedef float lanes_wide __attribute__((vector_size(64), aligned(4), may_alias));
typedef int32_t lanes_wide_bits __attribute__((vector_size(64)));

/* The function once for each width of registers; the CPU chooses when the program starts. */
#if defined(__x86_64__) && defined(__gnu_linux__)
#define LANES_EVERY_CPU __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define LANES_EVERY_CPU
#endif

/* The larger of each two; neither is NaN. bits: the integers of that type's width. */
#define LANES_MAX(type, bits, a, b) ((type)((((a) > (b)) & (bits)(a)) | (~((a) > (b)) & (bits)(b))))

#endif
