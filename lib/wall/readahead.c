#include "wall/readahead.h"

#include <assert.h>
#include <string.h>

/* Piece i of a range. */
static struct resample_range piece(struct resample_range range, int64_t i)
{
	int64_t first = range.first + i * READAHEAD_PIECE, end = first + READAHEAD_PIECE;

	return (struct resample_range){first, end < range.end ? end : range.end};
}

static bool has_slot(const struct readahead *r)
{
	return r->asked - r->answered < decoder_slots(r->decoder);
}

bool readahead_has_room(const struct readahead *r)
{
	const struct readahead_item *last = r->items ? &r->item[r->items - 1] : NULL;

	return has_slot(r) && (!last || last->asked == last->pieces);
}

/* The next pieces of the youngest range (older ones have none left), as far as there are
   slots. */
static enum drift_err ask(struct readahead *r)
{
	struct readahead_item *last = &r->item[r->items - 1];
	enum drift_err err = DRIFT_OK;

	while (!err && has_slot(r) && last->asked < last->pieces) {
		struct resample_range p = piece(last->what.range, last->asked);

		err = decoder_ask(r->decoder, (int)(r->asked % DECODER_SLOTS), p.first,
				  (int32_t)(p.end - p.first));
		last->asked++;
		r->asked++;
	}
	return err;
}

enum drift_err readahead_add(struct readahead *r, const struct readahead_range *range)
{
	int64_t samples = range->range.end - range->range.first;
	enum drift_err err;

	assert(readahead_has_room(r) && samples > 0);
	r->item[r->items++] = (struct readahead_item){
		.what = *range,
		.pieces = (samples + READAHEAD_PIECE - 1) / READAHEAD_PIECE,
	};
	err = ask(r);
	if (err)
		r->items--;
	return err;
}

enum drift_err readahead_load(struct readahead *r, bool *whole, struct readahead_range *out)
{
	struct readahead_item *oldest = &r->item[0];
	struct resample_range range = oldest->what.range, p = piece(range, oldest->loaded);
	int channels = decoder_pcm_channels(r->decoder);
	const float *pcm;
	enum drift_err err;

	assert(r->items > 0);
	err = ask(r);
	if (!err)
		err = decoder_wait(r->decoder, (int)(r->answered % DECODER_SLOTS), &pcm);
	if (err)
		return err;
	/* out of the memory shared with the child, which could still write there */
	memcpy(oldest->what.out + (p.first - range.first) * channels, pcm,
	       (size_t)(p.end - p.first) * (size_t)channels * sizeof(*pcm));
	r->answered++;
	*whole = ++oldest->loaded == oldest->pieces;
	if (*whole) {
		*out = oldest->what;
		memmove(oldest, oldest + 1, sizeof(*oldest) * (size_t)--r->items);
	}
	return DRIFT_OK;
}
