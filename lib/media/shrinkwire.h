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
#ifndef DRIFT_MEDIA_SHRINKWIRE_H
#define DRIFT_MEDIA_SHRINKWIRE_H

#include "media/shrink.h"
#include "media/walls.h"

#include <stdint.h>

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
	char text[SHRINK_REASON_MAX]; /* REFUSED: completes "The picture cannot be taken: …" */
};

#endif
