/*
 * segment.h - 5 s of Opus, the unit of work.
 *
 * Segment s is packets 250s to 250s + 249. It is encoded from a reset encoder:
 * one frame of a constant that sets the memory of libopus' DC-reject
 * filter to what it would be there (computed from 0.6 s of PCM), 4 pre-roll frames,
 * then the packets that are kept. The last packet of each page and the first of the
 * next are coded without prediction, and where the first two packets of a
 * page would still betray a decoder that starts there (coldstart.h), these two
 * are coded in plain long blocks: so every page is a clean entry and segments join
 * like one encode. The packets depend on the PCM and on s only, not on what
 * the encoder did before.
 *
 * Edge: with coldstart.c the only place that includes opus.h. Needs libopus with a
 * look-ahead of 312 samples at 48 kHz (asserted).
 * Source: DESIGN "Opus: a file …"; RFC 6716; opus_defines.h.
 */
#ifndef DRIFT_MEDIA_SEGMENT_H
#define DRIFT_MEDIA_SEGMENT_H

#include "base/err.h"
#include "media/layout.h"
#include "media/resample.h"

#include <stdint.h>

/* Room for one segment; 320 KB, so not for the stack. */
struct segment {
	int64_t index; /* s */
	int32_t packets; /* in use, 0 to LAYOUT_SEGMENT_PACKETS */
	uint16_t bytes[LAYOUT_SEGMENT_PACKETS]; /* of each */
	uint8_t data[LAYOUT_SEGMENT_PACKETS * LAYOUT_PACKET_MAX]; /* one after the other */
};

struct segment_encoder; /* one thread at a time; any segment of any track */

/*
 * params  copied
 * out     the caller's to segment_encoder_free(), written on DRIFT_OK only
 *
 * Returns DRIFT_ENOMEM.
 */
enum drift_err segment_encoder_new(const struct layout_params *params,
				   struct segment_encoder **out) MUST_CHECK;
void segment_encoder_free(struct segment_encoder *e); /* NULL is fine */

/*
 * The 48 kHz samples that the first packets of segment s are made of:
 * [240000 s - 32640, 240000 s + 960 packets). Before and behind the source there is
 * silence, which the caller supplies (at the source's own rate, ahead of the resampler).
 *
 * segment  0 or more
 * packets  1 to LAYOUT_SEGMENT_PACKETS
 */
struct resample_range segment_needs(int64_t segment, int32_t packets);
#define SEGMENT_NEEDS_MAX (32640 + LAYOUT_SEGMENT_SAMPLES) /* samples per channel */

/*
 * Starts segment s. Its pages follow by segment_add_page(): those that are made are a
 * prefix of the whole segment, however many are asked for.
 *
 * pcm  the samples of segment_needs(segment, all packets that will be added),
 *      interleaved, full scale ±1, borrowed until the last page; a frame with
 *      anything that is not a number in it is silence
 * out  the caller's room, empty afterwards
 *
 * Returns DRIFT_EIO when libopus fails (logged).
 */
enum drift_err segment_start(struct segment_encoder *e, int64_t segment, const float *pcm,
			     struct segment *out) MUST_CHECK;

/*
 * Encodes the segment's next page.
 *
 * packets  LAYOUT_PAGE_PACKETS; fewer on the track's last page only
 * out      as at segment_start(); undefined after a failure
 *
 * Returns DRIFT_EIO when libopus fails (logged).
 */
enum drift_err segment_add_page(struct segment_encoder *e, int32_t packets,
				struct segment *out) MUST_CHECK;

/* The encoder's name and version, for OpusTags ("libopus 1.3.1"); static storage. */
const char *segment_vendor(void);

/*
 * 0 to 999,999, from all that decides the bytes besides the source:
 * libopus' version, params and this encoder's own revision. It is the microsecond
 * part of an artifact's mtime and thereby part of its ETag.
 */
int32_t segment_fingerprint(const struct layout_params *params);

#endif
