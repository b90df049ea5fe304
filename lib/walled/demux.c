#include "walled/demux.h"

#include "parse/flacscan.h"
#include "walled/picturecodec.h"

#include <libavutil/opt.h>
#include <stdio.h>
#include <string.h>

#define BROKEN_READS_MAX 32 /* in a row, before the rest is given up */
#define GUESS_BYTES "1024" /* of PCM in WAV, in which libavformat looks for something else */
#define FILM_FRAMES_MIN 5
#define FILM_RATE_MIN 2.0 /* JPEGs a second */
#define WAV_PACKET_BYTES 65536 /* packets of 4 KiB, the default, cost more than what is in them */
#define WAV_PACKET_BYTES_ARRIVING 4096 /* but larger ones are waited for */

static int refuse_open(struct AVFormatContext *format, AVIOContext **pb, const char *url, int flags,
		       AVDictionary **options)
{
	(void)format, (void)pb, (void)url, (void)flags, (void)options;
	return AVERROR(EACCES);
}

/* libavformat looks at the ends of files for tags, lengths and indexes that it can do without;
   of those that still arrive nobody has them yet. MP4 alone may need what is there. */
static void keep_to_head(AVFormatContext *f, const struct demux_file *file)
{
	f->flags |= AVFMT_FLAG_IGNIDX;
	if (strcmp(file->sniff.container, "mp4") != 0)
		f->pb->seekable = 0;
}

static enum drift_err start(struct demux *d, const struct demux_file *file, const char *decoders)
{
	AVFormatContext *f = avformat_alloc_context();

	d->format = f;
	if (!f || !sourceio_init(&d->io, file->in, file->start))
		return DRIFT_ENOMEM;
	f->pb = d->io.avio;
	f->flags |= AVFMT_FLAG_CUSTOM_IO;
	if (!incoming_is_whole(file->in))
		keep_to_head(f, file);
	f->io_open = refuse_open;
	f->max_streams = DEMUX_STREAMS_MAX;
	f->probesize = 1 << 20;
	f->max_probe_packets = 0; /* else all of libavformat guesses what PCM might be instead */
	f->codec_whitelist = av_strdup(decoders);
	f->format_whitelist = av_strdup(file->sniff.demuxer);
	f->protocol_whitelist = av_strdup("none");
	return f->codec_whitelist && f->format_whitelist && f->protocol_whitelist ? DRIFT_OK
										  : DRIFT_ENOMEM;
}

/* Edit lists of sound are read by mp4edit.c, which keeps what they trim countable. */
static AVDictionary *options_for_sound(void)
{
	AVDictionary *options = NULL;

	av_dict_set(&options, "ignore_editlist", "1", 0);
	av_dict_set(&options, "max_size", GUESS_BYTES, 0);
	return options;
}

/* options: taken */
static enum drift_err open_format(struct demux *d, const struct demux_file *file,
				  AVDictionary *options, char *reason)
{
	const AVInputFormat *input = av_find_input_format(file->sniff.demuxer);
	unsigned streams;
	int err;

	err = input ? avformat_open_input(&d->format, NULL, input, &options)
		    : AVERROR_DEMUXER_NOT_FOUND;
	av_dict_free(&options);
	streams = d->format ? d->format->nb_streams : 0;
	if (err == AVERROR(ENOMEM) && d->io.avio && streams < DEMUX_STREAMS_MAX)
		return DRIFT_ENOMEM;
	if (err < 0) {
		snprintf(reason, DEMUX_REASON_MAX, "it starts like %s but its header is broken",
			 file->sniff.container);
		return DRIFT_EMEDIA;
	}
	d->data_at = avio_tell(d->io.avio);
	return DRIFT_OK;
}

static bool is_cover(const AVStream *s)
{
	return s->disposition & AV_DISPOSITION_ATTACHED_PIC;
}

