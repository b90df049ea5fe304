#include "walled/source.h"

#include "format/packetidx.h"
#include "walled/chain.h"
#include "walled/extent.h"
#include "walled/framedecode.h"
#include "walled/packets.h"
#include "walled/sourcekind.h"
#include "walled/sourcetags.h"
#include "walled/stills.h"
#include "walled/voice.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INDEX_PER_SECOND 2
#define RESAMPLED_PIECE 240000 /* samples at the chain's rate that are made at a time */

struct source {
	struct incoming file;
	bool is_endless; /* facts.samples is a limit, not a length */
	struct packets packets;
	struct chain chain; /* what is decoded of the file */
	struct decoder_facts facts;
	struct voice voice; /* of what is decoded first */
	bool repackaged; /* see source_new_repackaged() */
	const uint8_t *index; /* borrowed while it is opened */
	size_t index_bytes; /* 0: there is none */
	uint8_t *cover; /* owned */
	int64_t damaged;
};

/* Says it about the file and gives DRIFT_EMEDIA back. */
#define REFUSE(reason, ...) (snprintf(reason, SOURCE_REASON_MAX, __VA_ARGS__), DRIFT_EMEDIA)

/* --- facts ---------------------------------------------------------------- */

/* Moving pictures make it a video, Opus in Ogg an .opus, WebM a .webm. */
static void name_file(const struct demux *d, struct decoder_facts *f, const struct sniff *sniff)
{
	const char *extension = sniff->extension, *mime = sniff->mime;
	const AVDictionaryEntry *brand = av_dict_get(d->format->metadata, "major_brand", NULL, 0);

	if (strcmp(sniff->container, "mp4") == 0 && brand && strcmp(brand->value, "qt  ") == 0) {
		extension = "mov";
		mime = "video/quicktime";
	} else if (strcmp(sniff->container, "mp4") == 0 && d->moves) {
		extension = "mp4";
		mime = "video/mp4";
	} else if (strcmp(sniff->container, "matroska") == 0 && d->moves) {
		extension = "mkv";
		mime = "video/x-matroska";
	} else if (strcmp(sniff->container, "asf") == 0 && d->moves) {
		extension = "wmv";
		mime = "video/x-ms-wmv";
	}
	snprintf(f->container, sizeof(f->container), "%s", sniff->container);
	snprintf(f->extension, sizeof(f->extension), "%s", extension);
	snprintf(f->mime, sizeof(f->mime), "%s", mime);
	snprintf(f->codec, sizeof(f->codec), "%s", d->codec->name);
	if (d->video)
		snprintf(f->video, sizeof(f->video), "%s",
			 avcodec_get_name(d->video->codecpar->codec_id));
}

static int32_t stated_bits(const struct source *s)
{
	const struct demux *d = &s->packets.demux;

	if (d->codec->bits)
		return d->codec->bits;
	return s->voice.bits ? s->voice.bits : d->stream->codecpar->bits_per_coded_sample;
}

static enum drift_err describe(struct source *s, char *reason)
{
	const struct demux *d = &s->packets.demux;
	struct decoder_facts *f = &s->facts;

	if (f->sample_rate < 1000 || f->sample_rate > 768000)
		return REFUSE(reason, "its sample rate of %d Hz is beyond belief", f->sample_rate);
	name_file(d, f, &s->packets.file.sniff);
	f->lossless = d->codec->lossless;
	f->bits = f->lossless ? stated_bits(s) : 0;
	return sourcetags_read(d, &s->packets.file, f, &s->cover);
}

static enum drift_err reopen(struct packets *p, char *reason)
{
	packets_close(p);
	return packets_open(p, reason);
}

/* Single pictures serve where there is no real cover. A file that still arrives may have them at
   its end. */
static enum drift_err find_still(struct source *s, char *reason)
{
	enum drift_err err;

	if (s->cover || !s->packets.demux.stills || !incoming_is_whole(&s->file))
		return DRIFT_OK;
	err = stills_read(&s->packets.demux, &s->facts, &s->cover);
	return err ? err : reopen(&s->packets, reason);
}

