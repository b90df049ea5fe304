#include "walled/mixdown.h"

#include <libavutil/channel_layout.h>
#include <libswresample/swresample.h>
#include <math.h>
#include <stdbool.h>

#define SWR_MATRIX 64 /* swr_build_matrix2() scales 64 rows of 64, whatever it was asked for */

static enum drift_err stereo_weights(const AVChannelLayout *layout, double *weight, int in)
{
	AVChannelLayout from = {0}, to = AV_CHANNEL_LAYOUT_STEREO;
	double matrix[SWR_MATRIX * SWR_MATRIX] = {0};
	int err = 0;

	if (layout->order == AV_CHANNEL_ORDER_NATIVE)
		err = av_channel_layout_copy(&from, layout);
	else
		av_channel_layout_default(&from, in);
	if (err == 0)
		err = swr_build_matrix2(&from, &to, M_SQRT1_2, M_SQRT1_2, 0, 1, 1, matrix,
					SWR_MATRIX, AV_MATRIX_ENCODING_NONE, NULL);
	av_channel_layout_uninit(&from);
	for (int side = 0; side < 2 && err >= 0; side++)
		for (int c = 0; c < in; c++)
			weight[side * in + c] = matrix[side * SWR_MATRIX + c];
	return err < 0 ? DRIFT_EMEDIA : DRIFT_OK;
}

/* For layouts that no rule covers: even ones left, odd ones right. */
static void plain_weights(double *weight, int in)
{
	for (int c = 0; c < in; c++) {
		weight[c] = c % 2 ? 0 : 2.0 / (in + 1);
		weight[in + c] = c % 2 ? 2.0 / (in + 1) : 0;
	}
}

/* One row of weights out of two: the mean of both sides. */
static void fold_weights(double *weight, int in)
{
	for (int c = 0; c < in; c++)
		weight[c] = (weight[c] + weight[in + c]) / 2;
}

enum drift_err mixdown_init(struct mixdown *m, const AVChannelLayout *layout, int out)
{
	struct mixdown mix = {.in = layout->nb_channels};

	mix.out = out ? out : mix.in == 1 ? 1 : 2;
	if (mix.in < 1 || mix.in > MIXDOWN_CHANNELS_MAX)
		return DRIFT_EMEDIA;
	if (mix.in <= 2)
		mix.weight[0] = mix.weight[mix.in + mix.in - 1] = 1;
	else if (stereo_weights(layout, mix.weight, mix.in) != DRIFT_OK)
		plain_weights(mix.weight, mix.in);
	if (mix.in == 1)
		mix.weight[1] = 1;
	else if (mix.out == 1)
		fold_weights(mix.weight, mix.in);
	*m = mix;
	return DRIFT_OK;
}

/* Does each channel come out as it is? */
static bool is_plain(const struct mixdown *m)
{
	return m->in == m->out;
}

static float sane(double v)
{
	return isfinite(v) ? (float)v : 0;
}

static double sample(const AVFrame *frame, enum AVSampleFormat format, int in, int channel, int i)
{
	const uint8_t *data = frame->extended_data[0];

	if (av_sample_fmt_is_planar((enum AVSampleFormat)frame->format))
		data = frame->extended_data[channel];
	else
		i = i * in + channel;
	switch (format) {
	case AV_SAMPLE_FMT_U8:
		return (data[i] - 128) / 128.0;
	case AV_SAMPLE_FMT_S16:
		return ((const int16_t *)(const void *)data)[i] / 32768.0;
	case AV_SAMPLE_FMT_S32:
		return ((const int32_t *)(const void *)data)[i] / 2147483648.0;
	case AV_SAMPLE_FMT_FLT:
		return ((const float *)(const void *)data)[i];
	default:
		return ((const double *)(const void *)data)[i];
	}
}

static void mix_sample(const struct mixdown *m, const double *in, float *out)
{
	for (int side = 0; side < m->out; side++) {
		double sum = 0;

		for (int c = 0; c < m->in; c++)
			sum += m->weight[side * m->in + c] * in[c];
		out[side] = sane(sum);
	}
}

static void mix_frame(const struct mixdown *m, const AVFrame *frame, enum AVSampleFormat format,
		      int from, int count, float *out)
{
	double in[MIXDOWN_CHANNELS_MAX];

	for (int i = from; i < from + count; i++, out += m->out) {
		for (int c = 0; c < m->in; c++)
			in[c] = sample(frame, format, m->in, c, i);
		if (!is_plain(m))
			mix_sample(m, in, out);
		else
			for (int c = 0; c < m->in; c++)
				out[c] = sane(in[c]);
	}
}

/* What most sources are; a float holds each sample exactly. */
static void copy_16_bits(const int16_t *in, int count, float *out)
{
	const float scale = 1 / 32768.0f;
	int i = 0;

	/* sixteen at a time are a few instructions */
	for (; i + 16 <= count; i += 16)
		for (int k = 0; k < 16; k++)
			out[i + k] = (float)in[i + k] * scale;
	for (; i < count; i++)
		out[i] = (float)in[i] * scale;
}

enum drift_err mixdown_write(const struct mixdown *m, const AVFrame *frame, int from, int count,
			     float *out)
{
	enum AVSampleFormat format = av_get_packed_sample_fmt((enum AVSampleFormat)frame->format);

	if (frame->ch_layout.nb_channels != m->in || from < 0 || count > frame->nb_samples - from)
		return DRIFT_EFORMAT;
	if (format < AV_SAMPLE_FMT_U8 || format > AV_SAMPLE_FMT_DBL)
		return DRIFT_EFORMAT;
	if (frame->format == AV_SAMPLE_FMT_S16 && is_plain(m))
		copy_16_bits((const int16_t *)(const void *)frame->extended_data[0] + from * m->in,
			     count * m->in, out);
	else
		mix_frame(m, frame, format, from, count, out);
	return DRIFT_OK;
}
