/*
 * extent.h - how many samples a stream decodes to, and how many of them at
 * either end nobody should hear.
 *
 * The packets that are there decide; what a header states only says what to
 * cut. Source: LAME tag (through libavformat), RFC 7845 4 (Opus), Vorbis I
 * appendix A.2 (granules), ISO 14496-12 8.6.6 (edit lists), iTunSMPB, Matroska
 * CodecDelay and DiscardPadding, the packet table of CAF.
 */
#ifndef DRIFT_WALLED_EXTENT_H
#define DRIFT_WALLED_EXTENT_H

#include "base/err.h"
#include "walled/packets.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * All in samples of each channel that the decoder gives, at the rate of what is decoded: of AAC
 * with SBR twice the core's. What a file states in another unit (the core's rate, the ticks of a
 * timeline, nanoseconds, frames of CAF) is converted where it is read.
 */
struct extent {
	int64_t total; /* that the decoder gives */
	int64_t delay; /* of them before the first heard one */
	int64_t padding; /* of them after the last heard one */
};

/*
 * Measures p, which stands at its first packet and is of no use afterwards
 * until it is opened anew; sets p->limit where a chained file goes on with
 * another stream, and p->change_at where a bare one does: what is behind is not measured.
 *
 * rate  of the decoded sound, Hz
 * most  samples
 *
 * Returns
 *   DRIFT_ELARGE  more samples than most
 *   DRIFT_ENOMEM
 */
enum drift_err extent_measure(struct packets *p, int32_t rate, int64_t most,
			      struct extent *out) MUST_CHECK;

/*
 * What can be said of a file of which only the beginning is there; p as above.
 *
 * out  total is exact where each sample's place follows from the header, else most; the padding
 *      is 0
 *
 * Returns whether total is exact.
 */
bool extent_foresee(struct packets *p, int32_t rate, int64_t most, struct extent *out);

/* Sets p->limit alone, for who knows the rest already. */
void extent_limit(struct packets *p);

#endif
