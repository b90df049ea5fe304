/*
 * pcmint.h - decoded frames as interleaved integers of all their channels.
 *
 * 16 bits hold 8 and 16 bit sources, 24 bits all others: the low byte of each
 * 32-bit word is zero, as libavcodec's FLAC encoder wants it. 8 to 24 bits come
 * through unchanged. Floats and 32-bit integers are rounded to the nearest and
 * clipped, and counted where that changes them: no player takes more from
 * FLAC than 24 bits. What is no number becomes silence.
 */
#ifndef DRIFT_WALLED_PCMINT_H
#define DRIFT_WALLED_PCMINT_H

#include "base/err.h"

#include <libavutil/frame.h>
#include <stdint.h>

struct pcmint {
	int channels;
	int bits; /* 16 or 24 */
	int64_t rounded; /* samples that are not what they were */
};

/* Bits that hold what a decoder gives in that format. */
int pcmint_bits(enum AVSampleFormat format);

/* Bytes of one sample of all channels. */
size_t pcmint_stride(const struct pcmint *p);

/*
 * Converts samples [from, from + count) of frame into out.
 * Returns DRIFT_EFORMAT for another channel count or sample format.
 */
enum drift_err pcmint_write(struct pcmint *p, const AVFrame *frame, int from, int count,
			    void *out) MUST_CHECK;

#endif
