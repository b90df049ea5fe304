#include "walled/soundtrack.h"

#include <stdlib.h>
#include <string.h>

#define RUN_ROOM ((size_t)4 << 20) /* bytes; more than any packet has */
#define RUN_SECONDS 1
#define AAC_BITS_PER_CHANNEL 96000

/* --- copying ------------------------------------------------------------------- */

static enum AVCodecID id_of(const struct packing *p)
{
	if (memcmp(p->codec, "fLaC", 4) == 0)
		return AV_CODEC_ID_FLAC;
	return memcmp(p->codec, "Opus", 4) == 0 ? AV_CODEC_ID_OPUS : AV_CODEC_ID_AAC;
}

static enum drift_err describe_copy(struct soundtrack *s, const struct packing *packing)
{
	AVCodecParameters *par = s->par;

	par->codec_type = AVMEDIA_TYPE_AUDIO;
	par->codec_id = id_of(packing);
	par->sample_rate = packing->rate;
	par->bits_per_raw_sample = packing->bits;
	av_channel_layout_default(&par->ch_layout, packing->channels);
	par->extradata = av_mallocz(packing->config_bytes + AV_INPUT_BUFFER_PADDING_SIZE);
	if (!par->extradata)
		return DRIFT_ENOMEM;
	memcpy(par->extradata, packing->config, packing->config_bytes);
	par->extradata_size = (int)packing->config_bytes;
	return DRIFT_OK;
}

static bool can_be_copied(const struct packing *p)
{
	return p->way == PACKING_COPY && memcmp(p->codec, "mp3 ", 4) != 0;
}

static enum drift_err take_run(struct soundtrack *s)
{
	int64_t until = s->at + (int64_t)RUN_SECONDS * s->par->sample_rate;

	if (s->ended)
		return DRIFT_EMORE;
	s->taken = 0;
	s->taken_bytes = 0;
	s->run.room = RUN_ROOM;
	if (packer_copy(s->packer, 0, until, &s->run) != DRIFT_OK)
		return DRIFT_EMEDIA;
	s->ended = s->run.ended;
	return s->run.packets ? DRIFT_OK : DRIFT_EMORE;
}

static enum drift_err copy_next(struct soundtrack *s, AVPacket *out)
{
	const struct packing_entry *entry;
	enum drift_err err;

	if (s->taken == s->run.packets) {
		err = take_run(s);
		if (err != DRIFT_OK)
			return err;
	}
	entry = &s->run.entry[s->taken++];
	if (av_new_packet(out, (int)entry->bytes) < 0)
		return DRIFT_ENOMEM;
	memcpy(out->data, s->run.data + s->taken_bytes, entry->bytes);
	s->taken_bytes += entry->bytes;
	out->pts = out->dts = s->at - source_get_facts(s->source)->delay;
	out->duration = entry->samples;
	out->flags |= AV_PKT_FLAG_KEY;
	s->at += entry->samples;
	return DRIFT_OK;
}

static enum drift_err start_copying(struct soundtrack *s)
{
	s->run.entry = calloc(PACKING_PACKETS_MAX, sizeof(*s->run.entry));
	s->run.data = malloc(RUN_ROOM);
	if (!s->run.entry || !s->run.data)
		return DRIFT_ENOMEM;
	return describe_copy(s, packer_get_packing(s->packer));
}

/* --- encoding -------------------------------------------------------------------- */

static int channels_of(const struct soundtrack *s)
{
	return source_get_facts(s->source)->channels == 1 ? 1 : 2;
}

static enum drift_err open_encoder(struct soundtrack *s)
{
	const AVCodec *codec = avcodec_find_encoder(AV_CODEC_ID_AAC);
	AVCodecContext *ctx = codec ? avcodec_alloc_context3(codec) : NULL;

	s->encoder = ctx;
	if (!ctx)
		return DRIFT_ENOMEM;
	ctx->sample_rate = source_get_facts(s->source)->sample_rate;
	ctx->sample_fmt = AV_SAMPLE_FMT_FLTP;
	ctx->time_base = (AVRational){1, ctx->sample_rate};
	ctx->bit_rate = (int64_t)AAC_BITS_PER_CHANNEL * channels_of(s);
	ctx->thread_count = 1;
	ctx->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
	av_channel_layout_default(&ctx->ch_layout, channels_of(s));
	return avcodec_open2(ctx, codec, NULL) < 0 ? DRIFT_EMEDIA : DRIFT_OK;
}