/* The layer of the first MPEG audio frame in a transport stream, by the PES packet that it begins
   (ISO/IEC 13818-1 2.4.3.6); 0: none is found. */
static int layer_in_ts(const struct demux_file *file)
{
	static uint8_t d[SNIFF_BYTES];
	ssize_t len = incoming_fill(file->in, d, sizeof(d), file->start);

	for (ssize_t i = 0; i + 9 < len; i++) {
		ssize_t at = i + 9 + d[i + 8];

		if (d[i] || d[i + 1] || d[i + 2] != 1 || (d[i + 3] & 0xe0) != 0xc0)
			continue;
		if (at + 1 < len && d[at] == 0xff && (d[at + 1] & 0xe0) == 0xe0)
			return 4 - (d[at + 1] >> 1 & 3);
	}
	return 0;
}

/* libavformat leaves the layer of MPEG audio to its parser, which runs later. */
static enum AVCodecID codec_id(const struct demux *d, const struct demux_file *file)
{
	enum AVCodecID id = d->stream->codecpar->codec_id;
	bool ts = strcmp(file->sniff.container, "mpegts") == 0 && id == AV_CODEC_ID_MP3;

	if (strcmp(file->sniff.extension, "mp2") == 0 || (ts && layer_in_ts(file) == 2))
		return AV_CODEC_ID_MP2;
	return id;
}

/* Pictures per second as the container tells them, 0 where it does not. */
static double frame_rate(const AVStream *s)
{
	double seconds = s->duration > 0 ? (double)s->duration * av_q2d(s->time_base) : 0;

	if (s->nb_frames > 0 && seconds > 0)
		return (double)s->nb_frames / seconds;
	return s->avg_frame_rate.num > 0 && s->avg_frame_rate.den > 0 ? av_q2d(s->avg_frame_rate)
								      : 0;
}

/* A handful is no film whatever the codec, and JPEGs are one only where they follow each other
   as quickly as those of a camera: chapters have one each. */
static bool is_film(const AVStream *s)
{
	enum AVCodecID id = s->codecpar->codec_id;

	if (picturecodec_is_still(id) || (s->nb_frames > 0 && s->nb_frames < FILM_FRAMES_MIN))
		return false;
	return id != AV_CODEC_ID_MJPEG || frame_rate(s) >= FILM_RATE_MIN;
}

/* Moving pictures that nothing can be made of are left out as well. */
static void note_pictures(struct demux *d, const struct demux_file *file, AVStream *s)
{
	enum AVCodecID id = s->codecpar->codec_id;
	bool known = picturecodec_is_copied(id) || picturecodec_decoder(id);
	bool film = is_film(s);

	d->moves = d->moves || film;
	if (!film && !d->stills)
		d->stills = s;
	if (film && known && !d->video && !file->sound_alone)
		d->video = s;
}

/* As people know it: "Windows Media Audio Lossless". */
static const char *name_codec(enum AVCodecID id)
{
	const AVCodecDescriptor *known = avcodec_descriptor_get(id);

	if (known && known->long_name)
		return known->long_name;
	return id == AV_CODEC_ID_NONE ? "of an unknown kind or encrypted" : avcodec_get_name(id);
}

static enum drift_err choose_stream(struct demux *d, const struct demux_file *file, char *reason)
{
	for (unsigned i = 0; i < d->format->nb_streams; i++) {
		AVStream *s = d->format->streams[i];

		if (s->codecpar->codec_type == AVMEDIA_TYPE_VIDEO && !is_cover(s))
			note_pictures(d, file, s);
		if (s->codecpar->codec_type == AVMEDIA_TYPE_AUDIO && !d->stream)
			d->stream = s;
		else
			s->discard = AVDISCARD_ALL;
	}
	if (d->format->nb_streams >= DEMUX_STREAMS_MAX) {
		snprintf(reason, DEMUX_REASON_MAX, "it has %d streams or more", DEMUX_STREAMS_MAX);
		return DRIFT_EMEDIA;
	}
	if (!d->stream) {
		snprintf(reason, DEMUX_REASON_MAX, "it has no audio in it");
		return DRIFT_EMEDIA;
	}
	d->codec = codec_get(codec_id(d, file));
	if (!d->codec) {
		snprintf(reason, DEMUX_REASON_MAX, "its audio is %s, which Drift does not take",
			 name_codec(d->stream->codecpar->codec_id));
		return DRIFT_EMEDIA;
	}
	return DRIFT_OK;
}

