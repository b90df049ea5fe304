/*
 * fmp4.h - a fragmented MP4 of one audio track: its boxes.
 *
 * Pure: compute on bytes. The file is ftyp moov sidx moof mdat moof mdat …; no
 * box looks at another fragment, so a reader may start at any moof once it has
 * ftyp and moov. Every timescale is the sample rate, so that edit list and
 * fragments are exact.
 * Source: ISO/IEC 14496-12 4.3 (ftyp), 8.2 to 8.8 (moov, moof), 8.16.3 (sidx);
 * 14496-14 5.6 and 14496-1 7.2.6 (esds); "FLAC in ISOBMFF" 0.0.4; "Opus in
 * ISOBMFF" 0.8.1.
 */
#ifndef DRIFT_MP4_FMP4_H
#define DRIFT_MP4_FMP4_H

#include "base/buf.h"
#include "format/packing.h"

#include <stddef.h>
#include <stdint.h>

#define FMP4_SIDX_ENTRIES_MAX 65535

/* Samples on one line that starts with the first packet. Of a file that still grows only delay
   is known, the others are 0. */
struct fmp4_extent {
	int64_t delay; /* before the first heard one */
	int64_t samples; /* heard */
	int64_t padding; /* behind the last heard one */
};

/*
 * Adds ftyp and moov. Their length does not depend on extent or on what
 * STREAMINFO says, so that they may be written again when all is known.
 */
void fmp4_add_init(struct buf *out, const struct packing *packing,
		   const struct fmp4_extent *extent);

struct fmp4_fragment {
	uint32_t number; /* from 1, ascending */
	int64_t at; /* samples before its first packet */
	const struct packing_entry *packet; /* borrowed for the call */
	uint32_t packets; /* at least 1 */
};

/* Adds a moof and the head of the mdat behind it; then come the packets. */
void fmp4_add_fragment(struct buf *out, const struct fmp4_fragment *fragment);

/* One fragment as the index has it. */
struct fmp4_reference {
	uint32_t bytes; /* moof and mdat, below 2^31 */
	uint32_t samples;
};

size_t fmp4_sidx_bytes(uint32_t entries);

/* Keeps room, at least 8 bytes, for an index that is not known yet. */
void fmp4_add_room(struct buf *out, size_t room);

/*
 * Adds a sidx of exactly room bytes: what it does not need becomes a free box.
 * More entries than FMP4_SIDX_ENTRIES_MAX, or than room holds: free alone.
 *
 * room  8, or at least fmp4_sidx_bytes(0); where the first moof follows
 */
void fmp4_add_sidx(struct buf *out, const struct packing *packing,
		   const struct fmp4_reference *reference, uint32_t references, size_t room);

/* The codec as a MIME type's codecs parameter (RFC 6381) names it: fLaC, Opus,
   mp4a.40.2 … as registered (mp4ra.org, sample entries). NUL ended, at most 16 bytes. */
void fmp4_codec_text(const struct packing *packing, char out[16]);

/* Adds a JSON array of the types for which a browser can be asked (isTypeSupported) whether it
   takes sound of a codec in MP4: as registered first, then as older browsers spell it, where that
   differs.

   codec  as fmp4_codec_text() names it */
void fmp4_add_types(struct buf *out, const char *codec);

#endif
