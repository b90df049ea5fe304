/*
 * mp4piece.h - any few seconds of a source as fragments of MP4, without the rest of it.
 *
 * Its packets are those that the whole file (remux.h) has at that place: copied ones are the
 * source's own, and FLAC blocks know nothing of each other.
 */
#ifndef DRIFT_MP4_MP4PIECE_H
#define DRIFT_MP4_MP4PIECE_H

#include "base/buf.h"
#include "base/err.h"
#include "format/packing.h"
#include "mp4/fmp4.h"
#include "mp4/pieces.h"
#include "wall/decoder.h"

#include <stddef.h>
#include <stdint.h>

#define MP4PIECE_REASON_MAX 256 /* bytes, NUL included */

struct mp4piece_order {
	const char *program; /* path of drift-decode */
	struct decoder_limits limits;
	int source; /* borrowed */
	const void *index; /* of its packets (decoder_get_index()), borrowed for the call */
	size_t index_bytes; /* 0: there is none; then the way there is walked */
	int32_t rate; /* of the source, Hz, as the catalogue has it */
	struct fmp4_extent extent; /* of the source's packets, likewise */
};

struct mp4piece; /* used by the thread that made it */

/*
 * order   copied
 * out     the caller's to mp4piece_free(), written on DRIFT_OK only
 * reason  written on DRIFT_EMEDIA: a sentence
 *
 * Returns
 *   DRIFT_ENOENT  there are no pieces of it: moving pictures, or a codec that no browser takes
 *                 in MP4
 *   DRIFT_EMEDIA  it cannot be read, or is not what the catalogue says
 *   DRIFT_EIO (logged), DRIFT_ENOMEM
 */
enum drift_err mp4piece_new(const struct mp4piece_order *order, struct mp4piece **out,
			    char reason[MP4PIECE_REASON_MAX]) MUST_CHECK;
void mp4piece_free(struct mp4piece *p); /* NULL is fine */

/* Borrowed until free: how its packets go into MP4, and what of them is heard. */
const struct packing *mp4piece_packing(const struct mp4piece *p);
const struct fmp4_extent *mp4piece_extent(const struct mp4piece *p);

/* Where they are; borrowed likewise. */
const struct pieces *mp4piece_pieces(const struct mp4piece *p);

/*
 * Adds piece n, 0 to pieces_count() - 1: one fragment or several. Quick in any order.
 *
 * Returns DRIFT_EMEDIA (mp4piece_reason()), DRIFT_EIO (logged), DRIFT_ENOMEM.
 */
enum drift_err mp4piece_add(struct mp4piece *p, int64_t n, struct buf *out) MUST_CHECK;
/* The number of its first fragment. */
uint32_t mp4piece_number(int64_t n);
const char *mp4piece_reason(const struct mp4piece *p);

#endif