/* The first packet of WAV goes through all that libavformat knows, whatever it is told: the
   larger the longer. It is read while it is small, and then again. */
static enum drift_err get_over_guessing(struct demux *d, const struct demux_file *file)
{
	int bytes = incoming_is_whole(file->in) ? WAV_PACKET_BYTES : WAV_PACKET_BYTES_ARRIVING;
	AVPacket *packet;
	int err;

	if (strcmp(file->sniff.demuxer, "wav") != 0)
		return DRIFT_OK;
	packet = av_packet_alloc();
	if (!packet)
		return DRIFT_ENOMEM;
	err = av_read_frame(d->format, packet);
	av_packet_free(&packet);
	if (err >= 0)
		err = av_opt_set_int(d->format->priv_data, "max_size", bytes, 0);
	if (err >= 0)
		err = av_seek_frame(d->format, d->stream->index, 0, AVSEEK_FLAG_BACKWARD);
	return err == AVERROR(ENOMEM) ? DRIFT_ENOMEM : DRIFT_OK;
}

/* --- bare FLAC ------------------------------------------------------------ */

static void enter_frames(struct demux *d, const struct demux_file *file, int64_t offset)
{
	const AVCodecParameters *par = d->stream->codecpar;
	bool has_info = par->extradata_size >= FLACFRAME_STREAMINFO_BYTES;

	flacscan_init(d->frames, file->in, file->start + offset,
		      has_info ? flacframe_smallest(par->extradata) : 0);
}

/*
 * libavformat's parser wants ten frames at once, gives none that are larger than it thinks, and
 * drops those whose rate, channels or depth are not those of the first.
 */
static enum drift_err find_frames(struct demux *d, const struct demux_file *file)
{
	if (strcmp(file->sniff.container, "flac") != 0)
		return DRIFT_OK;
	d->frames = malloc(sizeof(*d->frames));
	if (!d->frames)
		return DRIFT_ENOMEM;
	d->frames_start = file->start;
	enter_frames(d, file, d->data_at);
	return DRIFT_OK;
}

static enum drift_err next_frame(struct demux *d, AVPacket *packet)
{
	struct packing_entry entry[2];
	struct flacscan_run run = {.entry = entry};
	enum drift_err err = flacscan_next(d->frames, 1, &run);

	if (err || run.packets == 0)
		return err ? err : DRIFT_EMORE;
	if (av_new_packet(packet, (int)run.bytes) < 0)
		return DRIFT_ENOMEM;
	if (incoming_fill(d->frames->in, packet->data, run.bytes, run.at) != (ssize_t)run.bytes) {
		av_packet_unref(packet);
		return DRIFT_EMORE;
	}
	packet->pos = run.at - d->frames_start;
	packet->stream_index = d->stream->index;
	return DRIFT_OK;
}

/* --- opening --------------------------------------------------------------- */

enum drift_err demux_open(struct demux *d, const struct demux_file *file,
			  char reason[DEMUX_REASON_MAX])
{
	enum drift_err err;

	*d = (struct demux){0};
	err = start(d, file, codec_names());
	if (err == DRIFT_OK)
		err = open_format(d, file, options_for_sound(), reason);
	if (err == DRIFT_OK)
		err = choose_stream(d, file, reason);
	if (err == DRIFT_OK)
		err = get_over_guessing(d, file);
	if (err == DRIFT_OK)
		err = find_frames(d, file);
	if (err != DRIFT_OK)
		demux_close(d);
	return err;
}

