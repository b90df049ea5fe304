#include "walled/framedecode.h"

#include <libavutil/opt.h>

#define FRAME_SAMPLES_MAX (1 << 20)

AVCodecContext *framedecode_open(const struct demux *d)
{
	const AVCodec *codec = avcodec_find_decoder_by_name(d->codec->decoder);
	AVCodecContext *ctx = codec ? avcodec_alloc_context3(codec) : NULL;

	if (!ctx || avcodec_parameters_to_context(ctx, d->stream->codecpar) < 0) {
		avcodec_free_context(&ctx);
		return NULL;
	}
	ctx->thread_count = 1;
	ctx->max_samples = FRAME_SAMPLES_MAX;
	ctx->request_sample_fmt = AV_SAMPLE_FMT_FLT;
	/* trimming is done here, by position, not by the decoder */
	ctx->flags2 |= AV_CODEC_FLAG2_SKIP_MANUAL;
	/* the demuxer calls every layer of MPEG audio mp3; see demux.c */
	ctx->codec_id = codec->id;
	if (codec->id == AV_CODEC_ID_DTS) /* its extensions have another length */
		av_opt_set_int(ctx->priv_data, "core_only", 1, 0);
	if (codec->id == AV_CODEC_ID_APE) /* in one piece, as the packet is */
		av_opt_set(ctx->priv_data, "max_samples", "all", 0);
	if (avcodec_open2(ctx, codec, NULL) < 0)
		avcodec_free_context(&ctx);
	return ctx;
}

enum drift_err framedecode_next(AVCodecContext *ctx, AVFrame *frame)
{
	int err = avcodec_receive_frame(ctx, frame);

	if (err == AVERROR(ENOMEM))
		return DRIFT_ENOMEM;
	if (err == AVERROR(EAGAIN) || err == AVERROR_EOF)
		return DRIFT_EMORE;
	return err < 0 ? DRIFT_EFORMAT : DRIFT_OK;
}

enum drift_err framedecode_first(AVCodecContext *ctx, const AVPacket *packet, AVFrame *frame)
{
	int err = avcodec_send_packet(ctx, packet);

	if (err == AVERROR(ENOMEM))
		return DRIFT_ENOMEM;
	return err < 0 ? DRIFT_EFORMAT : framedecode_next(ctx, frame);
}
