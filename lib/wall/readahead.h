/*
 * readahead.h - ranges of a source loaded one after the other, the decoder at the next
 * ones meanwhile.
 *
 * What a decoder gives depends on where it is asked to start, so a range is always asked
 * for in the same pieces, whoever wants it and whatever else is wanted.
 */
#ifndef DRIFT_WALL_READAHEAD_H
#define DRIFT_WALL_READAHEAD_H

#include "base/err.h"
#include "dsp/resample.h"
#include "wall/decoder.h"

#include <stdbool.h>
#include <stdint.h>

#define READAHEAD_PIECE 288000 /* samples per channel: 5.68 s at 48 kHz are one piece */

struct readahead_range {
	struct resample_range range; /* native samples, at least one */
	float *out; /* room for them, interleaved; borrowed until they are loaded */
	void *owner; /* of no meaning here */
};

/* A range, how much of it was asked for and how much is loaded: pieces. */
struct readahead_item {
	struct readahead_range what;
	int64_t pieces, asked, loaded;
};

struct readahead {
	struct decoder *decoder; /* borrowed; nothing of it is asked for elsewhere */
	int64_t asked, answered; /* pieces in all */
	struct readahead_item item[DECODER_SLOTS]; /* oldest first */
	int items;
};

/* All-zero but for the decoder is how it begins; there is nothing to clear. */

/* May a range be added? While every piece of those before was asked for and the
   decoder has a slot. */
bool readahead_has_room(const struct readahead *r);
/* Only where there is room. Returns DRIFT_EMEDIA when the decoder is lost: then it is not
   added. */
enum drift_err readahead_add(struct readahead *r, const struct readahead_range *range) MUST_CHECK;

static inline bool readahead_is_empty(const struct readahead *r)
{
	return r->items == 0;
}

/*
 * Waits for one piece of the oldest range; there is one.
 *
 * whole  true when that range is loaded and no longer here: then *out is it
 *
 * Returns DRIFT_EMEDIA (decoder_get_reason()).
 */
enum drift_err readahead_load(struct readahead *r, bool *whole,
			      struct readahead_range *out) MUST_CHECK;

#endif
