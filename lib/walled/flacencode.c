#include "walled/flacencode.h"

#include "format/flacframe.h"

#include <libavcodec/avcodec.h>
#include <string.h>

static AVCodecContext *encoder_open(const struct flacencode_pcm *pcm)
{
	const AVCodec *codec = avcodec_find_encoder(AV_CODEC_ID_FLAC);
	AVCodecContext *ctx = codec ? avcodec_alloc_context3(codec) : NULL;

	if (!ctx)
		return NULL;
	ctx->sample_rate = pcm->rate;
	ctx->sample_fmt = pcm->bits == 16 ? AV_SAMPLE_FMT_S16 : AV_SAMPLE_FMT_S32;
	ctx->bits_per_raw_sample = pcm->bits;
	ctx->frame_size = PACKING_BLOCK;
	ctx->thread_count = 1;
	ctx->time_base = (AVRational){1, pcm->rate};
	/* more than the format's subset allows is fine where it is needed (9.1) */
	ctx->strict_std_compliance = FF_COMPLIANCE_EXPERIMENTAL;
	av_channel_layout_default(&ctx->ch_layout, pcm->channels);
	if (avcodec_open2(ctx, codec, NULL) < 0)
		avcodec_free_context(&ctx);
	return ctx;
}

enum drift_err flacencode_describe(const struct flacencode_pcm *pcm,
				   uint8_t out[PACKING_CONFIG_MAX])
{
	AVCodecContext *ctx = encoder_open(pcm);
	enum drift_err err = DRIFT_EMEDIA;

	if (ctx && ctx->extradata_size == FLACFRAME_STREAMINFO_BYTES) {
		memcpy(out, ctx->extradata, FLACFRAME_STREAMINFO_BYTES);
		/* the encoder's guess at the largest frame */
		flacframe_complete(out, 0, 0, 0);
		err = DRIFT_OK;
	}
	avcodec_free_context(&ctx);
	return err;
}

/* One run of blocks. */
struct run {
	const struct flacencode_pcm *pcm;
	AVCodecContext *ctx;
	AVFrame *frame;
	AVPacket *packet;
	size_t stride; /* bytes of a sample of all channels */
};

static enum drift_err fill_frame(const struct run *r, int32_t at, int32_t samples)
{
	AVFrame *f = r->frame;

	av_frame_unref(f);
	f->format = r->ctx->sample_fmt;
	f->sample_rate = r->pcm->rate;
	f->nb_samples = samples;
	f->pts = at;
	if (av_channel_layout_copy(&f->ch_layout, &r->ctx->ch_layout) < 0 ||
	    av_frame_get_buffer(f, 0) < 0)
		return DRIFT_ENOMEM;
	memcpy(f->data[0], r->pcm->data + (size_t)at * r->stride, (size_t)samples * r->stride);
	return DRIFT_OK;
}

static enum drift_err encode_block(const struct run *r, int32_t at, int32_t samples)
{
	enum drift_err err = fill_frame(r, at, samples);

	if (err != DRIFT_OK)
		return err;
	if (avcodec_send_frame(r->ctx, r->frame) < 0 ||
	    avcodec_receive_packet(r->ctx, r->packet) < 0)
		return DRIFT_EMEDIA;
	return DRIFT_OK;
}

static enum drift_err run_blocks(const struct run *r, struct packing_entry *entry, uint8_t *out,
				 size_t room, size_t *used)
{
	uint32_t number = r->pcm->number;
	size_t at = 0, bytes;

	for (int32_t from = 0; from < r->pcm->samples; from += PACKING_BLOCK) {
		int32_t left = r->pcm->samples - from;
		int32_t samples = left < PACKING_BLOCK ? left : PACKING_BLOCK;
		enum drift_err err = encode_block(r, from, samples);

		if (err != DRIFT_OK)
			return err;
		if ((size_t)r->packet->size + FLACFRAME_GROWTH_MAX > room - at)
			return DRIFT_ELARGE;
		bytes = flacframe_renumber(r->packet->data, (size_t)r->packet->size, number++,
					   out + at);
		av_packet_unref(r->packet);
		if (bytes == 0)
			return DRIFT_EMEDIA;
		*entry++ = (struct packing_entry){(uint32_t)bytes, (uint32_t)samples};
		at += bytes;
	}
	*used = at;
	return DRIFT_OK;
}

enum drift_err flacencode_run(const struct flacencode_pcm *pcm, struct packing_entry *entry,
			      uint8_t *out, size_t room, size_t *used)
{
	size_t width = pcm->bits == 16 ? sizeof(int16_t) : sizeof(int32_t);
	struct run r = {
		.pcm = pcm,
		.ctx = encoder_open(pcm),
		.frame = av_frame_alloc(),
		.packet = av_packet_alloc(),
		.stride = width * (size_t)pcm->channels,
	};
	enum drift_err err = DRIFT_ENOMEM;

	if (r.ctx && r.frame && r.packet)
		err = run_blocks(&r, entry, out, room, used);
	av_packet_free(&r.packet);
	av_frame_free(&r.frame);
	avcodec_free_context(&r.ctx);
	return err;
}
