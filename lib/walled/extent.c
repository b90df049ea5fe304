#include "walled/extent.h"

#include "parse/cafpakt.h"
#include "parse/itunsmpb.h"
#include "parse/mp4edit.h"
#include "parse/musepack.h"
#include "parse/oggspan.h"
#include "walled/change.h"

#include <libavutil/intreadwrite.h>
#include <libavutil/mathematics.h>
#include <stdio.h>
#include <string.h>

/* What one walk through the packets finds. */
struct tally {
	int64_t packets;
	int64_t total;
	int64_t stated; /* sum of the container's durations, its time base; without silent */
	int64_t silent; /* stated of a first packet of which the decoder gives nothing (Vorbis) */
	int64_t skip; /* what the first packet asks to be dropped */
	int64_t discard; /* what the last packet asks to be dropped at its end */
	int64_t page_total; /* samples of the first page_packets packets */
	int32_t last; /* samples of the last packet */
};

static void add_packet(struct tally *t, const AVPacket *packet, int32_t samples,
		       int64_t page_packets)
{
	size_t size = 0;
	const uint8_t *side = av_packet_get_side_data(packet, AV_PKT_DATA_SKIP_SAMPLES, &size);

	if (t->packets == 0 && side && size >= 8)
		t->skip = AV_RL32(side);
	t->discard = side && size >= 8 ? (int64_t)AV_RL32(side + 4) : 0;
	if (t->packets == 0 && samples == 0)
		t->silent = packet->duration;
	else if (packet->duration > 0 && packet->duration < INT64_MAX / 4 - t->stated)
		t->stated += packet->duration;
	t->total += samples;
	t->last = samples;
	if (t->packets++ < page_packets)
		t->page_total = t->total;
}

/*
 * Where a bare stream becomes another one its walk ends, as if the packets that told so had not
 * been there.
 */
struct watch {
	struct change change;
	struct tally before; /* the first packet that differs */
};

/* Is this the end? */
static bool has_changed(struct watch *w, struct packets *p, const AVPacket *packet, struct tally *t)
{
	enum change_verdict verdict = change_is_possible(&p->file)
					      ? change_look(&w->change, &p->demux, packet)
					      : CHANGE_NONE;

	if (verdict == CHANGE_MAYBE)
		w->before = *t;
	if (verdict != CHANGE_SURE)
		return false;
	*t = w->before;
	p->change_at = change_find(&w->change, &p->demux, &p->file);
	return true;
}

static enum drift_err walk(struct packets *p, int64_t page_packets, int64_t most, struct tally *t)
{
	AVPacket *packet = av_packet_alloc();
	enum drift_err err = packet ? DRIFT_OK : DRIFT_ENOMEM;
	struct watch watch = {0};
	int64_t at;
	int32_t samples;

	p->change_at = 0;
	while (err == DRIFT_OK) {
		err = packets_next(p, packet, &at, &samples);
		if (err == DRIFT_OK && has_changed(&watch, p, packet, t))
			err = DRIFT_EMORE;
		if (err == DRIFT_OK)
			add_packet(t, packet, samples, page_packets);
		if (packet)
			av_packet_unref(packet);
		if (t->total > most)
			err = DRIFT_ELARGE;
	}
	av_packet_free(&packet);
	return err == DRIFT_EMORE ? DRIFT_OK : err;
}

/* --- PCM: by bytes -------------------------------------------------------- */

static bool is_last_sample(struct packets *p, int64_t n)
{
	AVPacket *packet = av_packet_alloc();
	int64_t at;
	int32_t samples;
	bool last = false;

	if (packet && av_seek_frame(p->demux.format, p->demux.stream->index, n - 1, 0) >= 0 &&
	    packets_next(p, packet, &at, &samples) == DRIFT_OK)
		last = at == n - 1 && samples == 1;
	av_packet_free(&packet);
	return last;
}

