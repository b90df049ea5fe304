/*
 * shrinkwire.h - what thumbnail.c and its child say to each other.
 *
 * As wire.h, whose packets these are: plain structs of one build. The child:
 *
 *     LIMITS   ->            sent first: the child walls itself in
 *              <- DONE
 *     SHRINK   ->            bytes of a picture at the start of the shared memory; side
 *              <- DONE       bytes of a smaller one in its place; or REFUSED with text
 */
#ifndef DRIFT_WALL_SHRINKWIRE_H
#define DRIFT_WALL_SHRINKWIRE_H

#include "wall/walls.h"

#include <stdint.h>

#define SHRINKWIRE_REASON_MAX 96 /* bytes, NUL included */

enum shrinkwire_type {
	SHRINKWIRE_LIMITS = 1,
	SHRINKWIRE_SHRINK,
	SHRINKWIRE_DONE,
	SHRINKWIRE_REFUSED,
};

struct shrinkwire {
	enum shrinkwire_type type;
	int32_t side; /* SHRINK: pixels of the shorter one */
	int64_t bytes; /* SHRINK, DONE */
	struct walls_limits limits; /* LIMITS */
	char text[SHRINKWIRE_REASON_MAX]; /* REFUSED: completes "The picture cannot be taken: …" */
};

#endif