/* What the header of AVI and others leaves to the packets. */
static enum drift_err find_parameters(struct demux *d, char *reason)
{
	if (d->video)
		d->video->discard = AVDISCARD_DEFAULT;
	if (!d->video || avformat_find_stream_info(d->format, NULL) < 0) {
		snprintf(reason, DEMUX_REASON_MAX, "there are no pictures in it");
		return DRIFT_EMEDIA;
	}
	/* AVI has but the times of decoding: where frames are not reordered, that is it */
	if (d->video->codecpar->video_delay > 0)
		d->format->flags |= AVFMT_FLAG_GENPTS;
	d->stream->discard = AVDISCARD_ALL;
	return DRIFT_OK;
}

enum drift_err demux_open_pictures(struct demux *d, const struct demux_file *file,
				   const char *decoders, char reason[DEMUX_REASON_MAX])
{
	enum drift_err err;

	*d = (struct demux){0};
	err = start(d, file, decoders);
	if (err == DRIFT_OK)
		err = open_format(d, file, NULL, reason);
	if (err == DRIFT_OK)
		err = choose_stream(d, file, reason);
	if (err == DRIFT_OK)
		err = find_parameters(d, reason);
	if (err != DRIFT_OK)
		demux_close(d);
	return err;
}

void demux_close(struct demux *d)
{
	if (d->frames)
		flacscan_clear(d->frames);
	free(d->frames);
	d->frames = NULL;
	avformat_close_input(&d->format);
	sourceio_clear(&d->io);
	d->stream = NULL;
}

static enum drift_err next_of(struct demux *d, const AVStream *stream, AVPacket *packet)
{
	for (int broken = 0; broken < BROKEN_READS_MAX;) {
		int err = av_read_frame(d->format, packet);

		if (err == AVERROR(ENOMEM))
			return DRIFT_ENOMEM;
		if (err == AVERROR_EOF)
			return DRIFT_EMORE;
		if (err < 0) {
			broken++;
			continue;
		}
		if (packet->stream_index == stream->index)
			return DRIFT_OK;
		av_packet_unref(packet);
	}
	return DRIFT_EMORE;
}

enum drift_err demux_next(struct demux *d, AVPacket *packet)
{
	return d->frames ? next_frame(d, packet) : next_of(d, d->stream, packet);
}

enum drift_err demux_next_video(struct demux *d, AVPacket *packet)
{
	return next_of(d, d->video, packet);
}

enum drift_err demux_read_still(struct demux *d, AVPacket *packet)
{
	d->stills->discard = AVDISCARD_DEFAULT;
	d->stream->discard = AVDISCARD_ALL;
	return next_of(d, d->stills, packet);
}

/* Files without tables: their packets are found by looking. */
static bool has_tables(const struct demux_file *file)
{
	static const char *const with[] = {"mov", "matroska", "avi", "asf", "ape", "tta", "mpc"};

	for (size_t i = 0; i < sizeof(with) / sizeof(with[0]); i++)
		if (strncmp(file->sniff.demuxer, with[i], strlen(with[i])) == 0)
			return true;
	return false;
}

bool demux_seek(struct demux *d, const struct demux_file *file, int64_t offset, double seconds)
{
	double ticks = seconds / av_q2d(d->stream->time_base);

	if (d->frames) {
		flacscan_clear(d->frames);
		enter_frames(d, file, offset);
		return true;
	}
	if (!has_tables(file))
		return av_seek_frame(d->format, d->stream->index, offset, AVSEEK_FLAG_BYTE) >= 0;
	return ticks >= 0 && ticks < 0x1p62 &&
	       av_seek_frame(d->format, d->stream->index, (int64_t)ticks, AVSEEK_FLAG_BACKWARD) >=
		       0;
}