/* The header's count or what fits into the file, whichever is less. */
static int64_t samples_of_grid(const struct packets *p)
{
	int64_t bytes = p->file.in->bytes - p->file.start - p->demux.data_at;
	int64_t fits = bytes / p->demux.stream->codecpar->block_align;
	int64_t stated = p->demux.stream->duration;

	return stated > 0 && stated < fits ? stated : fits;
}

/* That many, if the demuxer finds exactly one sample left there. */
static bool count_grid(struct packets *p, int64_t *total)
{
	int64_t n = samples_of_grid(p);

	if (n <= 0 || !is_last_sample(p, n))
		return false;
	*total = n;
	return true;
}

/* --- what to cut ------------------------------------------------------------ */

static bool is_doubled(const struct packets *p)
{
	return codec_doubles(p->demux.codec, p->frame);
}

/* Samples of a file that is not cut short, as far as its head tells. */
static int64_t stated_total(const struct packets *p, int64_t found)
{
	int64_t packets = p->demux.stream->nb_frames;

	return packets > 0 && packets < INT32_MAX ? packets * p->frame : found;
}

/* The end of a file that is cut short lies before the end that the tag knows. */
static bool apply_itunes(const struct packets *p, struct extent *e)
{
	const AVDictionaryEntry *text = av_dict_get(p->demux.format->metadata, "iTunSMPB", NULL, 0);
	struct itunsmpb tag;

	if (!text || !itunsmpb_parse(text->value, &tag))
		return false;
	if (is_doubled(p))
		itunsmpb_scale(&tag, stated_total(p, e->total), 2 * (int64_t)p->frame);
	if (tag.delay >= e->total)
		return false;
	e->delay = tag.delay;
	if (tag.samples < e->total - tag.delay)
		e->padding = e->total - tag.delay - tag.samples;
	return true;
}

/* The last packet's duration in the container may be cut short. */
static void apply_stated_end(const struct packets *p, int32_t rate, const struct tally *t,
			     struct extent *e)
{
	AVRational base = p->demux.stream->time_base;
	int64_t stated = av_rescale_q(t->stated, base, (AVRational){1, rate});

	if (stated < e->total && e->total - stated < 2 * (int64_t)t->last)
		e->padding = e->total - stated;
}

/* Those who write a timeline in the rate of AAC's core do not count how late the SBR decoder is,
   as in iTunSMPB. A start at 0 says nothing of any delay. room: samples behind what is heard. */
static int64_t uncounted(const struct packets *p, const struct mp4edit *edit, int32_t rate,
			 int64_t room)
{
	bool of_core = is_doubled(p) && 2 * (int64_t)edit->media_scale == rate;

	if (!of_core || edit->media_time <= 0 || room <= 0)
		return 0;
	return room < 2 * ITUNSMPB_SBR_DELAY ? room : 2 * ITUNSMPB_SBR_DELAY;
}

/* Samples of the whole file behind the edit; INT64_MAX: it does not say where it ends. */
static int64_t room_behind(const struct packets *p, const struct mp4edit *edit, int32_t rate,
			   int64_t start, int64_t total)
{
	int64_t length = av_rescale(edit->duration, rate, edit->movie_scale);

	if (edit->edits != 1 || length <= 0)
		return INT64_MAX;
	return length < INT64_MAX / 2 ? stated_total(p, total) - start - length : 0;
}

/* Where the edit begins, in samples that the decoder gives; silent: as in the tally. */
static int64_t start_of(const struct packets *p, const struct mp4edit *edit, int32_t rate,
			int64_t silent, int64_t total)
{
	int64_t ticks = edit->media_time > silent ? edit->media_time - silent : 0;
	int64_t start = av_rescale(ticks, rate, edit->media_scale);

	if (start < 0 || start >= total)
		return start;
	return start + uncounted(p, edit, rate, room_behind(p, edit, rate, start, total));
}

/* An edit's length is rounded to the movie's ticks (often 1 ms), so it counts
   only where it says something else than the media itself. */
