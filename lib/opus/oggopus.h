/*
 * oggopus.h - Ogg pages of an Opus stream: the two setup pages, and any audio
 * page without those before it.
 *
 * Edge: the only place that includes ogg.h. The setup packets are written
 * here and not by libopusenc: it states the source's rate only if it resamples
 * itself (with another pre-skip), pads the tags, and brings an encoder along
 * that nobody needs here.
 *
 * Source: RFC 3533 (pages), RFC 7845 sections 4 and 5 (granules, OpusHead, OpusTags).
 */
#ifndef DRIFT_OPUS_OGGOPUS_H
#define DRIFT_OPUS_OGGOPUS_H

#include "base/buf.h"
#include "base/err.h"
#include "base/uuid.h"
#include "opus/layout.h"
#include "opus/segment.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Stream serial number: a hash, the same for every rendition of a version. */
uint32_t oggopus_serial(const struct uuid *track, int32_t version);

struct oggopus_tag {
	const char *key; /* Vorbis comment name: ASCII 0x20 to 0x7D without '=' */
	const char *text; /* UTF-8 */
};

struct oggopus_setup {
	uint32_t serial;
	int32_t channels; /* 1 or 2 */
	int32_t sample_rate; /* Hz of the source: for information */
	const char *vendor; /* segment_vendor(); borrowed, as all texts here */
	const struct oggopus_tag *tags;
	int32_t tag_count;
	bool has_gain; /* then R128_TRACK_GAIN is written, else padding of its length */
	double track_gain; /* dB to reach -23 LUFS, i.e. -23 - loudness; kept within ±127 */
};

/*
 * Adds the two setup pages to out, at most LAYOUT_SETUP_MAX bytes.
 *
 * Tags that are too long: a text is cut to 512 bytes at a character's border;
 * pairs are taken in their order, one that would not fit any more is left
 * out. Ill-formed keys, empty texts, and the pairs that are ours to write (R128_*,
 * REPLAYGAIN_*, METADATA_BLOCK_PICTURE) are left out. The gain has 6 characters
 * always, so that the length depends neither on its value nor on its being known.
 *
 * Returns DRIFT_ENOMEM.
 */
enum drift_err oggopus_setup(const struct oggopus_setup *setup, struct buf *out) MUST_CHECK;

/* Where OpusHead (RFC 7845 section 5.1, mapping family 0) is in the setup pages. */
#define OGGOPUS_HEAD_AT 28
#define OGGOPUS_HEAD_BYTES 19

/*
 * Adds page b of a stream to out; the page's number is b + 2.
 *
 * layout   says granule, number of packets and whether it is the last page
 * segment  holds the packets: segment->index is page / 10, and as many packets
 *          are there as the page needs (asserted)
 *
 * Returns DRIFT_ENOMEM.
 */
enum drift_err oggopus_page(const struct layout *layout, uint32_t serial, int64_t page,
			    const struct segment *segment, struct buf *out) MUST_CHECK;

#define OGGOPUS_PAGE_MAX (27 + 255 + LAYOUT_PAGE_PACKETS * LAYOUT_PACKET_MAX) /* bytes */

/*
 * Does data begin with page b, whole? A page proves itself: its number, granule,
 * number of packets, under CBR its length, and its checksum (RFC 3533 section 6).
 *
 * data   len bytes, borrowed for the call and left as they were
 * bytes  of the page; written when it is there
 */
bool oggopus_page_is(const struct layout *layout, uint32_t serial, int64_t page, uint8_t *data,
		     size_t len, size_t *bytes);

#endif
