/*
 * shrink.h - a stranger's picture, JPEG or PNG, as a smaller JPEG.
 *
 * Edge (libswscale). Linked into drift-shrink only.
 */
#ifndef DRIFT_WALLED_SHRINK_H
#define DRIFT_WALLED_SHRINK_H

#include "base/buf.h"
#include "base/err.h"
#include "wall/shrinkwire.h"

#include <stddef.h>
#include <stdint.h>

#define SHRINK_SIDE_MAX 8192 /* pixels of either side that is taken */
#define SHRINK_MEGAPIXELS_MAX 32

/*
 * Decodes the picture, whatever its name says, and makes its shorter side so long; a smaller one
 * keeps its size.
 *
 * data    borrowed for the call
 * side    pixels, 1 to SHRINK_SIDE_MAX
 * out     appended to on DRIFT_OK only
 * reason  completes "The picture cannot be taken: ", on DRIFT_EMEDIA
 *
 * Returns
 *   DRIFT_EMEDIA   neither JPEG nor PNG, too large, or broken
 *   DRIFT_ENOMEM
 */
enum drift_err shrink_picture(const void *data, size_t len, int side, struct buf *out,
			      char reason[SHRINKWIRE_REASON_MAX]) MUST_CHECK;

#endif