/* What was measured before, if it is of this file and of a length that is taken. */
static bool measure_by_index(struct source *s, int64_t max_hours, struct extent *out)
{
	struct packetidx_facts known;
	int64_t most = max_hours * 3600 * s->facts.sample_rate;

	if (!s->index_bytes ||
	    packetidx_read(&s->packets.index, &known, s->index, s->index_bytes) != DRIFT_OK)
		return false;
	if (known.rate != s->facts.sample_rate || known.bytes != s->file.bytes ||
	    known.samples < 1 || known.samples > most) {
		packetidx_clear(&s->packets.index);
		return false;
	}
	*out = (struct extent){.total = known.delay + known.samples, .delay = known.delay};
	return true;
}

static enum drift_err measure_whole(struct source *s, int64_t max_hours, char *reason)
{
	enum drift_err err;

	s->packets.indexing = true;
	s->packets.index.step = s->facts.sample_rate / INDEX_PER_SECOND;
	err = chain_measure(&s->chain, &s->packets, &s->voice, max_hours, reason);
	s->packets.indexing = false;
	if (s->chain.count > 1) {
		/* it would have to say where in which link; a walk through one is short */
		packetidx_clear(&s->packets.index);
		snprintf(s->facts.container, sizeof(s->facts.container), "%s-chain",
			 s->packets.file.sniff.container);
	}
	return err;
}

/* Before anything is read: where its first and its last sample are. */
static enum drift_err measure(struct source *s, int64_t max_hours, char *reason)
{
	int64_t most = max_hours * 3600 * s->facts.sample_rate;
	struct extent extent;
	enum drift_err err;

	if (!incoming_is_whole(&s->file)) {
		s->is_endless = !extent_foresee(&s->packets, s->facts.sample_rate, most, &extent);
		err = chain_begin(&s->chain, &s->packets, &s->voice, &extent);
	} else if (measure_by_index(s, max_hours, &extent)) {
		err = chain_begin(&s->chain, &s->packets, &s->voice, &extent);
	} else {
		err = measure_whole(s, max_hours, reason);
	}
	if (err == DRIFT_ELARGE)
		return REFUSE(reason, "it is longer than %lld hours", (long long)max_hours);
	if (err != DRIFT_OK)
		return err;
	s->facts.sample_rate = s->chain.rate;
	s->facts.channels = s->chain.channels;
	s->facts.samples = chain_samples(&s->chain);
	if (s->facts.samples <= 0)
		return REFUSE(reason, "there is no sound in it");
	s->facts.delay = (int32_t)s->chain.link[0].extent.delay;
	s->facts.padding = (int32_t)s->chain.link[s->chain.count - 1].extent.padding;
	return chain_enter(&s->chain, &s->packets, 0);
}

void source_get_index(const struct source *s, struct buf *out)
{
	const struct packetidx_facts facts = {
		.rate = s->facts.sample_rate,
		.delay = s->facts.delay,
		.samples = s->facts.samples,
		.bytes = s->file.bytes,
	};

	if (s->packets.index.count > 0)
		packetidx_write(&s->packets.index, &facts, out);
}

static bool is_copied(const struct source *s)
{
	return s->repackaged && s->packets.demux.codec->mp4 && !s->packets.demux.video;
}

/* Of what is copied no sample is counted; an index is of use for the places alone. */
static enum drift_err limit_copied(struct source *s, int64_t max_hours, char *reason)
{
	struct extent extent;

	(void)measure_by_index(s, max_hours, &extent);
	if (chain_is_in(&s->packets))
		return REFUSE(reason, "MP4 cannot hold streams one after the other");
	extent_limit(&s->packets);
	return DRIFT_OK;
}

static enum drift_err open_source(struct source *s, int64_t max_hours, char *reason)
{
	enum drift_err err = sourcekind_read(&s->packets.file, reason);

