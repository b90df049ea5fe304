/*
 * flacencode.h - integer PCM to FLAC frames (edge: libavcodec).
 *
 * Blocks of PACKING_BLOCK samples know nothing of one another, so any run of them
 * is encoded alone, by whichever process, to the same bytes; the frames are
 * numbered by their place in the stream afterwards.
 */
#ifndef DRIFT_WALLED_FLACENCODE_H
#define DRIFT_WALLED_FLACENCODE_H

#include "base/err.h"
#include "format/packing.h"

#include <stddef.h>
#include <stdint.h>

struct flacencode_pcm {
	int32_t rate; /* Hz */
	int channels; /* 1 to 8, in the order of RFC 9639 9.1.3 */
	int bits; /* 16: int16_t; 24: int32_t whose low byte is zero */
	const uint8_t *data; /* interleaved */
	int32_t samples; /* per channel */
	uint32_t number; /* of the first frame */
};

/* STREAMINFO of such a stream, without what is known only at its end.
   DRIFT_EMEDIA: FLAC cannot hold it; DRIFT_ENOMEM. */
enum drift_err flacencode_describe(const struct flacencode_pcm *pcm,
				   uint8_t out[PACKING_CONFIG_MAX]) MUST_CHECK;

/*
 * Encodes; the last frame is shorter when samples is no multiple of
 * PACKING_BLOCK.
 *
 * entry  room for one entry a block
 * out    room bytes for the frames; used: how many they are
 *
 * Returns DRIFT_ELARGE when room is not enough, DRIFT_EMEDIA, DRIFT_ENOMEM.
 */
enum drift_err flacencode_run(const struct flacencode_pcm *pcm, struct packing_entry *entry,
			      uint8_t *out, size_t room, size_t *used) MUST_CHECK;

#endif
