/*
 * pieces.h - where the 5 s pieces of a source are, counted from the first sample heard.
 *
 * Pure. A packet is of the piece in which it starts.
 */
#ifndef DRIFT_MP4_PIECES_H
#define DRIFT_MP4_PIECES_H

#include <stdint.h>

#define PIECES_SECONDS 5

/* Samples on the line that starts with the first packet. */
struct pieces {
	int32_t rate; /* Hz */
	int64_t delay; /* before the first heard one */
	int64_t samples; /* heard */
	int32_t block; /* of which each packet starts at a multiple; 1: nobody knows */
};

int64_t pieces_count(const struct pieces *p); /* at least 1 */

/* Packets that start in [first, end) are of piece n, 0 to the count - 1. */
struct pieces_window {
	int64_t first, end;
};
struct pieces_window pieces_window(const struct pieces *p, int64_t n);

#endif
