/*
 * opusidx.h - the sidecar of an Opus rendition.
 *
 * Pure. Under hard CBR it follows from the layout and the setup pages alone, so that
 * it can be there before the rendition is.
 */
#ifndef DRIFT_OPUS_OPUSIDX_H
#define DRIFT_OPUS_OPUSIDX_H

#include "base/buf.h"
#include "opus/layout.h"

#include <stdint.h>

/*
 * Adds the sidecar of a CBR rendition to out; out of memory shows in buf_ok(out).
 *
 * setup  layout->setup_bytes long
 */
void opusidx_write(const struct layout *layout, const uint8_t *setup, struct buf *out);

/*
 * The same for any rendition that is whole.
 *
 * bytes    of the rendition
 * entries  one for each page, as seekidx_add() writes them
 */
void opusidx_write_entries(const struct layout *layout, const uint8_t *setup, int64_t bytes,
			   const struct buf *entries, struct buf *out);

/*
 * Both while more pages will come: the last entry is where the next one will begin, and all
 * before it is there.
 *
 * pages  that are there, of a CBR rendition
 */
void opusidx_write_growing(const struct layout *layout, const uint8_t *setup, int64_t pages,
			   struct buf *out);
void opusidx_write_growing_entries(const struct layout *layout, const uint8_t *setup,
				   const struct buf *entries, struct buf *out);

#endif
