/*
 * oggspan.h - where a Vorbis or Opus stream of an Ogg file begins and ends, in bytes and by
 * its granule positions.
 *
 * Reads page headers only. Source: RFC 3533 section 6, RFC 7845 section 4.
 */
#ifndef DRIFT_PARSE_OGGSPAN_H
#define DRIFT_PARSE_OGGSPAN_H

#include <stdbool.h>
#include <stdint.h>

struct oggspan {
	int64_t start, end; /* bytes: of its first page, and behind its last */
	int64_t packets; /* of audio, headers not counted */
	int64_t first_granule; /* of the first page on which audio ends */
	int64_t first_packets; /* that end on it */
	int64_t last_granule;
	int64_t last_packets;
	bool one_page; /* first and last are the same page */
};

/*
 * The first one that begins in bytes [start, end) of the file.
 *
 * out  written on true only; packets may be 0, then all behind it is
 *
 * False when there is none. beat is called now and then.
 */
bool oggspan_read(int fd, int64_t start, int64_t end, void (*beat)(void), struct oggspan *out);

#endif
