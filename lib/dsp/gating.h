/*
 * gating.h - loudness of many blocks: gated mean and range, from a histogram.
 *
 * Pure. The memory does not grow with the track, and what two tracks have in common, an
 * album's loudness, follows from their histograms added up. Blocks below -70 LUFS are
 * left out, as both sources ask. Steps of 0.01 LU: what the gate cuts is exact to that,
 * the sums are exact.
 *
 * Source: ITU-R BS.1770-4 annex 1 (integrated), EBU Tech 3342 (range).
 */
#ifndef DRIFT_DSP_GATING_H
#define DRIFT_DSP_GATING_H

#include <stdbool.h>
#include <stdint.h>

#define GATING_FLOOR (-70) /* LUFS */
#define GATING_CEILING 10
#define GATING_STEPS_PER_LU 100
#define GATING_STEPS ((GATING_CEILING - GATING_FLOOR) * GATING_STEPS_PER_LU)

struct gating {
	uint32_t blocks[GATING_STEPS]; /* of each loudness; louder ones are in the last */
};

/* lufs: of a block; what is not a number is left out. */
void gating_add(struct gating *g, double lufs);

/* Has any block been counted? */
bool gating_is_audible(const struct gating *g);

/* LUFS of all blocks that are no more than 10 LU below the mean; one is counted. */
double gating_integrated(const struct gating *g);

/* LU between the quiet tenth and the loud twentieth of the blocks that are no more
   than 20 LU below the mean; one is counted. */
double gating_range(const struct gating *g);

/*
 * Blocks by whole tenths of a LU, for the catalogue: counts[i] is those from
 * GATING_FLOOR + i / 10 on.
 *
 * Returns how many counts there are up to the last that is not 0.
 */
#define GATING_TENTHS (GATING_STEPS / (GATING_STEPS_PER_LU / 10))
int gating_tenths(const struct gating *g, uint32_t counts[GATING_TENTHS]);

#endif
