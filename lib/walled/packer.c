#include "walled/packer.h"

#include "format/flacframe.h"
#include "parse/flacscan.h"
#include "walled/flacencode.h"

#include <libavcodec/bsf.h>
#include <libavutil/intreadwrite.h>
#include <stdlib.h>
#include <string.h>

#define OPUS_HEAD_MIN 19 /* RFC 7845 section 5.1 */

struct packer {
	struct source *source;
	struct packing packing;
	bool scanning; /* a FLAC file, read without libavformat */
	struct flacscan scan;
	AVBSFContext *strip; /* owned; of ADTS, takes its headers off */
	AVPacket *packet; /* owned; filled while held */
	bool held; /* taken from the source, not given yet */
	int64_t at; /* samples before the next packet that is given */
	int64_t held_at; /* samples before the held one */
	int32_t held_samples;
	uint8_t *pcm; /* owned; of one run */
	size_t pcm_room;
};

static struct packets *packets_of(const struct packer *p)
{
	return source_get_packets(p->source);
}

static const AVCodecParameters *parameters(const struct packer *p)
{
	return packets_of(p)->demux.stream->codecpar;
}

/* --- one packet of the source ------------------------------------------------- */

static enum drift_err strip_header(struct packer *p)
{
	if (!p->strip)
		return DRIFT_OK;
	if (av_bsf_send_packet(p->strip, p->packet) < 0 ||
	    av_bsf_receive_packet(p->strip, p->packet) < 0) {
		av_packet_unref(p->packet);
		return DRIFT_EFORMAT;
	}
	return DRIFT_OK;
}

/* The next packet that makes sense, held. DRIFT_EMORE: there is none. */
static enum drift_err hold(struct packer *p)
{
	enum drift_err err = DRIFT_OK;

	while (!p->held && err == DRIFT_OK) {
		err = packets_take(packets_of(p), p->packet, &p->held_at, &p->held_samples);
		if (err != DRIFT_OK)
			return err;
		p->held = p->held_samples > 0 && p->packet->size > 0 && strip_header(p) == DRIFT_OK;
		if (!p->held)
			av_packet_unref(p->packet);
	}
	return err;
}

static void let_go(struct packer *p)
{
	av_packet_unref(p->packet);
	p->held = false;
}

/* --- what the stream is --------------------------------------------------------- */

static bool set_config(struct packer *p, const uint8_t *config, size_t bytes)
{
	if (bytes == 0 || bytes > sizeof(p->packing.config))
		return false;
	memcpy(p->packing.config, config, bytes);
	p->packing.config_bytes = (uint32_t)bytes;
	return true;
}

/* Matroska keeps the file's signature and the block's header in front. */
static bool set_flac_config(struct packer *p)
{
	const AVCodecParameters *par = parameters(p);
	int skip = par->extradata_size >= 8 && memcmp(par->extradata, "fLaC", 4) == 0 ? 8 : 0;
	const uint8_t *info = par->extradata + skip;

	if (par->extradata_size - skip < FLACFRAME_STREAMINFO_BYTES)
		return false;
	p->packing.bits = ((info[12] & 1) << 4 | info[13] >> 4) + 1;
	return set_config(p, info, FLACFRAME_STREAMINFO_BYTES);
}

/* What ADTS repeats in every packet becomes the setup, once. */
static bool set_adts_config(struct packer *p)
{
	const AVBitStreamFilter *filter = av_bsf_get_by_name("aac_adtstoasc");
	const uint8_t *config;
	size_t bytes = 0;

	if (!filter || av_bsf_alloc(filter, &p->strip) < 0 ||
	    avcodec_parameters_copy(p->strip->par_in, parameters(p)) < 0 ||
	    av_bsf_init(p->strip) < 0 || hold(p) != DRIFT_OK)
		return false;
	config = av_packet_get_side_data(p->packet, AV_PKT_DATA_NEW_EXTRADATA, &bytes);
	return config && set_config(p, config, bytes);
}

static bool set_aac_config(struct packer *p)
{
	const AVCodecParameters *par = parameters(p);

	/* ADTS, also in MPEG-TS */
	if (par->extradata_size < 2)
		return set_adts_config(p);
	return set_config(p, par->extradata, (size_t)par->extradata_size);
}

