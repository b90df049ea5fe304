#include "walled/pictures.h"

#include "format/grid.h"
#include "walled/picturecodec.h"

#include <libavutil/mathematics.h>
#include <libavutil/opt.h>
#include <libswscale/swscale.h>
#include <stdio.h>
#include <string.h>

#define SIDE_MAX 8192 /* pixels */
#define KEY_SECONDS 10 /* between key frames at most */

/* --- opening ------------------------------------------------------------------- */

static AVCodecContext *open_decoder(const AVStream *stream)
{
	const AVCodec *codec =
		avcodec_find_decoder_by_name(picturecodec_decoder(stream->codecpar->codec_id));
	AVCodecContext *ctx = codec ? avcodec_alloc_context3(codec) : NULL;

	if (!ctx || avcodec_parameters_to_context(ctx, stream->codecpar) < 0) {
		avcodec_free_context(&ctx);
		return NULL;
	}
	ctx->thread_count = 1;
	ctx->pkt_timebase = stream->time_base;
	ctx->max_pixels = (int64_t)SIDE_MAX * SIDE_MAX;
	if (avcodec_open2(ctx, codec, NULL) < 0)
		avcodec_free_context(&ctx);
	return ctx;
}

static AVRational rate_of(const AVStream *stream)
{
	AVRational rate =
		stream->avg_frame_rate.num ? stream->avg_frame_rate : stream->r_frame_rate;

	return rate.num > 0 && rate.den > 0 ? rate : (AVRational){25, 1};
}

static AVCodecContext *open_encoder(const AVStream *stream)
{
	const AVCodec *codec = avcodec_find_encoder_by_name("libx264");
	AVCodecContext *ctx = codec ? avcodec_alloc_context3(codec) : NULL;
	AVRational rate = rate_of(stream);

	if (!ctx)
		return NULL;
	ctx->width = stream->codecpar->width;
	ctx->height = stream->codecpar->height;
	ctx->sample_aspect_ratio = stream->codecpar->sample_aspect_ratio;
	ctx->pix_fmt = AV_PIX_FMT_YUV420P;
	ctx->time_base = stream->time_base;
	ctx->framerate = rate;
	ctx->gop_size = (int)(KEY_SECONDS * av_q2d(rate)) + 1;
	ctx->thread_count = 1;
	ctx->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
	av_opt_set(ctx->priv_data, "preset", "veryfast", 0);
	av_opt_set(ctx->priv_data, "crf", "20", 0);
	av_opt_set(ctx->priv_data, "forced-idr", "1", 0);
	/* no thread may be made behind the walls */
	av_opt_set(ctx->priv_data, "x264-params", "sync-lookahead=0:rc-lookahead=20", 0);
	if (avcodec_open2(ctx, codec, NULL) < 0)
		avcodec_free_context(&ctx);
	return ctx;
}

static enum drift_err start_encoding(struct pictures *p, char *reason)
{
	const AVStream *stream = p->demux.video;

	p->decoder = open_decoder(stream);
	p->encoder = p->decoder ? open_encoder(stream) : NULL;
	if (!p->encoder) {
		snprintf(reason, DEMUX_REASON_MAX, "its %s pictures cannot be made H.264",
			 avcodec_get_name(stream->codecpar->codec_id));
		return DRIFT_EMEDIA;
	}
	p->last_pts = AV_NOPTS_VALUE;
	p->time_base = p->encoder->time_base;
	return avcodec_parameters_from_context(p->par, p->encoder) < 0 ? DRIFT_ENOMEM : DRIFT_OK;
}

static enum drift_err start_copying(struct pictures *p)
{
	p->time_base = p->demux.video->time_base;
	if (avcodec_parameters_copy(p->par, p->demux.video->codecpar) < 0)
		return DRIFT_ENOMEM;
	/* the sample entry follows from the codec, not from what the source had */
	p->par->codec_tag = p->par->codec_id == AV_CODEC_ID_HEVC ? MKTAG('h', 'v', 'c', '1') : 0;
	return DRIFT_OK;
}

static enum drift_err start(struct pictures *p, char *reason)
{
	const AVCodecParameters *par = p->demux.video->codecpar;

	p->par = avcodec_parameters_alloc();
	p->packet = av_packet_alloc();
	p->frame = av_frame_alloc();
	if (!p->par || !p->packet || !p->frame)
		return DRIFT_ENOMEM;
	if (par->width < 1 || par->width > SIDE_MAX || par->height < 1 || par->height > SIDE_MAX) {
		snprintf(reason, DEMUX_REASON_MAX, "its pictures measure %d x %d", par->width,
			 par->height);
		return DRIFT_EMEDIA;
	}
	if (picturecodec_is_copied(par->codec_id))
		return start_copying(p);
	if (picturecodec_decoder(par->codec_id))
		return start_encoding(p, reason);
	snprintf(reason, DEMUX_REASON_MAX, "its pictures are %s, which Drift cannot convert",
		 avcodec_get_name(par->codec_id));
	return DRIFT_EMEDIA;
}

enum drift_err pictures_open(struct pictures *p, const struct demux_file *file,
			     char reason[DEMUX_REASON_MAX])
{
	enum drift_err err = demux_open_pictures(&p->demux, file, picturecodec_names(), reason);

	return err == DRIFT_OK ? start(p, reason) : err;
}

