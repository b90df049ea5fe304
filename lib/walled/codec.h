/*
 * codec.h - the codecs that Drift decodes, and how long one packet of each
 * sounds, told from the packet itself.
 *
 * Container timestamps are rounded (1 ms in Matroska, 1/90000 s elsewhere), so
 * positions are sums of these lengths instead.
 * Source: RFC 9639 9.1.1 (FLAC block size), RFC 6716 3.1 (Opus TOC), WavPack
 * file format 4 (block header), ISO 14496-3 (AAC), ATSC A/52 (AC-3,
 * E-AC-3 in its annex E), ETSI TS 102 114 5.3.1 (DTS core), RFC 4867 5.3 (AMR), Microsoft's
 * and Intel's multimedia data standards (ADPCM), Speex manual 5.3 (header).
 */
#ifndef DRIFT_WALLED_CODEC_H
#define DRIFT_WALLED_CODEC_H

#include <libavcodec/avcodec.h>
#include <libavcodec/vorbis_parser.h>
#include <libavformat/avformat.h>
#include <stdbool.h>
#include <stdint.h>

struct codec {
	enum AVCodecID id;
	const char *decoder; /* libavcodec's name */
	const char *name; /* ours: pcm flac alac mp3 aac vorbis opus … */
	int bits; /* of lossless ones that fix it; 0: the stream says */
	int preroll; /* packets decoded and dropped before the first wanted */
	bool lossless;
	bool pcm; /* any byte position is an entry */
	const char *mp4; /* sample entry under which browsers take its packets in MP4;
			    NULL: they do not */
};

/* NULL for a codec that is not on the list. Static storage. */
const struct codec *codec_get(enum AVCodecID id);

/* Samples that a packet of it has at most, where a pre-roll is counted in packets. */
int32_t codec_longest(const struct codec *codec);

/*
 * Does the decoder give two samples for each one of the core, as AAC with SBR does?
 *
 * frame  samples that it gives of a packet
 */
bool codec_doubles(const struct codec *codec, int32_t frame);

/* Comma-separated decoder names, for codec_whitelist. Static storage. */
const char *codec_names(void);

/* What a packet's own header says of its sound; 0: nothing. Rates of AAC are the core's. */
struct codec_sound {
	int rate, channels, bits; /* as the header codes them: to be compared, no more */
};

/*
 * False of a codec whose packets do not say, and of a packet that makes no sense.
 * Source: ISO 11172-3 2.4.2.3 (MPEG audio), ISO 14496-3 1.A.2.2 (ADTS), RFC 9639 9.1 (FLAC).
 */
bool codec_sound(const struct codec *codec, const uint8_t *data, int bytes,
		 struct codec_sound *out);

/* Measures the packets of one stream, in their order. */
struct codec_clock {
	const struct codec *codec;
	const AVCodecParameters *par; /* borrowed for the clock's life */
	AVRational time_base; /* of the packets' durations */
	AVVorbisParseContext *vorbis; /* owned */
	int32_t frame; /* samples of one packet of a codec whose decoder has
			  to be asked (AAC with or without SBR); 0: not yet */
	bool started; /* a packet has been seen: the first one of Vorbis gives nothing, of WMA
			 less */
};

void codec_clock_init(struct codec_clock *c, const struct codec *codec, const AVStream *stream);
void codec_clock_clear(struct codec_clock *c);
/* Samples per channel that the packet decodes to; 0 for one that makes no sense. */
int32_t codec_clock_add(struct codec_clock *c, const AVPacket *packet);

#endif
