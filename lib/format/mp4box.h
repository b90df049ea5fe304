/*
 * mp4box.h - the boxes of an MP4 file, one inside another, and the flags of those of which
 * fragments are made.
 *
 * Pure: compute on bytes, which may be hostile.
 * Source: ISO/IEC 14496-12 4.2 (box), 8.8.7 (tfhd), 8.8.8 (trun).
 */
#ifndef DRIFT_FORMAT_MP4BOX_H
#define DRIFT_FORMAT_MP4BOX_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MP4BOX_HEAD 8 /* bytes: size and type of a box */

/* Flags of tfhd: its samples' duration follows; offsets count from the moof. */
#define MP4BOX_TFHD_DURATION 0x000008u
#define MP4BOX_TFHD_BASE_IS_MOOF 0x020000u
/* Flags of trun: the offset of its data follows; duration or size of each sample. */
#define MP4BOX_TRUN_OFFSET 0x000001u
#define MP4BOX_TRUN_DURATIONS 0x000100u
#define MP4BOX_TRUN_SIZES 0x000200u

/* What is in a box, behind its head; or a file, which is boxes. */
struct mp4box {
	const uint8_t *data; /* borrowed */
	size_t len;
};

/* Four bytes, big endian. */
uint32_t mp4box_u32(const uint8_t *data);

/*
 * The next box of that type.
 *
 * type  four characters
 * at    where in the box to begin: 0, or where the last call left it; moved behind what was found
 * out   inside in; written on true only
 *
 * False: there is none, or the boxes' sizes are wrong before it. Neither 64-bit sizes nor 0 ("to
 * the end of the file") are understood.
 */
bool mp4box_next(struct mp4box in, const char *type, size_t *at, struct mp4box *out) MUST_CHECK;

/* The first one. */
bool mp4box_find(struct mp4box in, const char *type, struct mp4box *out) MUST_CHECK;

#endif