void pictures_close(struct pictures *p)
{
	avcodec_free_context(&p->decoder);
	avcodec_free_context(&p->encoder);
	avcodec_parameters_free(&p->par);
	av_packet_free(&p->packet);
	av_frame_free(&p->frame);
	av_frame_free(&p->fitted);
	sws_freeContext(p->fit);
	demux_close(&p->demux);
}

void pictures_begin_grid(struct pictures *p, int64_t at)
{
	p->begin = at;
}

/* --- packets --------------------------------------------------------------------- */

/* Motion JPEG has other formats than H.264 in browsers, and some films change their size. */
static bool is_fit(const struct pictures *p)
{
	return p->frame->width == p->encoder->width && p->frame->height == p->encoder->height &&
	       p->frame->format == AV_PIX_FMT_YUV420P;
}

static bool make_fitted(struct pictures *p)
{
	if (p->fitted)
		return av_frame_make_writable(p->fitted) >= 0;
	p->fitted = av_frame_alloc();
	if (!p->fitted)
		return false;
	p->fitted->format = AV_PIX_FMT_YUV420P;
	p->fitted->width = p->encoder->width;
	p->fitted->height = p->encoder->height;
	return av_frame_get_buffer(p->fitted, 0) >= 0;
}

/* The frame as the encoder takes it: borrowed, NULL where it cannot be made so. */
static AVFrame *fit_frame(struct pictures *p)
{
	const AVFrame *from = p->frame;

	if (is_fit(p))
		return p->frame;
	p->fit = sws_getCachedContext(p->fit, from->width, from->height,
				      (enum AVPixelFormat)from->format, p->encoder->width,
				      p->encoder->height, AV_PIX_FMT_YUV420P, SWS_BILINEAR, NULL,
				      NULL, NULL);
	if (!p->fit || !make_fitted(p) ||
	    sws_scale(p->fit, (const uint8_t *const *)from->data, from->linesize, 0, from->height,
		      p->fitted->data, p->fitted->linesize) != p->fitted->height)
		return NULL;
	return p->fitted;
}

static bool passes_grid(struct pictures *p, int64_t pts)
{
	int64_t ms = av_rescale_q(pts - p->begin, p->time_base, (AVRational){1, 1000});
	int64_t before = p->keys;

	while (grid_at(p->keys, 1000, GRID_SECONDS) <= ms)
		p->keys++;
	return p->keys > before;
}

/* Times must rise; a frame that has none comes right behind the one before. */
static enum drift_err encode_frame(struct pictures *p)
{
	int64_t pts = p->frame->best_effort_timestamp;
	AVFrame *frame = fit_frame(p);

	if (!frame)
		return DRIFT_EMEDIA;
	if (p->last_pts != AV_NOPTS_VALUE && (pts == AV_NOPTS_VALUE || pts <= p->last_pts))
		pts = p->last_pts + 1;
	frame->pts = pts == AV_NOPTS_VALUE ? 0 : pts;
	p->last_pts = frame->pts;
	frame->pict_type = AV_PICTURE_TYPE_NONE;
	if (passes_grid(p, frame->pts))
		frame->pict_type = AV_PICTURE_TYPE_I;
	return avcodec_send_frame(p->encoder, frame) < 0 ? DRIFT_EMEDIA : DRIFT_OK;
}

/* A packet that is damaged costs its pictures, no more. */
static enum drift_err feed_decoder(struct pictures *p)
{
	enum drift_err err = demux_next_video(&p->demux, p->packet);

	if (err == DRIFT_EMORE) {
		p->drained = true;
		(void)avcodec_send_packet(p->decoder, NULL);
		return DRIFT_OK;
	}
	if (err == DRIFT_OK)
		(void)avcodec_send_packet(p->decoder, p->packet);
	av_packet_unref(p->packet);
	return err;
}

/* One frame into the encoder, or the end. */
static enum drift_err feed_encoder(struct pictures *p)
{
	enum drift_err err = DRIFT_OK;
	int got;

	while ((got = avcodec_receive_frame(p->decoder, p->frame)) == AVERROR(EAGAIN) ||
	       (got < 0 && got != AVERROR_EOF && !p->drained)) {
		err = feed_decoder(p);
		if (err != DRIFT_OK)
			return err;
	}
	if (got >= 0)
		err = encode_frame(p);
	else
		p->flushed = avcodec_send_frame(p->encoder, NULL) >= 0;
	av_frame_unref(p->frame);
	if (got < 0 && !p->flushed)
		return DRIFT_EMEDIA;
	return err;
}

static enum drift_err encode_next(struct pictures *p, AVPacket *out)
{
	int got;

	while ((got = avcodec_receive_packet(p->encoder, out)) == AVERROR(EAGAIN)) {
		enum drift_err err = p->flushed ? DRIFT_EMORE : feed_encoder(p);

		if (err != DRIFT_OK)
			return err;
	}
	if (got == AVERROR_EOF)
		return DRIFT_EMORE;
	return got < 0 ? DRIFT_EMEDIA : DRIFT_OK;
}

enum drift_err pictures_next(struct pictures *p, AVPacket *out)
{
	return p->encoder ? encode_next(p, out) : demux_next_video(&p->demux, out);
}
