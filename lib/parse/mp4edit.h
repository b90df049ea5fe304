/*
 * mp4edit.h - what the edit list of one MP4 track cuts off.
 *
 * Edits of which each begins where the one before ends are one. Empty edits and those that stand
 * still (rate 0) are pauses, which are left out. One that plays faster or slower names a longer or
 * shorter stretch of the media than it lasts; all of that stretch counts.
 *
 * Reads box headers only. Source: ISO/IEC 14496-12 8.2.2 (mvhd), 8.3.2
 * (tkhd), 8.4.2 (mdhd), 8.6.6 (elst).
 */
#ifndef DRIFT_PARSE_MP4EDIT_H
#define DRIFT_PARSE_MP4EDIT_H

#include "parse/incoming.h"

#include <stdbool.h>
#include <stdint.h>

struct mp4edit {
	int64_t media_time; /* where the first edit starts, in media_scale */
	int64_t duration; /* of the media from there on, in movie_scale; 0: to the end */
	uint32_t movie_scale; /* ticks per second */
	uint32_t media_scale;
	int edits; /* that are no pauses; more than 1: the first one is told of, others are
		      elsewhere */
};

/* False when that track has no edit list (or there is no such track). */
bool mp4edit_read(struct incoming *in, int64_t start, uint32_t track, struct mp4edit *out);

#endif
