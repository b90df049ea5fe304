#include "walled/voice.h"

#include "walled/framedecode.h"

#include <stdio.h>

#define PROBE_PACKETS 128 /* tried until PROBE_FRAMES of them decode */
#define PROBE_FRAMES 8
#define SBR_PREROLL 50

/* Says it about the stream and gives DRIFT_EMEDIA back. */
#define REFUSE(reason, ...) (snprintf(reason, DEMUX_REASON_MAX, __VA_ARGS__), DRIFT_EMEDIA)

/* --- what the first packets tell ------------------------------------------------ */

/* The last of the probed frames counts: the first may be of a decoder that is not sure yet. */
static enum drift_err take_frame(struct voice *v, const struct demux *d, const AVFrame *frame)
{
	v->rate = frame->sample_rate;
	v->layout = frame->ch_layout.order == AV_CHANNEL_ORDER_NATIVE
			    ? frame->ch_layout
			    : (AVChannelLayout){.nb_channels = frame->ch_layout.nb_channels};
	v->format = (enum AVSampleFormat)frame->format;
	if (d->codec->id == AV_CODEC_ID_AAC)
		v->frame = frame->nb_samples;
	return mixdown_init(&v->mix, &v->layout, 0);
}

static enum drift_err learn_with(struct packets *p, struct voice *v, AVCodecContext *ctx,
				 AVPacket *packet, AVFrame *frame, char *reason)
{
	enum drift_err err = DRIFT_OK;
	int frames = 0;

	for (int i = 0; i < PROBE_PACKETS && frames < PROBE_FRAMES && err == DRIFT_OK; i++) {
		err = demux_next(&p->demux, packet);
		if (err != DRIFT_OK)
			break;
		err = framedecode_first(ctx, packet, frame);
		av_packet_unref(packet);
		if (err == DRIFT_OK) {
			frames++;
			v->bits = ctx->bits_per_raw_sample;
			err = take_frame(v, &p->demux, frame);
			av_frame_unref(frame);
			while (err == DRIFT_OK && framedecode_next(ctx, frame) == DRIFT_OK)
				av_frame_unref(frame);
			if (err != DRIFT_OK)
				return REFUSE(reason, "it has more than %d channels",
					      MIXDOWN_CHANNELS_MAX);
		} else if (err != DRIFT_ENOMEM) {
			err = DRIFT_OK;
		}
	}
	if (err == DRIFT_ENOMEM)
		return err;
	return frames ? DRIFT_OK : REFUSE(reason, "none of its audio can be decoded");
}

enum drift_err voice_learn(struct packets *p, struct voice *out, char reason[DEMUX_REASON_MAX])
{
	AVCodecContext *ctx = framedecode_open(&p->demux);
	AVPacket *packet = av_packet_alloc();
	AVFrame *frame = av_frame_alloc();
	enum drift_err err = DRIFT_ENOMEM;
	struct voice voice = {0};

	if (!ctx)
		err = REFUSE(reason, "its %s header is broken", p->demux.codec->name);
	else if (packet && frame)
		err = learn_with(p, &voice, ctx, packet, frame, reason);
	av_frame_free(&frame);
	av_packet_free(&packet);
	avcodec_free_context(&ctx);
	if (err)
		return err;
	voice.preroll =
		codec_doubles(p->demux.codec, voice.frame) ? SBR_PREROLL : p->demux.codec->preroll;
	*out = voice;
	return DRIFT_OK;
}

/* --- samples ---------------------------------------------------------------------- */

void voice_set_output(struct voice *v, int out)
{
	enum drift_err err = mixdown_init(&v->mix, &v->layout, out);

	/* it was possible when it was learnt */
	(void)err;
}

enum drift_err voice_write(const struct voice *v, const AVFrame *frame, int from, int count,
			   float *out)
{
	struct mixdown own;

	if (frame->ch_layout.nb_channels == v->mix.in)
		return mixdown_write(&v->mix, frame, from, count, out);
	if (mixdown_init(&own, &frame->ch_layout, v->mix.out) != DRIFT_OK)
		return DRIFT_EFORMAT;
	return mixdown_write(&own, frame, from, count, out);
}
