/*
 * opusbatch.h - all of an Opus rendition, made by the encoding threads.
 *
 * Whoever reads the source hands over segment after segment; they are resampled and
 * encoded in any order, and each page is in the file as soon as it is made. What the file
 * has already stays. What is asked of the source depends on the position only: a
 * batch, one that goes on after a kill, and a request for one page see the same PCM.
 */
#ifndef DRIFT_OPUS_OPUSBATCH_H
#define DRIFT_OPUS_OPUSBATCH_H

#include "base/buf.h"
#include "base/err.h"
#include "dsp/resample.h"
#include "opus/encoders.h"
#include "opus/layout.h"
#include "opus/oggopus.h"
#include "opus/opusfile.h"
#include "opus/pcmpool.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct opusbatch_order {
	int fd; /* as opusfile_new() wants it; borrowed */
	struct layout_params params;
	const char *setup_pages; /* of this version, as once published; NULL: there are none yet */
	size_t setup_bytes;
	struct oggopus_setup setup; /* used where there are none; without has_gain
				       the gain is told at the end, unless others have seen
				       the pages by then */
	struct encoders *encoders; /* borrowed */
	int64_t rank; /* among the tracks that share encoders: lower ones go first */
};

struct opusbatch; /* used by the thread that reads the source */

/*
 * order    borrowed until free
 * rate     of the source, Hz
 * samples  of the source, native, per channel
 * out      the caller's to opusbatch_free(), written on DRIFT_OK only
 *
 * Returns DRIFT_ENOMEM, DRIFT_ELOCKED (somebody is at work on a VBR file).
 */
enum drift_err opusbatch_new(const struct opusbatch_order *order, int32_t rate, int64_t samples,
			     struct opusbatch **out) MUST_CHECK;
/* Waits for what the threads have begun, drops what they have not; NULL is fine. */
void opusbatch_free(struct opusbatch *b);

/* Borrowed until opusbatch_free(). */
const struct layout *opusbatch_get_layout(const struct opusbatch *b);
/* The native samples of a segment, and the most that any one has. */
struct resample_range opusbatch_needs(const struct opusbatch *b, int64_t segment);
int64_t opusbatch_needs_max(const struct opusbatch *b);

/* As opusfile_claim(); once the batch has failed nothing is to be done. */
enum opusfile_claim opusbatch_claim(struct opusbatch *b, int64_t segment);

/*
 * Has a segment made that is yours.
 *
 * slot  the samples of opusbatch_needs(); left when they are used up
 */
void opusbatch_make(struct opusbatch *b, int64_t segment, struct pcmslot *slot);

/* Segments settled: made here, or found whole when they were claimed, or failed. */
int64_t opusbatch_settled(struct opusbatch *b);
/* Waits for the segments at work, at most so long; is there still one? */
bool opusbatch_is_working(struct opusbatch *b, int milliseconds);

/*
 * VBR only: as opusfile_show(). The setup pages are fixed by that.
 *
 * Returns DRIFT_EMORE when there is nothing to be shown; else what befell it.
 */
enum drift_err opusbatch_show(struct opusbatch *b, struct buf *sidecar) MUST_CHECK;

struct opusbatch_result {
	struct layout layout;
	int64_t bytes; /* of the file */
	int64_t segments_made; /* of layout.segments; the others were there, or others made them */
	struct buf sidecar; /* owned by whom it is given to */
};

/*
 * Ends the file; no segment is at work. The file is neither synced nor renamed.
 *
 * gain  dB to reach -23 LUFS; used where there is neither setup_pages nor has_gain
 * out   all-zero before
 *
 * Returns what befell the first segment that failed, else as opusfile_finish().
 */
enum drift_err opusbatch_finish(struct opusbatch *b, double gain,
				struct opusbatch_result *out) MUST_CHECK;

#endif
