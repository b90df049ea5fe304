/*
 * latestart.h - tracks of an MP4 that begin later than others, told by the fragments' times.
 *
 * Pure: rewrites bytes in place. libavformat says it by an empty edit in front of the real
 * one, and Chromium looks at one edit only: it would lose both the wait and the delay.
 * Instead the first fragment's time (tfdt) can be later, which every player knows.
 * Source: ISO/IEC 14496-12 8.6.6 (elst), 8.8.12 (tfdt).
 */
#ifndef DRIFT_PARSE_LATESTART_H
#define DRIFT_PARSE_LATESTART_H

#include <stddef.h>
#include <stdint.h>

#define LATESTART_TRACKS 2

struct latestart {
	int64_t wait[LATESTART_TRACKS]; /* by track number less 1, its own timescale */
};

/* Takes empty edits out of an init segment, in place and without moving anything. */
void latestart_take(uint8_t *init, size_t len, struct latestart *out);

/* Adds the waits to the times of a fragment. */
void latestart_apply(const struct latestart *l, uint8_t *fragment, size_t len);

#endif
