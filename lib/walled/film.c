#include "walled/film.h"

#include "format/grid.h"
#include "parse/latestart.h"
#include "walled/pictures.h"
#include "walled/soundtrack.h"

#include <libavformat/avformat.h>
#include <libavutil/mathematics.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MUX_BUFFER (64 << 10)

struct bytes {
	uint8_t *data; /* owned */
	size_t len, room;
	bool failed; /* out of memory */
};

struct film {
	struct source *source;
	struct packing packing;
	struct pictures pictures;
	struct soundtrack sound;
	AVFormatContext *mux; /* owned */
	AVPacket *picture, *sample; /* owned; the next ones, while held */
	bool picture_held, sample_held;
	bool pictures_ended, sound_ended;
	int64_t sound_at; /* where the sound's 0 is, samples */
	int64_t begin; /* of all, pictures' time base: where the film's 0 is */
	int64_t fragment_at; /* samples: when the next fragment is seen first */
	int64_t line; /* samples: where it is on the line of its tfdt */
	int64_t line_lasts; /* samples, until the one behind it */
	int64_t first_dts, first_pts; /* of the pictures, their time base; may not be known */
	int64_t end; /* samples: of what was written */
	size_t fragment_bytes;
	struct bytes out; /* what the muxer wrote and nobody has taken */
	size_t init_bytes; /* of out, to be given first */
	struct latestart late;
	bool sounds; /* a packet of sound was written */
	bool started; /* the init segment is given */
};

/* --- the muxer's output ----------------------------------------------------------- */

static int on_write(void *user, uint8_t *data, int len)
{
	struct bytes *b = user;
	size_t need = b->len + (size_t)len;

	if (need > b->room) {
		size_t room = need + need / 2;
		uint8_t *more = realloc(b->data, room);

		if (!more) {
			b->failed = true;
			return AVERROR(ENOMEM);
		}
		b->data = more;
		b->room = room;
	}
	memcpy(b->data + b->len, data, (size_t)len);
	b->len = need;
	return len;
}

static bool add_stream(struct film *f, const AVCodecParameters *par, AVRational time_base)
{
	AVStream *s = avformat_new_stream(f->mux, NULL);

	if (!s || avcodec_parameters_copy(s->codecpar, par) < 0)
		return false;
	s->time_base = time_base;
	if (par->codec_type == AVMEDIA_TYPE_VIDEO)
		s->sample_aspect_ratio = par->sample_aspect_ratio;
	return true;
}

static AVIOContext *open_output(struct film *f)
{
	uint8_t *buffer = av_malloc(MUX_BUFFER);
	AVIOContext *pb =
		buffer ? avio_alloc_context(buffer, MUX_BUFFER, 1, &f->out, NULL, on_write, NULL)
		       : NULL;

	if (!pb)
		av_free(buffer);
	return pb;
}

/* Times are those of the source; edit lists say what is before 0 (delay_moov). */
static enum drift_err start_muxer(struct film *f, char *reason)
{
	AVDictionary *options = NULL;
	int err;

	if (avformat_alloc_output_context2(&f->mux, NULL, "mp4", NULL) < 0)
		return DRIFT_ENOMEM;
	f->mux->pb = open_output(f);
	if (!f->mux->pb || !add_stream(f, f->pictures.par, f->pictures.time_base) ||
	    !add_stream(f, f->sound.par, (AVRational){1, f->packing.rate}))
		return DRIFT_ENOMEM;
	f->mux->flags |= AVFMT_FLAG_CUSTOM_IO | AVFMT_FLAG_BITEXACT;
	f->mux->strict_std_compliance = FF_COMPLIANCE_EXPERIMENTAL; /* FLAC in MP4 */
	av_dict_set(&options, "movflags", "frag_custom+delay_moov+default_base_moof", 0);
	av_dict_set_int(&options, "movie_timescale", f->packing.rate, 0);
	err = avformat_write_header(f->mux, &options);
	av_dict_free(&options);
	if (err >= 0)
		return DRIFT_OK;
	snprintf(reason, FILM_REASON_MAX, "its pictures or its sound do not fit into MP4");
	return err == AVERROR(ENOMEM) ? DRIFT_ENOMEM : DRIFT_EMEDIA;
}