	if (err == DRIFT_OK)
		err = packets_open(&s->packets, reason);
	if (err == DRIFT_OK)
		err = voice_learn(&s->packets, &s->voice, reason);
	s->packets.rate = s->voice.rate;
	s->packets.frame = s->voice.frame;
	s->facts.sample_rate = s->voice.rate;
	s->facts.channels = s->voice.layout.nb_channels;
	if (err == DRIFT_OK)
		err = describe(s, reason);
	if (err == DRIFT_OK)
		err = reopen(&s->packets, reason);
	if (err == DRIFT_OK)
		err = find_still(s, reason);
	if (err == DRIFT_OK && is_copied(s) && incoming_is_whole(&s->file))
		return limit_copied(s, max_hours, reason);
	if (err == DRIFT_OK)
		err = measure(s, max_hours, reason);
	if (is_copied(s))
		s->facts.samples = 0;
	return err;
}

static enum drift_err new_source(struct source *s, struct incoming file, int64_t max_hours,
				 void (*beat)(void), struct source **out, char *reason)
{
	enum drift_err err;

	if (!s)
		return DRIFT_ENOMEM;
	s->file = file;
	s->packets.file.in = &s->file;
	s->packets.beat = beat;
	s->packets.limit = INT64_MAX;
	err = open_source(s, max_hours, reason);
	if (err != DRIFT_OK) {
		source_free(s);
		return err;
	}
	*out = s;
	return DRIFT_OK;
}

enum drift_err source_new(struct incoming file, int64_t max_hours, void (*beat)(void),
			  struct source **out, char reason[SOURCE_REASON_MAX])
{
	return new_source(calloc(1, sizeof(struct source)), file, max_hours, beat, out, reason);
}

/* NULL when out of memory. */
static struct source *blank(const uint8_t *index, size_t len, bool repackaged)
{
	struct source *s = calloc(1, sizeof(*s));

	if (s)
		*s = (struct source){.repackaged = repackaged, .index = index, .index_bytes = len};
	return s;
}

enum drift_err source_new_indexed(struct incoming file, int64_t max_hours, void (*beat)(void),
				  const uint8_t *index, size_t index_bytes, struct source **out,
				  char reason[SOURCE_REASON_MAX])
{
	return new_source(blank(index, index_bytes, false), file, max_hours, beat, out, reason);
}

enum drift_err source_new_repackaged(struct incoming file, int64_t max_hours, void (*beat)(void),
				     const uint8_t *index, size_t index_bytes, struct source **out,
				     char reason[SOURCE_REASON_MAX])
{
	return new_source(blank(index, index_bytes, true), file, max_hours, beat, out, reason);
}

void source_free(struct source *s)
{
	if (!s)
		return;
	packets_close(&s->packets);
	packetidx_clear(&s->packets.index);
	chain_clear(&s->chain);
	free(s->cover);
	free(s);
}

const struct decoder_facts *source_get_facts(const struct source *s)
{
	return &s->facts;
}

const uint8_t *source_get_cover(const struct source *s)
{
	return s->cover;
}

int source_whole_bits(const struct source *s)
{
	return pcmint_bits(s->voice.format);
}

bool source_is_whole(const struct source *s)
{
	return incoming_is_whole(&s->file);
}

enum drift_err source_leave_out_pictures(struct source *s, char reason[SOURCE_REASON_MAX])
{
	s->packets.file.sound_alone = true;
	return reopen(&s->packets, reason);
}

struct packets *source_get_packets(struct source *s)
{
	return &s->packets;
}

int64_t source_get_damaged(const struct source *s)
{
	return s->damaged;
}

/* --- reading -------------------------------------------------------------- */

struct range {
	int64_t from, to; /* raw positions */
	int64_t filled; /* up to here */
	uint8_t *out; /* where from goes */
	size_t stride; /* bytes of a sample of all channels */
	struct pcmint *whole; /* NULL: floats are wanted */
	const struct voice *voice; /* of what is decoded */
};

static uint8_t *place_of(const struct range *r, int64_t at)
{
	return r->out + (size_t)(at - r->from) * r->stride;
}