/* CAF has no such header: of one or two channels it says nothing that is not known. */
static bool write_opus_config(struct packer *p)
{
	uint8_t head[OPUS_HEAD_MIN] = "OpusHead\1";

	if (p->packing.channels > 2)
		return false;
	head[9] = (uint8_t)p->packing.channels;
	AV_WL16(head + 10, (uint16_t)parameters(p)->initial_padding);
	AV_WL32(head + 12, (uint32_t)p->packing.rate);
	return set_config(p, head, sizeof(head));
}

static bool set_opus_config(struct packer *p)
{
	const AVCodecParameters *par = parameters(p);

	if (par->extradata_size < OPUS_HEAD_MIN || memcmp(par->extradata, "OpusHead", 8) != 0)
		return write_opus_config(p);
	return set_config(p, par->extradata, (size_t)par->extradata_size);
}

static bool set_copied_config(struct packer *p)
{
	switch (packets_of(p)->demux.codec->id) {
	case AV_CODEC_ID_FLAC:
		return set_flac_config(p);
	case AV_CODEC_ID_AAC:
		return set_aac_config(p);
	case AV_CODEC_ID_OPUS:
		return set_opus_config(p);
	default:
		return true;
	}
}

static void plan_copy(struct packer *p)
{
	const struct packets *packets = packets_of(p);
	const struct demux_file *file = &packets->file;

	memcpy(p->packing.codec, packets->demux.codec->mp4, 4);
	if (!set_copied_config(p))
		return;
	p->packing.way = PACKING_COPY;
	p->scanning = strcmp(file->sniff.container, "flac") == 0;
	if (p->scanning)
		flacscan_init(&p->scan, file->in, file->start + packets->demux.data_at,
			      flacframe_smallest(p->packing.config));
}

static struct flacencode_pcm pcm_of(const struct packer *p)
{
	return (struct flacencode_pcm){
		.rate = p->packing.rate,
		.channels = p->packing.channels,
		.bits = p->packing.bits,
		.data = p->pcm,
	};
}

static void plan_flac(struct packer *p)
{
	struct flacencode_pcm pcm;

	memcpy(p->packing.codec, "fLaC", 4);
	p->packing.bits = source_whole_bits(p->source);
	pcm = pcm_of(p);
	if (flacencode_describe(&pcm, p->packing.config) != DRIFT_OK)
		return;
	p->packing.config_bytes = FLACFRAME_STREAMINFO_BYTES;
	p->packing.way = PACKING_FLAC;
}

enum drift_err packer_new(struct source *source, struct packer **out)
{
	const struct decoder_facts *facts = source_get_facts(source);
	const struct codec *codec = source_get_packets(source)->demux.codec;
	struct packer *p = calloc(1, sizeof(*p));

	if (!p)
		return DRIFT_ENOMEM;
	p->packet = av_packet_alloc();
	if (!p->packet) {
		free(p);
		return DRIFT_ENOMEM;
	}
	p->source = source;
	p->packing.rate = facts->sample_rate;
	p->packing.channels = facts->channels;
	if (codec->mp4)
		plan_copy(p);
	else if (codec->lossless || codec->pcm)
		plan_flac(p);
	*out = p;
	return DRIFT_OK;
}

void packer_free(struct packer *p)
{
	if (!p)
		return;
	flacscan_clear(&p->scan);
	av_bsf_free(&p->strip);
	av_packet_free(&p->packet);
	free(p->pcm);
	free(p);
}

const struct packing *packer_get_packing(const struct packer *p)
{
	return &p->packing;
}

/* --- copying ---------------------------------------------------------------------- */

/* To where the index knows a frame at or before from, if that is ahead. */
static void skip_frames(struct packer *p, int64_t from)
{
	const struct packets *packets = packets_of(p);
	int64_t i = packetidx_before(&packets->index, from);
	struct seekidx_entry entry;

	if (i < 0)
		return;
	entry = packetidx_get(&packets->index, i);
	if ((int64_t)entry.sample <= p->at)
		return;
	flacscan_clear(&p->scan);
	flacscan_init(&p->scan, packets->file.in, packets->file.start + (int64_t)entry.offset,
		      flacframe_smallest(p->packing.config));
	p->at = (int64_t)entry.sample;
}

