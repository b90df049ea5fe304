/*
 * seekidx.h - the sidecar: setup bytes and seek index of one artifact.
 *
 * Pure: compute on bytes. Media type application/vnd.drift.seekidx; the
 * table is in doc/seekidx.md. Little endian.
 */
#ifndef DRIFT_FORMAT_SEEKIDX_H
#define DRIFT_FORMAT_SEEKIDX_H

#include "base/buf.h"
#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

#define SEEKIDX_MIME "application/vnd.drift.seekidx"
#define SEEKIDX_HEAD_BYTES 48
#define SEEKIDX_ENTRY_BYTES 16
#define SEEKIDX_SETUP_MAX (1 << 20) /* bytes */
#define SEEKIDX_ENTRIES_MAX (1 << 24)

#define SEEKIDX_GROWING 1u /* flag: more entries will come */
#define SEEKIDX_EXACT 2u /* flag: every entry decodes exactly without pre-roll */

struct seekidx {
	char codec[5]; /* "Opus" "fLaC" "mp4a" "mp3 " "avc1" "hvc1" "vp09" "av01", NUL behind */
	uint32_t flags;
	uint32_t timescale; /* samples per second, not 0 */
	uint32_t pre_skip; /* samples: pre-skip or encoder delay */
	uint64_t samples; /* presented in all; 0 while unknown */
	uint64_t bytes; /* of the artifact in all; 0 while unknown */
	const uint8_t *setup; /* borrowed: from the writer's caller, or the parsed bytes */
	uint32_t setup_bytes;
	const uint8_t *entries; /* as in the file, borrowed likewise */
	uint32_t entry_count;
};

struct seekidx_entry {
	uint64_t sample; /* position at the start of the page or fragment */
	uint64_t offset; /* of its first byte */
};

/* Adds one entry, as in the file, to a buffer that seekidx.entries may point to. */
void seekidx_add(struct buf *entries, struct seekidx_entry entry);

/*
 * Adds the sidecar to out; what seekidx_parse() would refuse is asserted.
 * Out of memory shows in buf_ok(out).
 */
void seekidx_write(const struct seekidx *idx, struct buf *out);

/*
 * Reads a whole sidecar. Both columns of the entries ascend strictly, the first
 * offset is not inside the setup bytes, none is past bytes or past
 * samples + pre_skip where these are known: what the decoder gives for the last page
 * may all lie in the pre-skip's stead, behind the last sample presented.
 *
 * data  borrowed for as long as out is used
 * out   written on DRIFT_OK only
 *
 * Returns
 *   DRIFT_EMORE    shorter than its own sizes say
 *   DRIFT_EFORMAT  no sidecar, an unknown codec or flag, sizes out of range, bytes
 *                  left over, or entries that break the rules
 */
enum drift_err seekidx_parse(const uint8_t *data, size_t len, struct seekidx *out) MUST_CHECK;

/*
 * The same for a sidecar of our own making, whose entries are not looked at: of a mapped
 * file only those are read that a search meets.
 */
enum drift_err seekidx_parse_own(const uint8_t *data, size_t len, struct seekidx *out) MUST_CHECK;

/* Likewise, with the entries neither there nor looked at: out->entries is not to be used. */
enum drift_err seekidx_parse_head(const uint8_t *data, size_t len, struct seekidx *out) MUST_CHECK;

/* Entry i, 0 to entry_count - 1. */
struct seekidx_entry seekidx_get(const struct seekidx *idx, uint32_t i);

/*
 * The last entry at or before sample (timescale units).
 *
 * Returns DRIFT_ENOENT when there is none.
 */
enum drift_err seekidx_find(const struct seekidx *idx, uint64_t sample, uint32_t *out) MUST_CHECK;

#endif
