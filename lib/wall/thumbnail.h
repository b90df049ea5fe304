/*
 * thumbnail.h - small pictures for lists, made of strangers' pictures by a walled child
 * (drift-shrink), which is also who says whether something is a picture at all.
 */
#ifndef DRIFT_WALL_THUMBNAIL_H
#define DRIFT_WALL_THUMBNAIL_H

#include "base/buf.h"
#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

#define THUMBNAIL_SIDE 160 /* pixels of the shorter side: twice to three times a list's */
#define THUMBNAIL_REASON_MAX 160 /* bytes, NUL included */

/*
 * Makes one, as JPEG.
 *
 * program    path of drift-shrink
 * memory_mb  MiB of data that the child may have
 * data       borrowed for the call; at most DECODER_COVER_MAX bytes
 * out        appended to on DRIFT_OK only
 * reason     completes "The picture cannot be taken: ", on DRIFT_EMEDIA
 *
 * Returns
 *   DRIFT_EMEDIA  neither JPEG nor PNG, too large, or broken
 *   DRIFT_EIO     the child could not be started (logged)
 *   DRIFT_ENOMEM
 */
enum drift_err thumbnail_make(const char *program, int64_t memory_mb, const void *data, size_t len,
			      struct buf *out, char reason[THUMBNAIL_REASON_MAX]) MUST_CHECK;

#endif
