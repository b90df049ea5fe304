/*
 * filters.h - the filters of a preset, in a walled child of their own (drift-filter).
 */
#ifndef DRIFT_WALL_FILTERS_H
#define DRIFT_WALL_FILTERS_H

#include "base/err.h"
#include "dsp/preset.h"

#include <stdint.h>

#define FILTERS_COUNT_MAX 240000 /* samples per channel of one call */

struct filters; /* one child; used by the thread that made it, with which it dies */

struct filters_limits {
	int64_t memory_mb; /* MiB of data */
	int64_t cpu_seconds; /* for the life of the child */
};

/*
 * Starts a child, and does not wait for it.
 *
 * program   path of drift-filter
 * graph     copied; not empty
 * channels  1 or 2
 * out       the caller's to filters_free(), written on DRIFT_OK only
 *
 * Returns DRIFT_EIO (logged) or DRIFT_ENOMEM.
 */
enum drift_err filters_new(const char *program, const struct filters_limits *limits,
			   const struct preset_graph *graph, int32_t channels,
			   struct filters **out) MUST_CHECK;
void filters_free(struct filters *f); /* ends the child; NULL is fine */

/* Starts a child that the next filters_new() takes, as decoder_prepare() does. */
void filters_prepare(const char *program);

/*
 * From here on the filters have heard nothing.
 *
 * Returns DRIFT_EIO (logged) when the child does not know them, or has ended.
 */
enum drift_err filters_reset(struct filters *f) MUST_CHECK;

/*
 * Filters in place, on from where the last call ended; what comes out is finite.
 *
 * pcm    48 kHz, interleaved
 * count  samples per channel, 1 to FILTERS_COUNT_MAX
 *
 * Returns DRIFT_EIO (logged).
 */
enum drift_err filters_run(struct filters *f, float *pcm, int32_t count) MUST_CHECK;

#endif
