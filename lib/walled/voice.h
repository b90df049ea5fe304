/*
 * voice.h - what the decoder gives of one stream: rate, channels, sample format.
 *
 * A source has one voice, or several one after the other (chain.h), each of a stream of its own.
 */
#ifndef DRIFT_WALLED_VOICE_H
#define DRIFT_WALLED_VOICE_H

#include "base/err.h"
#include "walled/demux.h"
#include "walled/mixdown.h"
#include "walled/packets.h"

#include <libavutil/channel_layout.h>
#include <libavutil/frame.h>
#include <stdint.h>

struct voice {
	int32_t rate; /* Hz of what is decoded */
	AVChannelLayout layout; /* of what is decoded; no custom map is kept */
	enum AVSampleFormat format;
	int32_t frame; /* AAC: samples of a packet, see codec_clock; else 0 */
	int bits; /* of a sample, as the decoder says; 0: it does not */
	int preroll; /* packets decoded and dropped before the first wanted */
	struct mixdown mix;
};

/*
 * Decodes the first packets of p, which stands at its first one and is to be opened anew
 * afterwards.
 *
 * Returns
 *   DRIFT_EMEDIA  nothing of it can be decoded, or it has too many channels: reason is a sentence
 *                 without subject
 *   DRIFT_ENOMEM
 */
enum drift_err voice_learn(struct packets *p, struct voice *out,
			   char reason[DEMUX_REASON_MAX]) MUST_CHECK;

/*
 * Frames of this voice come out with so many channels from now on.
 *
 * out  1 or 2
 */
void voice_set_output(struct voice *v, int out);

/*
 * Samples [from, from + count) of a frame into out, with the channels that were set. One of another
 * layout than the voice has is mixed by its own.
 *
 * Returns DRIFT_EFORMAT for a sample format that is not known, or more channels than are taken.
 */
enum drift_err voice_write(const struct voice *v, const AVFrame *frame, int from, int count,
			   float *out) MUST_CHECK;

#endif
