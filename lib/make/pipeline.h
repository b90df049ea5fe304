/*
 * pipeline.h - one read of a source feeds all that is made of its sound.
 *
 * The calling thread, which owns the decoder, loads 5 s after 5 s into a few slots;
 * the encoding threads make the Opus rendition of them in any order, one more thread measures
 * them in order, and the decoder is at the next ones meanwhile. Memory does not grow
 * with the track.
 */
#ifndef DRIFT_MAKE_PIPELINE_H
#define DRIFT_MAKE_PIPELINE_H

#include "base/err.h"
#include "dsp/analysis.h"
#include "opus/opusbatch.h"
#include "wall/decoder.h"

#include <stdbool.h>
#include <stdint.h>

#define PIPELINE_AHEAD 12 /* segments, a minute: what a player has in memory */

/* What comes of it: each by itself, what befalls one leaves the other. */
struct pipeline_result {
	enum drift_err analysis_err;
	struct analysis_result analysis; /* where it was due and did not fail */
	enum drift_err opus_err;
	struct opusbatch_result opus; /* likewise */
};

struct pipeline_order {
	struct decoder *decoder; /* borrowed */
	int64_t samples; /* of the source, native, per channel, as the catalogue has it */
	const struct opusbatch_order *opus; /* NULL: not due */
	bool analyse; /* asserted where the rendition's gain hangs on it */

	/* All on the calling thread. Anything but DRIFT_OK ends the pass with that error. */
	void *context;
	/* Told several times a second how far it is, 0 to 1, ascending. */
	enum drift_err (*tick)(void *context, double progress);
	/* The analysis is in the result, or why not; the rendition may still be at work. */
	enum drift_err (*analysed)(void *context, struct pipeline_result *result);
	/* Likewise the rendition, which is always later. */
	enum drift_err (*encoded)(void *context, struct pipeline_result *result);
	/* Told as often what there is of the rendition, to show it (opusbatch_show()). NULL: nobody
	   is to see it, as under CBR nobody needs to. */
	void (*grown)(void *context, struct opusbatch *opus);
	/*
	 * Asked before each segment: which one somebody listens to, -1 for none. It and
	 * the PIPELINE_AHEAD behind it are made first. NULL: all go in order, as under VBR they
	 * have to.
	 */
	int64_t (*listened)(void *context);
};

/*
 * Reads the source once: all of it when analyse is set, else what the segments need that
 * are not there yet.
 *
 * out  all-zero before; the caller's to pipeline_clear(), whatever is returned
 *
 * Returns
 *   DRIFT_OK      the pass came to its end: DRIFT_ENOSPC, DRIFT_EIO, DRIFT_ENOMEM of a part
 *                 are in out
 *   DRIFT_EMEDIA  the source cannot be decoded (decoder_get_reason())
 *   DRIFT_ELOCKED another one is at work on the same VBR file
 *   DRIFT_ENOMEM, and what the callbacks returned
 */
enum drift_err pipeline_run(const struct pipeline_order *order,
			    struct pipeline_result *out) MUST_CHECK;
void pipeline_clear(struct pipeline_result *r);

#endif
