/*
 * soundtrack.h - the sound beside moving pictures as packets that go into MP4: its own,
 * or AAC where browsers take it not out of MP4 (AC-3, DTS, PCM, Vorbis, and MP3, which
 * only Firefox takes).
 *
 * Edge (libavcodec); runs behind the walls only.
 */
#ifndef DRIFT_WALLED_SOUNDTRACK_H
#define DRIFT_WALLED_SOUNDTRACK_H

#include "base/err.h"
#include "walled/packer.h"
#include "walled/source.h"

#include <libavcodec/avcodec.h>
#include <stdint.h>

struct soundtrack {
	struct source *source; /* borrowed */
	struct packer *packer; /* owned; NULL: it is encoded */
	struct packer_run run; /* copying: packets taken from it, its memory owned */
	int32_t taken; /* of run */
	size_t taken_bytes;
	int64_t at; /* copying: samples before the next packet, raw */
	AVCodecContext *encoder; /* owned; NULL: packets are copied */
	AVFrame *frame; /* owned */
	float *pcm; /* owned: one frame, interleaved */
	int64_t fed; /* samples given to the encoder */
	bool ended; /* of what is read */
	AVCodecParameters *par; /* owned: of the packets that come out */
};

/*
 * source  measured, borrowed for s's life; nothing else reads it meanwhile
 * s       the caller's to soundtrack_close(), whatever is returned
 *
 * Returns DRIFT_EMEDIA where AAC has not its sample rate; DRIFT_ENOMEM.
 */
enum drift_err soundtrack_open(struct soundtrack *s, struct source *source) MUST_CHECK;
void soundtrack_close(struct soundtrack *s); /* all-zero is fine */

/*
 * The next packet into out (blank), its times in samples: 0 is the first one heard, so
 * that what a decoder gives before it is below.
 *
 * Returns DRIFT_EMORE at the end, DRIFT_EMEDIA, DRIFT_ENOMEM.
 */
enum drift_err soundtrack_next(struct soundtrack *s, AVPacket *out) MUST_CHECK;

#endif
