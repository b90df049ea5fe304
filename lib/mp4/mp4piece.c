#include "mp4/mp4piece.h"

#include "base/io.h"
#include "base/log.h"
#include "base/minmax.h"

#include <stdio.h>
#include <stdlib.h>

#define COPY_BYTES 65536
#define FRAGMENTS_MAX 64 /* of a piece: what fills a slot is one */

struct mp4piece {
	struct decoder *decoder;
	struct fmp4_extent extent;
	struct pieces pieces;
	int source;
};

/* --- beginning --------------------------------------------------------------------- */

static enum drift_err refuse(char *reason, const char *sentence)
{
	snprintf(reason, MP4PIECE_REASON_MAX, "%s", sentence);
	return DRIFT_EMEDIA;
}

static enum drift_err check(struct mp4piece *p, char *reason)
{
	const struct packing *packing = mp4piece_packing(p);

	if (packing->way == PACKING_NONE || packing->way == PACKING_FILM)
		return DRIFT_ENOENT;
	if (packing->rate != p->pieces.rate)
		return refuse(reason, "it has another sample rate than the file that was uploaded");
	if (packing->way == PACKING_FLAC) /* the ends are cut off already */
		p->extent.delay = p->extent.padding = 0;
	p->pieces.delay = p->extent.delay;
	p->pieces.block = packing->way == PACKING_FLAC ? PACKING_BLOCK : 1;
	return DRIFT_OK;
}

enum drift_err mp4piece_new(const struct mp4piece_order *o, struct mp4piece **out,
			    char reason[MP4PIECE_REASON_MAX])
{
	int64_t hours = o->extent.samples / ((int64_t)o->rate * 3600) + 1;
	struct mp4piece *p = calloc(1, sizeof(*p));
	enum drift_err err;

	if (!p)
		return DRIFT_ENOMEM;
	p->extent = o->extent;
	p->pieces = (struct pieces){.rate = o->rate, .samples = o->extent.samples};
	p->source = o->source;
	err = decoder_new_repackaging_indexed(o->program, &o->limits, o->source, hours, o->index,
					      o->index_bytes, &p->decoder, reason,
					      MP4PIECE_REASON_MAX);
	if (!err)
		err = check(p, reason);
	if (err) {
		mp4piece_free(p);
		return err;
	}
	*out = p;
	return DRIFT_OK;
}

void mp4piece_free(struct mp4piece *p)
{
	if (!p)
		return;
	decoder_free(p->decoder);
	free(p);
}

const struct packing *mp4piece_packing(const struct mp4piece *p)
{
	return decoder_get_packing(p->decoder);
}

const struct fmp4_extent *mp4piece_extent(const struct mp4piece *p)
{
	return &p->extent;
}

const char *mp4piece_reason(const struct mp4piece *p)
{
	return decoder_get_reason(p->decoder);
}

const struct pieces *mp4piece_pieces(const struct mp4piece *p)
{
	return &p->pieces;
}

/* --- packets --------------------------------------------------------------------------- */

static enum drift_err ask(struct mp4piece *p, struct pieces_window w)
{
	const struct packing *packing = mp4piece_packing(p);

	if (packing->way == PACKING_COPY)
		return decoder_ask_copy(p->decoder, 0, w.first, w.end);
	return decoder_ask_encode(p->decoder, 0, w.first,
				  (int32_t)min64(w.end - w.first, decoder_encode_max(packing)));
}

/* Packets that stayed in the source's file. */
static enum drift_err add_from_source(const struct mp4piece *p, const struct decoder_packets *run,
				      struct buf *out)
{
	size_t left = run->bytes;
	int64_t at = run->at;
	char some[COPY_BYTES];

	while (left > 0) {
		size_t len = left < sizeof(some) ? left : sizeof(some);

		if (io_pread_all(p->source, some, len, at) != DRIFT_OK) {
			log_error("mp4piece: the source cannot be read any more");
			return DRIFT_EIO;
		}
		buf_add(out, some, len);
		at += (int64_t)len;
		left -= len;
	}
	return buf_ok(out) ? DRIFT_OK : DRIFT_ENOMEM;
}

static enum drift_err add_fragment(const struct mp4piece *p, uint32_t number,
				   const struct decoder_packets *run, struct buf *out)
{
	const struct fmp4_fragment fragment = {
		.number = number,
		.at = run->start,
		.packet = run->entry,
		.packets = run->count,
	};

	fmp4_add_fragment(out, &fragment);
	if (!run->data)
		return add_from_source(p, run, out);
	buf_add(out, run->data, run->bytes);
	return buf_ok(out) ? DRIFT_OK : DRIFT_ENOMEM;
}

static int64_t end_of(const struct decoder_packets *run)
{
	int64_t at = run->start;

	for (uint32_t i = 0; i < run->count; i++)
		at += run->entry[i].samples;
	return at;
}

uint32_t mp4piece_number(int64_t n)
{
	return (uint32_t)n * FRAGMENTS_MAX + 1;
}

enum drift_err mp4piece_add(struct mp4piece *p, int64_t n, struct buf *out)
{
	struct pieces_window left = pieces_window(&p->pieces, n);
	struct decoder_packets run = {0};
	enum drift_err err = DRIFT_OK;

	for (uint32_t i = 0; !err && left.first < left.end && !run.ended && i < FRAGMENTS_MAX;
	     i++) {
		err = ask(p, left);
		if (!err)
			err = decoder_wait_packets(p->decoder, 0, &run);
		if (err || run.count == 0)
			break;
		err = add_fragment(p, mp4piece_number(n) + i, &run, out);
		left.first = end_of(&run);
	}
	return err;
}
