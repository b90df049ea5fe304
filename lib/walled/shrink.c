#include "walled/shrink.h"

#include "format/sniff.h"

#include <libavcodec/avcodec.h>
#include <libavutil/imgutils.h>
#include <libswscale/swscale.h>
#include <stdio.h>
#include <string.h>

#define QUALITY 4 /* of the encoder's 2 to 31, the best first */

/* Says it about the picture and gives DRIFT_EMEDIA back. */
#define REFUSE(reason, ...) (snprintf(reason, SHRINKWIRE_REASON_MAX, __VA_ARGS__), DRIFT_EMEDIA)

static const char *decoder_of(const void *data, size_t len)
{
	const char *type = sniff_picture(data, len);

	if (!type)
		return NULL;
	return strcmp(type, "image/png") == 0 ? "png" : "mjpeg";
}

/* The decoder's own padding behind the bytes. */
static AVPacket *packet_of(const void *data, size_t len)
{
	AVPacket *packet = av_packet_alloc();

	if (packet && av_new_packet(packet, (int)len) < 0)
		av_packet_free(&packet);
	if (packet)
		memcpy(packet->data, data, len);
	return packet;
}

static AVCodecContext *open_decoder(const char *name)
{
	const AVCodec *codec = avcodec_find_decoder_by_name(name);
	AVCodecContext *ctx = codec ? avcodec_alloc_context3(codec) : NULL;

	if (!ctx)
		return NULL;
	ctx->thread_count = 1;
	ctx->max_pixels = (int64_t)SHRINK_MEGAPIXELS_MAX * 1000000;
	if (avcodec_open2(ctx, codec, NULL) < 0)
		avcodec_free_context(&ctx);
	return ctx;
}

static enum drift_err decode_with(AVCodecContext *ctx, const AVPacket *packet, AVFrame *frame,
				  char *reason)
{
	int err = avcodec_send_packet(ctx, packet);

	if (err >= 0)
		err = avcodec_send_packet(ctx, NULL);
	if (err >= 0)
		err = avcodec_receive_frame(ctx, frame);
	if (err == AVERROR(ENOMEM))
		return DRIFT_ENOMEM;
	if (err >= 0 && frame->width <= SHRINK_SIDE_MAX && frame->height <= SHRINK_SIDE_MAX)
		return DRIFT_OK;
	if (err >= 0)
		return REFUSE(reason, "it measures %d x %d pixels", frame->width, frame->height);
	/* the decoder does not tell the two apart */
	return REFUSE(reason, "it is damaged, or has more than %d million pixels",
		      SHRINK_MEGAPIXELS_MAX);
}

static enum drift_err decode(const void *data, size_t len, AVFrame *frame, char *reason)
{
	const char *name = decoder_of(data, len);
	AVCodecContext *ctx = name ? open_decoder(name) : NULL;
	AVPacket *packet = ctx ? packet_of(data, len) : NULL;
	enum drift_err err = DRIFT_ENOMEM;

	if (!name)
		return REFUSE(reason, "it is neither JPEG nor PNG");
	if (packet)
		err = decode_with(ctx, packet, frame, reason);
	av_packet_free(&packet);
	avcodec_free_context(&ctx);
	return err;
}

static int scaled(int length, int side, int shorter)
{
	int64_t made = shorter > side ? (int64_t)length * side / shorter : length;

	return made > 0 ? (int)made : 1;
}

static enum drift_err scale(const AVFrame *from, int side, AVFrame *to)
{
	int shorter = from->width < from->height ? from->width : from->height;
	struct SwsContext *sws;
	int rows;

	to->width = scaled(from->width, side, shorter);
	to->height = scaled(from->height, side, shorter);
	to->format = AV_PIX_FMT_YUVJ420P;
	if (av_frame_get_buffer(to, 0) < 0)
		return DRIFT_ENOMEM;
	sws = sws_getContext(from->width, from->height, (enum AVPixelFormat)from->format, to->width,
			     to->height, AV_PIX_FMT_YUVJ420P, SWS_AREA, NULL, NULL, NULL);
	if (!sws)
		return DRIFT_ENOMEM;
	rows = sws_scale(sws, (const uint8_t *const *)from->data, from->linesize, 0, from->height,
			 to->data, to->linesize);
	sws_freeContext(sws);
	return rows == to->height ? DRIFT_OK : DRIFT_EMEDIA;
}

static AVCodecContext *open_encoder(const AVFrame *frame)
{
	const AVCodec *codec = avcodec_find_encoder(AV_CODEC_ID_MJPEG);
	AVCodecContext *ctx = codec ? avcodec_alloc_context3(codec) : NULL;

	if (!ctx)
		return NULL;
	ctx->width = frame->width;
	ctx->height = frame->height;
	ctx->pix_fmt = AV_PIX_FMT_YUVJ420P;
	ctx->time_base = (AVRational){1, 1};
	ctx->thread_count = 1;
	ctx->flags |= AV_CODEC_FLAG_QSCALE | AV_CODEC_FLAG_BITEXACT;
	ctx->global_quality = QUALITY * FF_QP2LAMBDA;
	if (avcodec_open2(ctx, codec, NULL) < 0)
		avcodec_free_context(&ctx);
	return ctx;
}

static enum drift_err encode(AVFrame *frame, struct buf *out)
{
	AVCodecContext *ctx = open_encoder(frame);
	AVPacket *packet = ctx ? av_packet_alloc() : NULL;
	enum drift_err err = DRIFT_ENOMEM;

	if (packet) {
		frame->quality = ctx->global_quality;
		if (avcodec_send_frame(ctx, frame) >= 0 &&
		    avcodec_receive_packet(ctx, packet) >= 0) {
			buf_add(out, packet->data, (size_t)packet->size);
			err = buf_ok(out) ? DRIFT_OK : DRIFT_ENOMEM;
		}
	}
	av_packet_free(&packet);
	avcodec_free_context(&ctx);
	return err;
}

enum drift_err shrink_picture(const void *data, size_t len, int side, struct buf *out,
			      char reason[SHRINKWIRE_REASON_MAX])
{
	AVFrame *large = av_frame_alloc(), *small = av_frame_alloc();
	enum drift_err err = DRIFT_ENOMEM;

	if (large && small)
		err = decode(data, len, large, reason);
	if (!err)
		err = scale(large, side, small);
	if (!err)
		err = encode(small, out);
	av_frame_free(&large);
	av_frame_free(&small);
	return err;
}
