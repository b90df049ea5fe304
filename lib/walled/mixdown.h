/*
 * mixdown.h - decoded frames as interleaved float of one or two channels.
 *
 * Stateless from sample to sample: what comes out depends on the frame only.
 * 24 bits and 32-bit floats come through unchanged, 32-bit integers and
 * doubles as the nearest float; what is no number becomes silence.
 * Source of the weights: ITU-R BS.775 annex 4 (centre and surrounds -3 dB, no
 * LFE), scaled so that full scale on every channel stays full scale.
 */
#ifndef DRIFT_WALLED_MIXDOWN_H
#define DRIFT_WALLED_MIXDOWN_H

#include "base/err.h"

#include <libavutil/frame.h>
#include <stdint.h>

#define MIXDOWN_CHANNELS_MAX 8

struct mixdown {
	int in, out; /* channels; out is 1 or 2 */
	double weight[2 * MIXDOWN_CHANNELS_MAX]; /* out rows of in */
};

/*
 * Mono comes out on both sides where two channels are wanted, and is the mean of both where one is.
 *
 * out  channels: 1 or 2; 0: 1 of mono, else 2
 *
 * Returns DRIFT_EMEDIA for no channel or more than MIXDOWN_CHANNELS_MAX.
 */
enum drift_err mixdown_init(struct mixdown *m, const AVChannelLayout *layout, int out) MUST_CHECK;

/*
 * Converts samples [from, from + count) of frame into out, m->out floats each.
 * Returns DRIFT_EFORMAT for another channel count or an unknown sample format.
 */
enum drift_err mixdown_write(const struct mixdown *m, const AVFrame *frame, int from, int count,
			     float *out) MUST_CHECK;

#endif
