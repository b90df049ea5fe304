/*
 * seek.h - where in a rendition to begin, to be at a moment.
 */
#ifndef DRIFT_SERVE_SEEK_H
#define DRIFT_SERVE_SEEK_H

#include "base/err.h"

#include <stdint.h>

struct seek_point {
	uint32_t timescale; /* samples per second */
	uint64_t target; /* the sample at the moment, at most the last one */
	uint64_t sample; /* position at offset, on the artifact's own line */
	uint64_t offset; /* of the page or fragment that holds the target, bytes */
	uint64_t preroll; /* bytes in front of it that the decoder needs too */
	uint64_t trim; /* samples to drop of what comes out from offset - preroll on */
	uint32_t setup_bytes; /* to be put in front of it */
	uint64_t samples, bytes; /* of the artifact in all; 0 while unknown */
};

/*
 * Reads "90", "90.5" or ".5": digits, at most one point, nothing else.
 *
 * Returns DRIFT_EINVAL for all else (signs, exponents, NaN) and for NULL.
 */
enum drift_err seek_parse_seconds(const char *text, double *out) MUST_CHECK;

/*
 * Looks a moment up in a sidecar, of which it reads no more than that takes.
 *
 * path     of the file
 * seconds  from the track's start, 0 or more; past the end is the last sample
 * out      written on DRIFT_OK only
 *
 * Returns DRIFT_EIO (logged) when the file cannot be read or is no sidecar.
 */
enum drift_err seek_find(const char *path, double seconds, struct seek_point *out) MUST_CHECK;

#endif
