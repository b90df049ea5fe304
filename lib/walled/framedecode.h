/*
 * framedecode.h - packets of a source as frames of sound.
 *
 * Edge (libavcodec); runs behind the walls only.
 */
#ifndef DRIFT_WALLED_FRAMEDECODE_H
#define DRIFT_WALLED_FRAMEDECODE_H

#include "base/err.h"
#include "walled/demux.h"

#include <libavcodec/avcodec.h>

/* A fresh decoder: nothing in it depends on what was decoded before. The caller's to
   avcodec_free_context(); NULL when out of memory, or for a header that it does not take. */
AVCodecContext *framedecode_open(const struct demux *d);

/*
 * One packet in; its first frame out, into frame (blank).
 *
 * Returns
 *   DRIFT_EMORE    it gave none
 *   DRIFT_EFORMAT  it is damaged
 *   DRIFT_ENOMEM
 */
enum drift_err framedecode_first(AVCodecContext *ctx, const AVPacket *packet,
				 AVFrame *frame) MUST_CHECK;

/* The next frame of the same packet. Errors as above. */
enum drift_err framedecode_next(AVCodecContext *ctx, AVFrame *frame) MUST_CHECK;

#endif
