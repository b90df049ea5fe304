/*
 * filterwire.h - what filters.c and its child say to each other.
 *
 * As wire.h, whose packets these are: plain structs of one build. The child:
 *
 *     LIMITS   ->            sent first: the child walls itself in
 *              <- DONE
 *     GRAPH    ->            rate, channels, text: filters that have heard nothing yet
 *              <- DONE       or FAILED
 *     RUN      ->            count: samples at the start of the shared memory
 *              <- DONE       they are filtered in place; or FAILED
 */
#ifndef DRIFT_WALL_FILTERWIRE_H
#define DRIFT_WALL_FILTERWIRE_H

#include "dsp/preset.h"
#include "wall/walls.h"

#include <stdint.h>

enum filterwire_type {
	FILTERWIRE_LIMITS = 1,
	FILTERWIRE_GRAPH,
	FILTERWIRE_RUN,
	FILTERWIRE_DONE,
	FILTERWIRE_FAILED,
};

struct filterwire {
	enum filterwire_type type;
	int32_t rate; /* GRAPH: Hz */
	int32_t channels; /* GRAPH: 1 or 2 */
	int32_t count; /* RUN: samples per channel */
	struct walls_limits limits; /* LIMITS */
	struct preset_graph graph; /* GRAPH */
};

#endif
