/*
 * filtergraph.h - libavfilter's audio filters, one behind the other.
 *
 * Edge: the only place that includes its headers. Linked into drift-filter only: it
 * brings thirty libraries, and half as much again to the start of a program.
 */
#ifndef DRIFT_WALLED_FILTERGRAPH_H
#define DRIFT_WALLED_FILTERGRAPH_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

struct filtergraph; /* one thread's */

/*
 * text      as preset_graph() has it, not empty: filters of one input and one output that
 *           give a sample for each sample, at once
 * rate      Hz of the sound
 * channels  1 or 2
 * out       the caller's to filtergraph_free(), written on DRIFT_OK only
 *
 * Returns DRIFT_EFORMAT (no such filters) or DRIFT_ENOMEM.
 */
enum drift_err filtergraph_new(const char *text, int32_t rate, int32_t channels,
			       struct filtergraph **out) MUST_CHECK;
void filtergraph_free(struct filtergraph *g); /* NULL is fine */

/*
 * Filters in place, on from where the last call ended.
 *
 * pcm  interleaved, count samples per channel
 *
 * Returns DRIFT_EFORMAT when the filters do not give as many samples as they got,
 * or DRIFT_ENOMEM.
 */
enum drift_err filtergraph_run(struct filtergraph *g, float *pcm, size_t count) MUST_CHECK;

#endif
