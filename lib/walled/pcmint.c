#include "walled/pcmint.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#define FULL_24 8388608.0 /* 2^23 */

int pcmint_bits(enum AVSampleFormat format)
{
	enum AVSampleFormat packed = av_get_packed_sample_fmt(format);

	return packed == AV_SAMPLE_FMT_U8 || packed == AV_SAMPLE_FMT_S16 ? 16 : 24;
}

size_t pcmint_stride(const struct pcmint *p)
{
	return (size_t)p->channels * (p->bits == 16 ? sizeof(int16_t) : sizeof(int32_t));
}

/* One channel of a frame, whether its samples are interleaved or not. */
struct lane {
	const uint8_t *data;
	int at, step; /* samples */
};

static struct lane lane_of(const AVFrame *frame, int channel)
{
	if (av_sample_fmt_is_planar((enum AVSampleFormat)frame->format))
		return (struct lane){frame->extended_data[channel], 0, 1};
	return (struct lane){frame->extended_data[0], channel, frame->ch_layout.nb_channels};
}

static int16_t sample_16(const struct lane *l, enum AVSampleFormat packed, int i)
{
	int at = l->at + i * l->step;

	if (packed == AV_SAMPLE_FMT_U8)
		return (int16_t)((l->data[at] - 128) * 256);
	return ((const int16_t *)(const void *)l->data)[at];
}

static int32_t round_float(double v, int64_t *rounded)
{
	double scaled = isfinite(v) ? v * FULL_24 : 0, whole = rint(scaled);

	if (whole > FULL_24 - 1)
		whole = FULL_24 - 1;
	if (whole < -FULL_24)
		whole = -FULL_24;
	*rounded += !isfinite(v) || whole != scaled;
	return (int32_t)whole * 256;
}

static int32_t round_integer(int32_t v, int64_t *rounded)
{
	int64_t up = ((int64_t)v + 128) & ~(int64_t)255;

	*rounded += (v & 255) != 0;
	return up > INT32_MAX ? INT32_MAX & ~255 : (int32_t)up;
}

static int32_t sample_24(const struct lane *l, enum AVSampleFormat packed, int i, int64_t *rounded)
{
	int at = l->at + i * l->step;

	switch (packed) {
	case AV_SAMPLE_FMT_S32:
		return round_integer(((const int32_t *)(const void *)l->data)[at], rounded);
	case AV_SAMPLE_FMT_FLT:
		return round_float(((const float *)(const void *)l->data)[at], rounded);
	default:
		return round_float(((const double *)(const void *)l->data)[at], rounded);
	}
}

static void write_lane(struct pcmint *p, const struct lane *l, enum AVSampleFormat packed, int from,
		       int count, int channel, void *out)
{
	int16_t *narrow = out;
	int32_t *wide = out;

	for (int i = 0; i < count; i++) {
		int at = i * p->channels + channel;

		if (p->bits == 16)
			narrow[at] = sample_16(l, packed, from + i);
		else
			wide[at] = sample_24(l, packed, from + i, &p->rounded);
	}
}

/* Does a format come out at all, and at this width? */
static bool is_wanted(const struct pcmint *p, enum AVSampleFormat packed)
{
	return packed >= AV_SAMPLE_FMT_U8 && packed <= AV_SAMPLE_FMT_DBL &&
	       pcmint_bits(packed) == p->bits;
}

enum drift_err pcmint_write(struct pcmint *p, const AVFrame *frame, int from, int count, void *out)
{
	enum AVSampleFormat format = (enum AVSampleFormat)frame->format;
	enum AVSampleFormat packed = av_get_packed_sample_fmt(format);

	if (frame->ch_layout.nb_channels != p->channels || !is_wanted(p, packed) || from < 0 ||
	    count > frame->nb_samples - from)
		return DRIFT_EFORMAT;
	if (format == AV_SAMPLE_FMT_S16) {
		size_t stride = pcmint_stride(p);

		memcpy(out, frame->extended_data[0] + (size_t)from * stride,
		       (size_t)count * stride);
		return DRIFT_OK;
	}
	for (int c = 0; c < p->channels; c++) {
		struct lane lane = lane_of(frame, c);

		write_lane(p, &lane, packed, from, count, c, out);
	}
	return DRIFT_OK;
}