/* --- packets, one of each kind ahead ------------------------------------------------ */

static enum drift_err hold_picture(struct film *f)
{
	enum drift_err err;

	if (f->picture_held || f->pictures_ended)
		return DRIFT_OK;
	err = pictures_next(&f->pictures, f->picture);
	f->picture_held = err == DRIFT_OK;
	f->pictures_ended = err == DRIFT_EMORE;
	return err == DRIFT_EMORE ? DRIFT_OK : err;
}

static enum drift_err hold_sample(struct film *f)
{
	enum drift_err err;

	if (f->sample_held || f->sound_ended)
		return DRIFT_OK;
	err = soundtrack_next(&f->sound, f->sample);
	f->sample_held = err == DRIFT_OK;
	f->sound_ended = err == DRIFT_EMORE;
	return err == DRIFT_EMORE ? DRIFT_OK : err;
}

static void note_end(struct film *f, int64_t end)
{
	if (end > f->end)
		f->end = end;
}

static int64_t to_samples(const struct film *f, int64_t picture_time)
{
	return av_rescale_q(picture_time - f->begin, f->pictures.time_base,
			    (AVRational){1, f->packing.rate});
}

/* When the held picture is to be seen; AVI knows only in which order they are decoded. */
static int64_t picture_at(const struct film *f)
{
	const AVPacket *p = f->picture;

	return to_samples(f, p->pts != AV_NOPTS_VALUE ? p->pts : p->dts);
}

static void note_first(struct film *f)
{
	const AVPacket *p = f->picture;

	f->first_dts = p->dts;
	f->first_pts = p->pts;
}

/* Players that know no edit list go by the fragments' own times, which count from the
   first picture that is decoded. Matroska says of the first ones only when they are
   seen: a key frame is decoded as long before as any other one. */
static int64_t line_at(const struct film *f)
{
	const AVPacket *p = f->picture;
	bool decoded = p->dts != AV_NOPTS_VALUE && f->first_dts != AV_NOPTS_VALUE;
	int64_t later = decoded ? p->dts - f->first_dts : p->pts - f->first_pts;

	return av_rescale_q(later, f->pictures.time_base, (AVRational){1, f->packing.rate});
}

static enum drift_err write_packet(struct film *f, AVPacket *packet, int stream, AVRational base)
{
	int err;

	packet->stream_index = stream;
	f->fragment_bytes += (size_t)packet->size;
	av_packet_rescale_ts(packet, base, f->mux->streams[stream]->time_base);
	err = av_write_frame(f->mux, packet);
	av_packet_unref(packet);
	if (err == AVERROR(ENOMEM) || f->out.failed)
		return DRIFT_ENOMEM;
	return err < 0 ? DRIFT_EMEDIA : DRIFT_OK;
}

static enum drift_err write_picture(struct film *f)
{
	AVPacket *p = f->picture;

	f->picture_held = false;
	if (p->pts == AV_NOPTS_VALUE)
		p->pts = p->dts;
	note_end(f, to_samples(f, p->pts + p->duration));
	p->pts -= f->begin;
	p->dts -= f->begin;
	return write_packet(f, p, 0, f->pictures.time_base);
}

static enum drift_err write_sample(struct film *f)
{
	f->sample_held = false;
	f->sample->pts += f->sound_at;
	f->sample->dts += f->sound_at;
	note_end(f, f->sample->pts + f->sample->duration);
	return write_packet(f, f->sample, 1, (AVRational){1, f->packing.rate});
}

/* --- fragments ------------------------------------------------------------------------ */

/* Is the held picture where the next fragment begins? */
static bool ends_fragment(const struct film *f, int64_t until, size_t room)
{
	bool key = f->picture->flags & AV_PKT_FLAG_KEY;

	if (f->fragment_bytes == 0)
		return false;
	if (f->fragment_bytes > room - room / 4)
		return true;
	return key && (picture_at(f) >= until || f->fragment_bytes > room / 2);
}

static enum drift_err fill_pictures(struct film *f, int64_t until, size_t room)
{
	enum drift_err err = hold_picture(f);

