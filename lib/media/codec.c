#include "media/codec.h"

#include <libavutil/intreadwrite.h>
#include <stdio.h>
#include <string.h>

/* Pre-roll (DESIGN 7): AAC overlaps two frames, MP3 draws on a reservoir of up
   to 12 frames, Opus needs 35 packets of 20 ms to converge. */
#define PCM(ID, NAME, BITS)                                                                        \
	{                                                                                          \
		AV_CODEC_ID_PCM_##ID, NAME, "pcm", BITS, 0, true, true, NULL                       \
	}

static const struct codec codecs[] = {
	PCM(U8, "pcm_u8", 8),
	PCM(S8, "pcm_s8", 8),
	PCM(S16LE, "pcm_s16le", 16),
	PCM(S16BE, "pcm_s16be", 16),
	PCM(S24LE, "pcm_s24le", 24),
	PCM(S24BE, "pcm_s24be", 24),
	PCM(S32LE, "pcm_s32le", 32),
	PCM(S32BE, "pcm_s32be", 32),
	PCM(F32LE, "pcm_f32le", 32),
	PCM(F32BE, "pcm_f32be", 32),
	PCM(F64LE, "pcm_f64le", 32),
	PCM(F64BE, "pcm_f64be", 32),
	{AV_CODEC_ID_PCM_ALAW, "pcm_alaw", "alaw", 0, 0, false, true, NULL},
	{AV_CODEC_ID_PCM_MULAW, "pcm_mulaw", "ulaw", 0, 0, false, true, NULL},
	{AV_CODEC_ID_FLAC, "flac", "flac", 0, 0, true, false, "fLaC"},
	{AV_CODEC_ID_ALAC, "alac", "alac", 0, 0, true, false, NULL},
	{AV_CODEC_ID_WAVPACK, "wavpack", "wavpack", 0, 0, true, false, NULL},
	{AV_CODEC_ID_MP1, "mp1float", "mp1", 0, 2, false, false, NULL},
	{AV_CODEC_ID_MP2, "mp2float", "mp2", 0, 2, false, false, NULL},
	{AV_CODEC_ID_MP3, "mp3float", "mp3", 0, 12, false, false, "mp3 "},
	{AV_CODEC_ID_AAC, "aac", "aac", 0, 2, false, false, "mp4a"},
	{AV_CODEC_ID_AC3, "ac3", "ac3", 0, 2, false, false, NULL},
	{AV_CODEC_ID_EAC3, "eac3", "eac3", 0, 2, false, false, NULL},
	{AV_CODEC_ID_DTS, "dca", "dts", 0, 2, false, false, NULL},
	{AV_CODEC_ID_VORBIS, "vorbis", "vorbis", 0, 2, false, false, NULL},
	{AV_CODEC_ID_OPUS, "libopus", "opus", 0, 35, false, false, "Opus"},
};

#define CODECS (sizeof(codecs) / sizeof(codecs[0]))

const struct codec *codec_get(enum AVCodecID id)
{
	for (size_t i = 0; i < CODECS; i++)
		if (codecs[i].id == id)
			return &codecs[i];
	return NULL;
}

int32_t codec_longest(const struct codec *codec)
{
	switch (codec->id) {
	case AV_CODEC_ID_MP1:
	case AV_CODEC_ID_MP2:
	case AV_CODEC_ID_MP3:
		return 1152;
	case AV_CODEC_ID_AC3:
	case AV_CODEC_ID_EAC3:
		return 1536;
	case AV_CODEC_ID_AAC:
		return 2048;
	case AV_CODEC_ID_DTS:
		return 4096;
	case AV_CODEC_ID_OPUS:
		return 5760;
	default:
		return 8192; /* Vorbis */
	}
}

/* A frame of the core has 1024 samples, or 960 of radio. */
bool codec_doubles(const struct codec *codec, int32_t frame)
{
	return codec->id == AV_CODEC_ID_AAC && frame > 1024;
}

const char *codec_names(void)
{
	static char names[512];
	size_t len = 0;

	for (size_t i = 0; i < CODECS && len == 0; i++)
		for (size_t k = 0; k < CODECS && len < sizeof(names); k++)
			len += (size_t)snprintf(names + len, sizeof(names) - len, "%s%s",
						k ? "," : "", codecs[k].decoder);
	return names;
}

void codec_clock_init(struct codec_clock *c, const struct codec *codec,
		      const AVCodecParameters *par)
{
	*c = (struct codec_clock){.codec = codec, .par = par};
	if (codec->id == AV_CODEC_ID_VORBIS)
		c->vorbis = av_vorbis_parse_init(par->extradata, par->extradata_size);
}

void codec_clock_clear(struct codec_clock *c)
{
	av_vorbis_parse_free(&c->vorbis);
}

/* The block size stands behind the frame or sample number, which is coded
   like UTF-8 up to seven bytes. The smallest frame has 11 bytes: fewer than a
   header of the longest form, hence the padding that libavcodec guarantees. */
