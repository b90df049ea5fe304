/*
 * segment.h - 5 s of Opus, the unit of work, in runs of 1 s, each encoded by itself.
 *
 * Segment s is packets 250s to 250s + 249. Each of its runs is encoded from a reset encoder:
 * a frame of pre-roll, then the 50 packets that are kept. Added to the pre-roll's first half is
 * a constant that sets the memory of libopus' DC-reject filter to what it would be there
 * (computed from 0.6 s of PCM). The last packet of each page and the first of the
 * next are coded without prediction. Where one of the first two packets of a page still leans on
 * what was before the page, which the packet's first bits tell (celthead.h), that packet is
 * encoded once more, in plain long blocks: so every page is a clean entry and runs join like one
 * encode. The packets depend on the PCM and on their place only, not on what the encoder did
 * before. To make one page, at most one other page has to be encoded.
 *
 * On music, runs of 1 s are 0.02 dB noisier in all than one encode from start to end,
 * and cost what segments of 5 s with five frames of pre-roll did.
 *
 * Edge: the only place that includes opus.h. Needs libopus with a look-ahead of 312 samples at
 * 48 kHz (asserted).
 * Source: RFC 6716; opus_defines.h.
 */
#ifndef DRIFT_OPUS_SEGMENT_H
#define DRIFT_OPUS_SEGMENT_H

#include "base/err.h"
#include "dsp/resample.h"
#include "opus/layout.h"

#include <stdint.h>

/* Room for one segment; 320 KB, so not for the stack. */
struct segment {
	int64_t index; /* s */
	int32_t first; /* packets [first, end) are there; a run starts with first */
	int32_t end; /* 0 to LAYOUT_SEGMENT_PACKETS */
	uint16_t bytes[LAYOUT_SEGMENT_PACKETS]; /* of each, from [first] on */
	int64_t bytes_in_all;
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
 * The 48 kHz samples that packets [first, end) of segment s are made of:
 * [240000 s + 960 first - SEGMENT_LEAD, 240000 s + 960 end). Before and behind the source there
 * is silence, which the caller supplies (at the source's own rate, ahead of the resampler).
 *
 * segment  0 or more
 * first    where a run starts
 * end      first + 1 to LAYOUT_SEGMENT_PACKETS
 */
struct resample_range segment_needs(int64_t segment, int32_t first, int32_t end);
#define SEGMENT_PRE_ROLL 1 /* packets encoded ahead of a run, and dropped */
#define SEGMENT_LEAD (28800 + SEGMENT_PRE_ROLL * LAYOUT_PACKET_SAMPLES) /* samples */
#define SEGMENT_NEEDS_MAX (SEGMENT_LEAD + LAYOUT_SEGMENT_SAMPLES) /* samples per channel */

/*
 * Starts at packet first of segment s. Its pages follow by segment_add_page(): they are
 * the same wherever it was started, and however many are asked for.
 *
 * first  where a run starts
 * pcm    the samples of segment_needs(segment, first, the last packet that will be added),
 *        interleaved, full scale ±1, borrowed until the last page; a frame with
 *        anything that is not a number in it is silence
 * out    the caller's room, empty afterwards
 */
void segment_start(struct segment_encoder *e, int64_t segment, int32_t first, const float *pcm,
		   struct segment *out);

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
