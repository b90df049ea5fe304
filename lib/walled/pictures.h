/*
 * pictures.h - the moving pictures of a source as packets that go into MP4: its own, or
 * H.264 where no browser takes them.
 *
 * Edge (libavformat, libavcodec, libswscale); runs behind the walls only.
 */
#ifndef DRIFT_WALLED_PICTURES_H
#define DRIFT_WALLED_PICTURES_H

#include "base/err.h"
#include "walled/demux.h"

struct SwsContext;

#include <stdbool.h>
#include <stdint.h>

struct pictures {
	struct demux demux; /* its video is what is read; its audio tells when sound starts */
	AVCodecContext *decoder, *encoder; /* owned; NULL: packets are copied */
	AVCodecParameters *par; /* owned: of the packets that come out */
	AVRational time_base; /* of the packets that come out */
	AVPacket *packet; /* owned */
	AVFrame *frame; /* owned */
	AVFrame *fitted; /* owned: the same in the size and the format that the encoder has */
	struct SwsContext *fit; /* owned; NULL: none was needed yet */
	int64_t begin; /* encoding: what the grid of key frames counts from, time_base units */
	int64_t keys; /* encoding: points of the grid passed */
	int64_t last_pts; /* encoding: of the frame encoded last */
	bool drained; /* encoding: the source has no packet left */
	bool flushed; /* encoding: nor the decoder a frame */
};

/*
 * file    borrowed for p's life
 * p       the caller's to pictures_close(), whatever is returned; must not move
 * reason  a sentence without subject, on DRIFT_EMEDIA
 *
 * Returns DRIFT_EMEDIA, DRIFT_ENOMEM.
 */
enum drift_err pictures_open(struct pictures *p, const struct demux_file *file,
			     char reason[DEMUX_REASON_MAX]) MUST_CHECK;
void pictures_close(struct pictures *p); /* all-zero is fine */

/* Where encoding lets the grid of fragments begin: the first frame at or behind each of
   its points becomes a key frame. time_base units. */
void pictures_begin_grid(struct pictures *p, int64_t at);

/*
 * The next packet into out (blank), in decoding order.
 *
 * Returns DRIFT_EMORE at the end, DRIFT_EMEDIA when they cannot be encoded on, DRIFT_ENOMEM.
 */
enum drift_err pictures_next(struct pictures *p, AVPacket *out) MUST_CHECK;

#endif