static int32_t flac_samples(const uint8_t *d, int bytes)
{
	int code, at = 5;

	if (bytes < 11 || d[0] != 0xff || (d[1] & 0xfc) != 0xf8)
		return 0;
	code = d[2] >> 4;
	for (uint8_t lead = d[4]; (lead & 0xc0) == 0xc0; lead = (uint8_t)(lead << 1))
		at++;
	switch (code) {
	case 0:
		return 0;
	case 1:
		return 192;
	case 2:
	case 3:
	case 4:
	case 5:
		return 576 << (code - 2);
	case 6:
		return d[at] + 1;
	case 7:
		return AV_RB16(d + at) + 1;
	default:
		return 256 << (code - 8);
	}
}

static int32_t opus_samples(const uint8_t *d, int bytes)
{
	static const int16_t silk[4] = {480, 960, 1920, 2880};
	int config, frames, samples;

	if (bytes < 1)
		return 0;
	config = d[0] >> 3;
	samples = config < 12	? silk[config & 3]
		  : config < 16 ? 480 << (config & 1)
				: 120 << (config & 3);
	frames = (d[0] & 3) == 0 ? 1 : (d[0] & 3) < 3 ? 2 : bytes > 1 ? d[1] & 63 : 0;
	return samples * frames <= 5760 ? samples * frames : 0;
}

/* A frame says its length when it is not the one of the magic cookie (the
   last frame of a stream is short). */
static int32_t alac_samples(const AVCodecParameters *par, const uint8_t *d, int bytes)
{
	int64_t samples;

	if (bytes < 8 || par->extradata_size < 16)
		return 0;
	samples = AV_RB32(par->extradata + 12);
	if (d[2] & 0x10)
		samples = (int64_t)(AV_RB64(d) >> 9 & 0xffffffff);
	return samples <= 1 << 20 ? (int32_t)samples : 0;
}

static int32_t mpeg_samples(const uint8_t *d, int bytes)
{
	int layer;

	if (bytes < 4 || d[0] != 0xff || (d[1] & 0xe0) != 0xe0)
		return 0;
	layer = 4 - (d[1] >> 1 & 3);
	if (layer == 1)
		return 384;
	return layer == 3 && (d[1] >> 3 & 3) != 3 ? 576 : 1152;
}

/* One syncframe; one of a dependent substream sounds together with the one before. */
static int32_t eac3_samples(const uint8_t *d, int bytes)
{
	static const int blocks[4] = {1, 2, 3, 6};

	if (bytes < 5 || AV_RB16(d) != 0x0b77 || d[2] >> 6 == 1)
		return 0;
	return 256 * (d[4] >> 6 == 3 ? 6 : blocks[d[4] >> 4 & 3]);
}

static int32_t dts_samples(const uint8_t *d, int bytes)
{
	if (bytes < 6 || AV_RB32(d) != 0x7ffe8001)
		return 0;
	return 32 * (((d[4] & 1) << 6 | d[5] >> 2) + 1);
}

static int32_t vorbis_samples(struct codec_clock *c, const uint8_t *d, int bytes)
{
	int samples = c->vorbis ? av_vorbis_parse_frame(c->vorbis, d, bytes) : 0;

	if (!c->started) {
		c->started = true;
		return 0;
	}
	return samples > 0 ? samples : 0;
}

/* Not every container states a block; PCM's follows from its codec. */
static int32_t pcm_samples(const AVCodecParameters *par, int bytes)
{
	int block = av_get_bits_per_sample(par->codec_id) / 8 * par->ch_layout.nb_channels;

	return block > 0 ? bytes / block : 0;
}

int32_t codec_clock_add(struct codec_clock *c, const uint8_t *data, int bytes)
{
	switch (c->codec->id) {
	case AV_CODEC_ID_FLAC:
		return flac_samples(data, bytes);
	case AV_CODEC_ID_ALAC:
		return alac_samples(c->par, data, bytes);
	case AV_CODEC_ID_WAVPACK:
		return bytes >= 32 && AV_RL32(data + 20) <= 1 << 20 ? (int32_t)AV_RL32(data + 20)
								    : 0;
	case AV_CODEC_ID_MP1:
	case AV_CODEC_ID_MP2:
	case AV_CODEC_ID_MP3:
		return mpeg_samples(data, bytes);
	case AV_CODEC_ID_OPUS:
		return opus_samples(data, bytes);
	case AV_CODEC_ID_VORBIS:
		return vorbis_samples(c, data, bytes);
	case AV_CODEC_ID_AC3:
		return 1536;
	case AV_CODEC_ID_EAC3:
		return eac3_samples(data, bytes);
	case AV_CODEC_ID_DTS:
		return dts_samples(data, bytes);
	case AV_CODEC_ID_AAC:
		return c->frame;
	default:
		return pcm_samples(c->par, bytes);
	}
}