static enum drift_err convert(const struct range *r, const AVFrame *frame, int skip, int64_t from,
			      int64_t to)
{
	uint8_t *out = place_of(r, from);
	int count = (int)(to - from);

	if (r->whole)
		return pcmint_write(r->whole, frame, skip, count, out);
	return voice_write(r->voice, frame, skip, count, (float *)(void *)out);
}

/* Silence where no packet gave anything. */
static void fill_up(struct range *r, int64_t to)
{
	if (r->filled < to)
		memset(place_of(r, r->filled), 0, (size_t)(to - r->filled) * r->stride);
	r->filled = to;
}

/* The part of a frame that starts at at and lies in the range, behind what is filled and before
   end. */
static bool place(struct range *r, int64_t at, int64_t end, const AVFrame *frame)
{
	int64_t from = at > r->filled ? at : r->filled;
	int64_t to = at + frame->nb_samples < end ? at + frame->nb_samples : end;

	to = to < r->to ? to : r->to;
	if (frame->sample_rate != r->voice->rate)
		return false;
	if (from >= to)
		return true;
	if (convert(r, frame, (int)(from - at), from, to) != DRIFT_OK)
		return false;
	fill_up(r, from);
	r->filled = to;
	return true;
}

/* Musepack fills its last packet with frames that are not there. */
static int64_t end_of_heard(const struct source *s)
{
	const struct chain *c = &s->chain;

	if (c->open >= c->count)
		return INT64_MAX;
	return c->link[c->open].extent.total - c->link[c->open].extent.padding;
}

/* All frames of a packet, one behind the other. whole: out: it gave what it should. */
static enum drift_err decode_packet(const struct source *s, struct range *r, AVCodecContext *ctx,
				    const struct packet *p, AVFrame *frame, bool *whole)
{
	enum drift_err err = framedecode_first(ctx, p->data, frame);
	int64_t at = p->at, end = p->at + p->samples;

	*whole = true;
	for (; err == DRIFT_OK; err = framedecode_next(ctx, frame)) {
		*whole = place(r, at, end, frame) && *whole;
		at += frame->nb_samples;
		av_frame_unref(frame);
	}
	*whole = *whole && (at >= end || at >= end_of_heard(s));
	return err == DRIFT_ENOMEM ? err : DRIFT_OK;
}

static enum drift_err decode_range(struct source *s, struct range *r, AVCodecContext *ctx,
				   AVFrame *frame)
{
	const struct packets *q = &s->packets;

	for (int i = q->head; i < q->head + q->count && q->queue[i].at < r->to; i++) {
		const struct packet *p = &q->queue[i];
		bool whole;
		enum drift_err err = decode_packet(s, r, ctx, p, frame, &whole);

		if (err != DRIFT_OK)
			return err;
		/* counted by the one read in which it starts */
		if (!whole && p->samples > 0 && p->at >= r->from)
			s->damaged++;
	}
	return DRIFT_OK;
}

static enum drift_err read_range(struct source *s, struct range *r)
{
	enum drift_err err = packets_need(&s->packets, r->from, r->to, r->voice->preroll);
	AVCodecContext *ctx;
	AVFrame *frame;

	if (err != DRIFT_OK)
		return err;
	if (s->is_endless && s->packets.ended) {
		s->facts.samples = s->packets.next_at - s->facts.delay;
		s->is_endless = false;
	}
	ctx = framedecode_open(&s->packets.demux);
	frame = av_frame_alloc();
	err = ctx && frame ? decode_range(s, r, ctx, frame) : DRIFT_ENOMEM;
	fill_up(r, r->to);
	av_frame_free(&frame);
	avcodec_free_context(&ctx);
	return err;
}

/* [from, to) of what is heard of link i, at its own rate. */
static enum drift_err read_native(struct source *s, int i, int64_t from, int64_t to,
				  struct range *r)
{
	int64_t delay = s->chain.link[i].extent.delay;
	enum drift_err err = chain_enter(&s->chain, &s->packets, i);

	r->voice = &s->chain.link[i].voice;
	r->from = r->filled = from + delay;
	r->to = to + delay;
	return err ? err : read_range(s, r);
}

