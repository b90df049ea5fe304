/*
 * mp4cut.h - a piece of a fragmented MP4 that is whole, as one fragment of its own.
 */
#ifndef DRIFT_MP4_MP4CUT_H
#define DRIFT_MP4_MP4CUT_H

#include "base/buf.h"
#include "base/err.h"
#include "format/seekidx.h"
#include "mp4/pieces.h"

#include <stdint.h>

/*
 * Adds the packets that start in the window.
 *
 * fd      a file of remux.h's making, of sound alone; borrowed for the call
 * index   its sidecar
 * number  of the fragment, from 1
 *
 * Returns DRIFT_EFORMAT when it is not such a file, DRIFT_EIO (errno kept), DRIFT_ENOMEM.
 */
enum drift_err mp4cut_add(int fd, const struct seekidx *index, struct pieces_window window,
			  uint32_t number, struct buf *out) MUST_CHECK;

#endif
