#include "media/demux.h"

#include <stdio.h>
#include <string.h>

#define BROKEN_READS_MAX 32 /* in a row, before the rest is given up */

static int refuse_open(struct AVFormatContext *format, AVIOContext **pb, const char *url, int flags,
		       AVDictionary **options)
{
	(void)format, (void)pb, (void)url, (void)flags, (void)options;
	return AVERROR(EACCES);
}

static enum drift_err start(struct demux *d, const struct demux_file *file)
{
	AVFormatContext *f = avformat_alloc_context();

	d->format = f;
	if (!f || !sourceio_init(&d->io, file->fd, file->start, file->end))
		return DRIFT_ENOMEM;
	f->pb = d->io.avio;
	f->flags |= AVFMT_FLAG_CUSTOM_IO;
	f->io_open = refuse_open;
	f->max_streams = DEMUX_STREAMS_MAX;
	f->probesize = 1 << 20;
	f->max_probe_packets = 0; /* else all of libavformat guesses what PCM might be instead */
	f->codec_whitelist = av_strdup(codec_names());
	f->format_whitelist = av_strdup(file->sniff.demuxer);
	f->protocol_whitelist = av_strdup("none");
	return f->codec_whitelist && f->format_whitelist && f->protocol_whitelist ? DRIFT_OK
										  : DRIFT_ENOMEM;
}

static enum drift_err open_format(struct demux *d, const struct demux_file *file, char *reason)
{
	const AVInputFormat *input = av_find_input_format(file->sniff.demuxer);
	AVDictionary *options = NULL;
	unsigned streams;
	int err;

	/* edit lists are read by mp4edit.c, which keeps what they trim countable */
	av_dict_set(&options, "ignore_editlist", "1", 0);
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

/* libavformat leaves the layer of MPEG audio to its parser, which runs later. */
static enum AVCodecID codec_id(const struct demux *d, const struct demux_file *file)
{
	return strcmp(file->sniff.extension, "mp2") == 0 ? AV_CODEC_ID_MP2
							 : d->stream->codecpar->codec_id;
}

static enum drift_err choose_stream(struct demux *d, const struct demux_file *file, char *reason)
{
	for (unsigned i = 0; i < d->format->nb_streams; i++) {
		AVStream *s = d->format->streams[i];

		if (s->codecpar->codec_type == AVMEDIA_TYPE_VIDEO && !is_cover(s))
			d->video = true;
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
			 avcodec_get_name(d->stream->codecpar->codec_id));
		return DRIFT_EMEDIA;
	}
	return DRIFT_OK;
}

enum drift_err demux_open(struct demux *d, const struct demux_file *file,
			  char reason[DEMUX_REASON_MAX])
{
	enum drift_err err;

	*d = (struct demux){0};
	err = start(d, file);
	if (err == DRIFT_OK)
		err = open_format(d, file, reason);
	if (err == DRIFT_OK)
		err = choose_stream(d, file, reason);
	if (err != DRIFT_OK)
		demux_close(d);
	return err;
}

void demux_close(struct demux *d)
{
	avformat_close_input(&d->format);
	sourceio_clear(&d->io);
	d->stream = NULL;
}

enum drift_err demux_next(struct demux *d, AVPacket *packet)
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
		if (packet->stream_index == d->stream->index)
			return DRIFT_OK;
		av_packet_unref(packet);
	}
	return DRIFT_EMORE;
}
