/*
 * chunkcut.h - a chunk of the lossless rendition out of the MP4 that is made of it.
 */
#ifndef DRIFT_CATALOGUE_CHUNKCUT_H
#define DRIFT_CATALOGUE_CHUNKCUT_H

#include "base/buf.h"
#include "base/conf.h"
#include "base/err.h"
#include "catalogue/track.h"

#include <stdint.h>

/*
 * Adds chunk number to out: the bytes that it had when it was made on demand.
 *
 * t       its MP4 is there
 * number  0 or more
 *
 * Returns
 *   DRIFT_ENOENT  there are none: moving pictures
 *   DRIFT_ERANGE  there are not so many
 *   DRIFT_EIO     (logged)
 *   DRIFT_ENOMEM
 */
enum drift_err chunkcut_add(const struct conf *conf, const struct track *t, int64_t number,
			    struct buf *out) MUST_CHECK;

#endif