	while (err == DRIFT_OK && f->picture_held && !ends_fragment(f, until, room)) {
		err = write_picture(f);
		if (err == DRIFT_OK)
			err = hold_picture(f);
	}
	return err;
}

static bool is_due(const struct film *f, int64_t until, size_t room)
{
	return !f->sounds ||
	       (f->sample->pts + f->sound_at < until && f->fragment_bytes < room - room / 8);
}

/* Sound that begins before the next fragment's first picture; for the init segment at
   least one packet is needed. */
static enum drift_err fill_sound(struct film *f, int64_t until, size_t room)
{
	enum drift_err err = hold_sample(f);

	while (err == DRIFT_OK && f->sample_held && is_due(f, until, room)) {
		err = write_sample(f);
		f->sounds = true;
		if (err == DRIFT_OK)
			err = hold_sample(f);
	}
	return err;
}

static enum drift_err flush(struct film *f)
{
	if (av_write_frame(f->mux, NULL) < 0)
		return f->out.failed ? DRIFT_ENOMEM : DRIFT_EMEDIA;
	avio_flush(f->mux->pb);
	return f->out.failed ? DRIFT_ENOMEM : DRIFT_OK;
}

/* The first call writes moov, which tells what the packets so far were; the second one
   writes them. */
static enum drift_err flush_first(struct film *f)
{
	enum drift_err err = flush(f);

	f->init_bytes = f->out.len;
	if (err == DRIFT_OK)
		latestart_take(f->out.data, f->init_bytes, &f->late);
	return err == DRIFT_OK ? flush(f) : err;
}

/* Samples from the grid's first point behind where the fragment begins; the sound that is
   left behind the pictures goes on in fragments too. */
static int64_t end_on_grid(const struct film *f)
{
	int64_t until = 0;

	for (int64_t i = 1; until <= f->fragment_at; i++)
		until = grid_at(i, f->packing.rate, GRID_SECONDS);
	return until;
}

static bool is_done(const struct film *f)
{
	return f->pictures_ended && !f->picture_held && f->sound_ended && !f->sample_held;
}

static void end_fragment(struct film *f, int64_t until)
{
	int64_t line = f->picture_held ? line_at(f) : until;

	f->line_lasts = line > f->line ? line - f->line : 1;
	f->line += f->line_lasts;
	f->fragment_at = until;
}

static enum drift_err make_fragment(struct film *f, size_t room)
{
	int64_t until = end_on_grid(f);
	enum drift_err err;

	f->fragment_bytes = 0;
	err = hold_picture(f);
	if (err == DRIFT_OK && f->picture_held && !f->started)
		note_first(f);
	if (err == DRIFT_OK)
		err = fill_pictures(f, until, room);
	if (err == DRIFT_OK && f->picture_held)
		until = picture_at(f);
	if (err == DRIFT_OK)
		err = fill_sound(f, until, room);
	if (err != DRIFT_OK)
		return err;
	if (is_done(f))
		until = f->end;
	end_fragment(f, until);
	return f->started ? flush(f) : flush_first(f);
}

/* Moves bytes of the muxer's output to the run. */
static enum drift_err give(struct film *f, size_t bytes, int64_t samples, struct packer_run *run)
{
	if (bytes == 0)
		return DRIFT_EMEDIA;
	if (bytes > run->room)
		return DRIFT_ELARGE;
	memcpy(run->data, f->out.data, bytes);
	memmove(f->out.data, f->out.data + bytes, f->out.len - bytes);
	f->out.len -= bytes;
	run->bytes = bytes;
	run->entry[0] = (struct packing_entry){(uint32_t)bytes, (uint32_t)samples};
	run->packets = 1;
	return DRIFT_OK;
}

static enum drift_err give_init(struct film *f, struct packer_run *run)
{
	enum drift_err err = make_fragment(f, run->room);

	f->started = true;
	return err == DRIFT_OK ? give(f, f->init_bytes, 0, run) : err;
}

static enum drift_err give_fragment(struct film *f, struct packer_run *run)
{
	enum drift_err err;

	latestart_apply(&f->late, f->out.data, f->out.len);
	err = give(f, f->out.len, f->line_lasts, run);
	run->ended = is_done(f);
	return err;
}