static enum drift_err start_encoding(struct soundtrack *s)
{
	enum drift_err err = open_encoder(s);

	if (err != DRIFT_OK)
		return err;
	s->frame = av_frame_alloc();
	s->pcm = calloc((size_t)s->encoder->frame_size * 2, sizeof(*s->pcm));
	if (!s->frame || !s->pcm || avcodec_parameters_from_context(s->par, s->encoder) < 0)
		return DRIFT_ENOMEM;
	return DRIFT_OK;
}

static void deinterleave(const struct soundtrack *s, int samples)
{
	int channels = channels_of(s);

	for (int c = 0; c < channels; c++) {
		float *lane = (float *)(void *)s->frame->extended_data[c];

		for (int i = 0; i < samples; i++)
			lane[i] = s->pcm[i * channels + c];
	}
}

static enum drift_err fill_frame(struct soundtrack *s, int samples)
{
	AVFrame *f = s->frame;
	enum drift_err err = source_read(s->source, s->fed, samples, s->pcm);

	if (err != DRIFT_OK)
		return err;
	f->format = s->encoder->sample_fmt;
	f->sample_rate = s->encoder->sample_rate;
	f->nb_samples = samples;
	f->pts = s->fed;
	if (av_channel_layout_copy(&f->ch_layout, &s->encoder->ch_layout) < 0 ||
	    av_frame_get_buffer(f, 0) < 0)
		return DRIFT_ENOMEM;
	deinterleave(s, samples);
	return DRIFT_OK;
}

static enum drift_err feed_encoder(struct soundtrack *s)
{
	int64_t left = source_get_facts(s->source)->samples - s->fed;
	int samples = (int)(left < s->encoder->frame_size ? left : s->encoder->frame_size);
	enum drift_err err = DRIFT_OK;
	int sent;

	if (samples <= 0) {
		s->ended = true;
		return avcodec_send_frame(s->encoder, NULL) < 0 ? DRIFT_EMEDIA : DRIFT_OK;
	}
	err = fill_frame(s, samples);
	sent = err == DRIFT_OK ? avcodec_send_frame(s->encoder, s->frame) : 0;
	av_frame_unref(s->frame);
	s->fed += samples;
	return sent < 0 ? DRIFT_EMEDIA : err;
}

static enum drift_err encode_next(struct soundtrack *s, AVPacket *out)
{
	int got;

	while ((got = avcodec_receive_packet(s->encoder, out)) == AVERROR(EAGAIN)) {
		enum drift_err err = s->ended ? DRIFT_EMORE : feed_encoder(s);

		if (err != DRIFT_OK)
			return err;
	}
	if (got == AVERROR_EOF)
		return DRIFT_EMORE;
	return got < 0 ? DRIFT_EMEDIA : DRIFT_OK;
}

/* --- either ------------------------------------------------------------------------ */

enum drift_err soundtrack_open(struct soundtrack *s, struct source *source)
{
	enum drift_err err;

	*s = (struct soundtrack){.source = source, .par = avcodec_parameters_alloc()};
	if (!s->par)
		return DRIFT_ENOMEM;
	err = packer_new(source, &s->packer);
	if (err != DRIFT_OK)
		return err;
	if (can_be_copied(packer_get_packing(s->packer)))
		return start_copying(s);
	packer_free(s->packer);
	s->packer = NULL;
	return start_encoding(s);
}

void soundtrack_close(struct soundtrack *s)
{
	packer_free(s->packer);
	avcodec_free_context(&s->encoder);
	avcodec_parameters_free(&s->par);
	av_frame_free(&s->frame);
	free(s->run.entry);
	free(s->run.data);
	free(s->pcm);
	*s = (struct soundtrack){0};
}

enum drift_err soundtrack_next(struct soundtrack *s, AVPacket *out)
{
	return s->encoder ? encode_next(s, out) : copy_next(s, out);
}