/* Those that start before from, of a run that starts at at. */
static void drop_frames(struct flacscan_run *run, int64_t at, int64_t from)
{
	int32_t early = 0;

	for (; early < run->packets && at < from; early++) {
		at += run->entry[early].samples;
		run->at += run->entry[early].bytes;
		run->bytes -= run->entry[early].bytes;
	}
	run->packets -= early;
	memmove(run->entry, run->entry + early, (size_t)run->packets * sizeof(*run->entry));
}

static int64_t samples_of(const struct flacscan_run *run)
{
	int64_t samples = 0;

	for (int32_t i = 0; i < run->packets; i++)
		samples += run->entry[i].samples;
	return samples;
}

static enum drift_err scan_run(struct packer *p, int64_t from, int64_t until,
			       struct packer_run *run)
{
	struct flacscan_run frames = {.entry = run->entry};
	enum drift_err err;

	skip_frames(p, from);
	err = flacscan_next(&p->scan, until - p->at, &frames);
	if (err != DRIFT_OK)
		return err;
	drop_frames(&frames, p->at, from);
	p->at += frames.samples;
	run->start = p->at - samples_of(&frames);
	run->at = frames.at;
	run->bytes = frames.bytes;
	run->packets = frames.packets;
	run->ended = frames.ended;
	return DRIFT_OK;
}

/* DRIFT_EMORE: the run is complete. */
static enum drift_err add_packet(struct packer *p, int64_t from, int64_t until,
				 struct packer_run *run)
{
	enum drift_err err = hold(p);
	size_t bytes;

	run->ended = err == DRIFT_EMORE;
	if (err != DRIFT_OK)
		return err;
	if (p->held_at < from) {
		let_go(p);
		return DRIFT_OK;
	}
	bytes = (size_t)p->packet->size;
	if (p->held_at >= until || run->packets == PACKING_PACKETS_MAX)
		return DRIFT_EMORE;
	if (bytes > run->room - run->bytes)
		return run->packets ? DRIFT_EMORE : DRIFT_EMEDIA;
	if (run->packets == 0)
		run->start = p->held_at;
	memcpy(run->data + run->bytes, p->packet->data, bytes);
	run->entry[run->packets++] =
		(struct packing_entry){(uint32_t)bytes, (uint32_t)p->held_samples};
	run->bytes += bytes;
	let_go(p);
	return DRIFT_OK;
}

enum drift_err packer_copy(struct packer *p, int64_t from, int64_t until, struct packer_run *run)
{
	enum drift_err err = DRIFT_OK;

	run->at = -1;
	run->start = 0;
	run->bytes = 0;
	run->packets = 0;
	run->rounded = 0;
	if (p->scanning)
		return scan_run(p, from, until, run);
	if (p->held && p->held_at < from)
		let_go(p);
	if (!p->held)
		packets_skip(packets_of(p), from);
	while (err == DRIFT_OK)
		err = add_packet(p, from, until, run);
	return err == DRIFT_EMORE ? DRIFT_OK : err;
}

/* --- encoding ------------------------------------------------------------------------ */

static bool make_pcm_room(struct packer *p, size_t bytes)
{
	uint8_t *pcm;

	if (bytes <= p->pcm_room)
		return true;
	pcm = realloc(p->pcm, bytes);
	if (!pcm)
		return false;
	p->pcm = pcm;
	p->pcm_room = bytes;
	return true;
}

enum drift_err packer_encode(struct packer *p, int64_t first, int32_t count, struct packer_run *run)
{
	struct pcmint whole = {.channels = p->packing.channels, .bits = p->packing.bits};
	struct flacencode_pcm pcm;
	int64_t left;
	enum drift_err err;

	if (!make_pcm_room(p, (size_t)count * pcmint_stride(&whole)))
		return DRIFT_ENOMEM;
	err = source_read_whole(p->source, first, count, &whole, p->pcm);
	if (err != DRIFT_OK)
		return err;
	left = source_get_facts(p->source)->samples - first; /* the end may just have been found */
	if (left < count)
		count = left > 0 ? (int32_t)left : 0;
	pcm = pcm_of(p);
	pcm.samples = count;
	pcm.number = (uint32_t)(first / PACKING_BLOCK);
	run->at = -1;
	run->start = first;
	run->packets = (count + PACKING_BLOCK - 1) / PACKING_BLOCK;
	run->rounded = whole.rounded;
	run->ended = first + count >= source_get_facts(p->source)->samples;
	return flacencode_run(&pcm, run->entry, run->data, run->room, &run->bytes);
}