enum drift_err film_next(struct film *f, struct packer_run *run)
{
	enum drift_err err = DRIFT_OK;

	run->at = -1;
	run->packets = 0;
	run->bytes = 0;
	run->rounded = 0;
	run->ended = false;
	if (!f->started)
		return give_init(f, run);
	if (f->out.len == 0)
		err = make_fragment(f, run->room);
	return err == DRIFT_OK ? give_fragment(f, run) : err;
}

/* --- the life of a film ------------------------------------------------------------------ */

bool film_is_in(struct source *source)
{
	return source_get_packets(source)->demux.video != NULL;
}

/* Pictures and sound need not begin together; what begins first is at 0. */
static void align(struct film *f)
{
	const struct demux *d = &f->pictures.demux;
	AVRational samples = {1, f->packing.rate};
	int64_t sound = d->stream->start_time, seen = d->video->start_time, first;

	seen = seen == AV_NOPTS_VALUE ? 0 : seen;
	/* below 0 is what nobody hears (CodecDelay) */
	sound = sound == AV_NOPTS_VALUE || sound < 0
			? 0
			: av_rescale_q(sound, d->stream->time_base, samples);
	first = av_rescale_q(seen, d->video->time_base, samples);
	if (sound < first)
		first = sound;
	f->sound_at = sound - first;
	f->begin = av_rescale_q(first, samples, f->pictures.time_base);
	pictures_begin_grid(&f->pictures, f->begin);
}

static void name_codec(struct film *f)
{
	static const struct {
		enum AVCodecID id;
		char codec[5];
	} names[] = {{AV_CODEC_ID_H264, "avc1"},
		     {AV_CODEC_ID_HEVC, "hvc1"},
		     {AV_CODEC_ID_VP9, "vp09"},
		     {AV_CODEC_ID_AV1, "av01"}};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (f->pictures.par->codec_id == names[i].id)
			memcpy(f->packing.codec, names[i].codec, 5);
}

static enum drift_err start(struct film *f, char *reason)
{
	const struct decoder_facts *facts = source_get_facts(f->source);
	enum drift_err err =
		pictures_open(&f->pictures, &source_get_packets(f->source)->file, reason);

	if (err != DRIFT_OK)
		return err;
	if (f->pictures.encoder && !incoming_is_whole(source_get_packets(f->source)->file.in)) {
		snprintf(reason, FILM_REASON_MAX,
			 "its pictures have to be encoded, which is not done while it arrives");
		return DRIFT_EMEDIA;
	}
	err = soundtrack_open(&f->sound, f->source);
	if (err == DRIFT_EMEDIA)
		snprintf(reason, FILM_REASON_MAX, "its sound cannot be made AAC");
	if (err != DRIFT_OK)
		return err;
	f->picture = av_packet_alloc();
	f->sample = av_packet_alloc();
	if (!f->picture || !f->sample)
		return DRIFT_ENOMEM;
	f->packing.way = PACKING_FILM;
	f->packing.rate = facts->sample_rate;
	f->packing.channels = facts->channels;
	name_codec(f);
	align(f);
	return start_muxer(f, reason);
}

enum drift_err film_new(struct source *source, struct film **out, char reason[FILM_REASON_MAX])
{
	struct film *f = calloc(1, sizeof(*f));
	enum drift_err err;

	if (!f)
		return DRIFT_ENOMEM;
	f->source = source;
	err = start(f, reason);
	if (err != DRIFT_OK) {
		film_free(f);
		return err;
	}
	*out = f;
	return DRIFT_OK;
}

void film_free(struct film *f)
{
	if (!f)
		return;
	if (f->mux && f->mux->pb) {
		av_freep(&f->mux->pb->buffer);
		avio_context_free(&f->mux->pb);
	}
	avformat_free_context(f->mux);
	av_packet_free(&f->picture);
	av_packet_free(&f->sample);
	soundtrack_close(&f->sound);
	pictures_close(&f->pictures);
	free(f->out.data);
	free(f);
}

const struct packing *film_get_packing(const struct film *f)
{
	return &f->packing;
}
