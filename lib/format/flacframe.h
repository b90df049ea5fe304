/*
 * flacframe.h - one FLAC frame's header, and the stream's STREAMINFO.
 *
 * Pure: compute on bytes.
 * Source: RFC 9639 sections 8.2 (STREAMINFO), 9.1 (frame header), 9.3 (CRC).
 */
#ifndef DRIFT_FORMAT_FLACFRAME_H
#define DRIFT_FORMAT_FLACFRAME_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FLACFRAME_HEAD_MAX 16 /* bytes of a header, its CRC included */
#define FLACFRAME_BYTES_MIN 11 /* of a frame: header 6, subframe 3, CRC 2 */
#define FLACFRAME_GROWTH_MAX 6 /* bytes a frame may grow by when renumbered */
#define FLACFRAME_STREAMINFO_BYTES 34

struct flacframe {
	bool variable; /* number counts samples; else frames */
	uint64_t number; /* at most 36 bits */
	int32_t samples; /* per channel, 1 to 65,536 */
	uint8_t rate_code, channel_code, bits_code; /* as in the header */
	uint32_t head_bytes; /* CRC-8 included */
};

/*
 * Reads the header at data[0] and verifies its CRC-8.
 *
 * Returns
 *   DRIFT_EMORE    data ends inside it
 *   DRIFT_EFORMAT  there is none
 */
enum drift_err flacframe_parse(const uint8_t *data, size_t len, struct flacframe *out) MUST_CHECK;

/* Does next carry the number that follows frame's, in the same stream? */
bool flacframe_follows(const struct flacframe *frame, const struct flacframe *next);

/* Is the CRC-16 at the end of this whole frame right? */
bool flacframe_is_sound(const uint8_t *data, size_t len);

/*
 * Copies a whole frame and gives it another number, with new CRCs.
 *
 * number  counts frames, below 2^31: the frame is one of a fixed block size
 * out     room for len + FLACFRAME_GROWTH_MAX bytes; not data
 *
 * Returns its bytes; 0 when data is no such frame.
 */
size_t flacframe_renumber(const uint8_t *data, size_t len, uint32_t number, uint8_t *out);

/*
 * Fills in what is known only at the end: the smallest and largest frame in
 * bytes, and the samples per channel in all (below 2^36, else 0 for unknown).
 */
void flacframe_complete(uint8_t streaminfo[FLACFRAME_STREAMINFO_BYTES], uint32_t smallest,
			uint32_t largest, int64_t samples);

/* The smallest frame in bytes that STREAMINFO states; 0: it does not. */
uint32_t flacframe_smallest(const uint8_t streaminfo[FLACFRAME_STREAMINFO_BYTES]);

#endif