static void apply_edit(const struct mp4edit *edit, int32_t rate, int64_t delay, struct extent *e)
{
	int64_t tick = rate / (int64_t)edit->movie_scale + 1;
	int64_t length, end;

	if (delay < 0 || delay >= e->total)
		return;
	e->delay = delay;
	if (edit->edits != 1 || edit->duration <= 0)
		return;
	length = av_rescale(edit->duration, rate, edit->movie_scale);
	end = e->total - e->padding - delay;
	if (length > 0 && length < end - tick)
		e->padding += end - length;
}

static void cut_mp4(const struct packets *p, int32_t rate, const struct tally *t, struct extent *e)
{
	struct mp4edit edit;

	if (apply_itunes(p, e))
		return;
	apply_stated_end(p, rate, t, e);
	if (mp4edit_read(p->file.in, p->file.start, (uint32_t)p->demux.stream->id, &edit))
		apply_edit(&edit, rate, start_of(p, &edit, rate, t->silent, e->total), e);
}

static int64_t opus_preskip(const struct packets *p)
{
	const AVCodecParameters *par = p->demux.stream->codecpar;

	if (par->codec_id != AV_CODEC_ID_OPUS || par->extradata_size < 19)
		return 0;
	return AV_RL16(par->extradata + 10);
}

/* A first granule above its page's samples: the stream was cut out of a longer
   one; below: that many samples lie before the start. */
static void cut_ogg(const struct packets *p, const struct oggspan *span, const struct tally *t,
		    struct extent *e)
{
	int64_t offset = span->one_page ? 0 : span->first_granule - t->page_total;
	int64_t end;

	e->delay = opus_preskip(p);
	/* Opus says its delay itself; a first granule that low is a fault */
	if (offset < 0 && e->delay > 0)
		offset = 0;
	if (offset < 0)
		e->delay = -offset;
	end = span->last_granule - offset;
	if (end > 0 && end < e->total)
		e->padding = e->total - end;
}

/* libavformat makes the header that Matroska has not, with all samples to the millisecond. */
static void cut_tta(const AVCodecParameters *par, struct extent *e)
{
	int64_t samples = par->extradata_size >= 22 ? AV_RL32(par->extradata + 14) : 0;

	if (samples > 0 && samples < e->total)
		e->padding = e->total - samples;
}

/* libavformat counts both in samples of the rate that the track states. */
static void cut_matroska(const struct packets *p, int32_t rate, const struct tally *t,
			 struct extent *e)
{
	const AVCodecParameters *par = p->demux.stream->codecpar;
	int64_t stated = par->sample_rate > 0 ? par->sample_rate : rate;

	e->delay = opus_preskip(p);
	if (e->delay == 0)
		e->delay = av_rescale(par->initial_padding, rate, stated);
	e->padding = av_rescale(t->discard, rate, stated);
	if (par->codec_id == AV_CODEC_ID_TTA)
		cut_tta(par, e);
}

/* Blocks are of one size: the last one is filled up, and the fact chunk says how far. */
static void cut_wav(const struct packets *p, const struct tally *t, struct extent *e)
{
	int64_t stated = p->demux.stream->duration;

	if (stated > 0 && stated < e->total && e->total - stated < t->last)
		e->padding = e->total - stated;
}

/* Its own decoder drops what its filters give first; SV8's header counts the rest. */
static void cut_musepack(const struct packets *p, struct extent *e)
{
	struct musepack head;

	e->delay = MUSEPACK_DELAY;
	if (!musepack_read(p->file.in, p->file.start, &head))
		return;
	e->delay += head.silence;
	if (head.samples - head.silence < e->total - e->delay)
		e->padding = e->total - e->delay - (head.samples - head.silence);
}