/* The native samples of needs, silence around the link. */
static enum drift_err read_needs(struct source *s, int i, struct resample_range needs, float *in)
{
	int64_t samples = chain_native_samples(&s->chain, i);
	int64_t from = needs.first > 0 ? needs.first : 0;
	int64_t to = needs.end < samples ? needs.end : samples;
	int out = s->chain.link[i].voice.mix.out;
	struct range r = {
		.out = (uint8_t *)(in + (from - needs.first) * out),
		.stride = (size_t)out * sizeof(*in),
	};

	return from < to ? read_native(s, i, from, to, &r) : DRIFT_OK;
}

/* A piece of link i at the chain's rate, which is not the link's. */
static enum drift_err resample_piece(struct source *s, int i, struct resample_range want,
				     float *out)
{
	size_t channels = (size_t)s->chain.link[i].voice.mix.out;
	const struct resampler *resampler;
	enum drift_err err = chain_resampler(&s->chain, i, &resampler);
	struct resample_range needs;
	float *in;

	if (err)
		return err;
	needs = resampler_needs(resampler, want);
	in = calloc((size_t)(needs.end - needs.first) * channels, sizeof(*in));
	if (!in)
		return DRIFT_ENOMEM;
	err = read_needs(s, i, needs, in);
	if (!err)
		resampler_run(resampler, in, want, out);
	free(in);
	return err;
}

/* [from, to) of what is heard of link i, at the chain's rate; pieces lie on a grid of the link. */
static enum drift_err read_link(struct source *s, int i, int64_t from, int64_t to, struct range *r)
{
	enum drift_err err = DRIFT_OK;

	if (s->chain.link[i].voice.rate == s->chain.rate)
		return read_native(s, i, from, to, r);
	if (r->whole)
		return DRIFT_EMEDIA; /* what was resampled is not what was uploaded */
	for (int64_t at = from, end; !err && at < to; at = end) {
		struct resample_range want;

		end = (at / RESAMPLED_PIECE + 1) * RESAMPLED_PIECE;
		end = end < to ? end : to;
		want = (struct resample_range){at, end};
		err = resample_piece(s, i, want,
				     (float *)(void *)(r->out + (size_t)(at - from) * r->stride));
	}
	return err;
}

/* [from, to) of what is heard, link by link. */
static enum drift_err read_links(struct source *s, int64_t from, int64_t to, struct range *r)
{
	enum drift_err err = DRIFT_OK;

	for (int i = 0; !err && from < to; i++) {
		int64_t samples = chain_link_samples(&s->chain, i);
		int64_t end = to < samples ? to : samples;

		if (from < end) {
			err = read_link(s, i, from, end, r);
			r->out += (size_t)(end - from) * r->stride;
			from = end;
		}
		from -= samples;
		to -= samples;
	}
	return err;
}

/* [first, first + count), of which what is not heard is silence. out: where first goes. */
static enum drift_err read_heard(struct source *s, int64_t first, int32_t count, struct range *r)
{
	int64_t heard = s->facts.samples, before = first < 0 ? -first : 0;
	int64_t behind = first > heard - count ? first - (heard - count) : 0;

	if (before + behind >= count) {
		memset(r->out, 0, (size_t)count * r->stride);
		return DRIFT_OK;
	}
	memset(r->out, 0, (size_t)before * r->stride);
	memset(r->out + (size_t)(count - behind) * r->stride, 0, (size_t)behind * r->stride);
	r->out += (size_t)before * r->stride;
	return read_links(s, first + before, first + count - behind, r);
}

enum drift_err source_read(struct source *s, int64_t first, int32_t count, float *out)
{
	struct range range = {
		.out = (uint8_t *)out,
		.stride = (size_t)s->chain.link[0].voice.mix.out * sizeof(*out),
	};

	return read_heard(s, first, count, &range);
}

enum drift_err source_read_whole(struct source *s, int64_t first, int32_t count,
				 struct pcmint *whole, void *out)
{
	struct range range = {.whole = whole, .out = out, .stride = pcmint_stride(whole)};

	return read_heard(s, first, count, &range);
}
