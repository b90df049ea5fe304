/*
 * remuxplan.h - which samples go into which fragment of an MP4, and which are asked for at once.
 *
 * Pure. Positions are samples from the start of the first packet.
 */
#ifndef DRIFT_MP4_REMUXPLAN_H
#define DRIFT_MP4_REMUXPLAN_H

#include "format/packing.h"
#include "mp4/fmp4.h"

#include <stdbool.h>
#include <stdint.h>

struct remuxplan {
	const struct packing *packing; /* borrowed, as is extent: filled in by first use */
	const struct fmp4_extent *extent;
	int32_t rate; /* Hz */
	int32_t seconds; /* of a fragment at most: see grid.h */
	int64_t encoded; /* out: samples that were asked for to be encoded */
	int64_t step; /* of the grid that they reach */
};

int64_t remuxplan_end_of_heard(const struct remuxplan *p);
int64_t remuxplan_total(const struct remuxplan *p);

/* Fragment i (from 0) is copied up to here: the last one takes all that is left. */
int64_t remuxplan_fragment_until(const struct remuxplan *p, int64_t i);

/* Run i is copied up to here: a fragment, or several where that is quicker. */
int64_t remuxplan_run_until(const struct remuxplan *p, int64_t i);

/* The samples of the next run that is encoded: a fragment, or as much of it as a slot holds. */
int32_t remuxplan_next(struct remuxplan *p);
bool remuxplan_is_encoded(const struct remuxplan *p);

/* Fragments there can be at most of so many samples: a slot may end one before its time. */
uint32_t remuxplan_most_fragments(const struct remuxplan *p, int64_t samples);

#endif