/* A cookie is not looked at: libavformat keeps the one of Opus to itself. */
static void cut_caf(const struct packets *p, int32_t rate, struct extent *e)
{
	int64_t stated = p->demux.stream->codecpar->sample_rate, end;
	struct cafpakt pakt;

	if (stated <= 0 || !cafpakt_read(p->file.in, p->file.start, &pakt))
		return;
	e->delay = av_rescale(pakt.priming, rate, stated);
	end = e->delay + av_rescale(pakt.valid, rate, stated);
	if (pakt.valid > 0 && end < e->total)
		e->padding = e->total - end;
}

static void cut(const struct packets *p, int32_t rate, const struct tally *t,
		const struct oggspan *span, struct extent *e)
{
	const char *container = p->file.sniff.container;

	if (strcmp(container, "mp4") == 0) {
		cut_mp4(p, rate, t, e);
	} else if (span) {
		cut_ogg(p, span, t, e);
	} else if (strcmp(container, "matroska") == 0) {
		cut_matroska(p, rate, t, e);
	} else if (strcmp(container, "caf") == 0) {
		cut_caf(p, rate, e);
	} else if (strcmp(container, "mp3") == 0) {
		e->delay = t->skip;
		e->padding = t->discard;
	} else if (strcmp(container, "wav") == 0) {
		cut_wav(p, t, e);
	} else if (strcmp(container, "mpc") == 0) {
		cut_musepack(p, e);
	}
	/* a lie about the ends must not swallow the whole */
	if (e->delay < 0 || e->padding < 0 || e->delay > INT32_MAX || e->padding > INT32_MAX ||
	    e->delay > e->total || e->padding > e->total - e->delay)
		e->delay = e->padding = 0;
}

/* Where the first stream of an Ogg file begins and ends. */
static bool find_span(struct packets *p, struct oggspan *span)
{
	if (strcmp(p->file.sniff.container, "ogg") != 0 ||
	    !oggspan_read(p->file.in->fd, p->file.start, p->file.in->bytes, p->beat, span) ||
	    span->packets == 0)
		return false;
	p->limit = span->packets;
	return true;
}

/* Of an Ogg file the first granule, which may say otherwise, is left out of account. */
static int64_t foresee_delay(struct packets *p, int32_t rate)
{
	struct extent extent = {.total = INT32_MAX};
	AVPacket *packet = av_packet_alloc();
	struct tally tally = {0};
	int64_t at;
	int32_t samples;

	if (packet && packets_next(p, packet, &at, &samples) == DRIFT_OK)
		add_packet(&tally, packet, samples, 0);
	av_packet_free(&packet);
	if (strcmp(p->file.sniff.container, "ogg") == 0)
		return opus_preskip(p);
	cut(p, rate, &tally, NULL, &extent);
	return extent.delay;
}

bool extent_foresee(struct packets *p, int32_t rate, int64_t most, struct extent *out)
{
	bool exact = packets_is_grid(p) && samples_of_grid(p) > 0;

	*out = (struct extent){.total = most};
	if (exact)
		out->total = samples_of_grid(p);
	else
		out->delay = foresee_delay(p, rate);
	return exact;
}

void extent_limit(struct packets *p)
{
	struct oggspan span;

	(void)find_span(p, &span);
}

enum drift_err extent_measure(struct packets *p, int32_t rate, int64_t most, struct extent *out)
{
	struct oggspan span = {0};
	struct tally tally = {0};
	struct extent extent = {0};
	bool has_span;
	enum drift_err err;

	if (packets_is_grid(p) && count_grid(p, &extent.total)) {
		*out = extent;
		return extent.total > most ? DRIFT_ELARGE : DRIFT_OK;
	}
	if (packets_is_grid(p))
		(void)av_seek_frame(p->demux.format, p->demux.stream->index, 0, 0);
	has_span = find_span(p, &span);
	err = walk(p, span.first_packets, most, &tally);
	if (err != DRIFT_OK)
		return err;
	extent.total = tally.total;
	cut(p, rate, &tally, has_span ? &span : NULL, &extent);
	*out = extent;
	return DRIFT_OK;
}
