#include "walled/codec.h"

#include "format/flacframe.h"

#include <libavutil/intreadwrite.h>
#include <libavutil/mathematics.h>
#include <stdio.h>
#include <string.h>

/* Pre-roll (doc/design.md, "Opus"): AAC overlaps two frames, MP3 draws on a reservoir of up
   to 12 frames, Opus needs 35 packets of 20 ms to converge, speech codecs a second; Musepack 7
   says scale factors as differences, for which its own player goes back 32 frames. */
#define PCM(ID, NAME, BITS)                                                                        \
	{                                                                                          \
		AV_CODEC_ID_PCM_##ID, NAME, "pcm", BITS, 0, true, true, NULL                       \
	}

/* One bit a sample, decimated by eight: the filter reaches back over less than a packet. */
#define DSD(ID, NAME)                                                                              \
	{                                                                                          \
		AV_CODEC_ID_DSD_##ID, NAME, "dsd", 24, 1, true, false, NULL                        \
	}
#define LOSSY(ID, NAME, OURS, PREROLL)                                                             \
	{                                                                                          \
		AV_CODEC_ID_##ID, NAME, OURS, 0, PREROLL, false, false, NULL                       \
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
	{AV_CODEC_ID_TTA, "tta", "tta", 0, 0, true, false, NULL},
	{AV_CODEC_ID_APE, "ape", "ape", 0, 0, true, false, NULL},
	{AV_CODEC_ID_TAK, "tak", "tak", 0, 0, true, false, NULL},
	DSD(LSBF, "dsd_lsbf"),
	DSD(MSBF, "dsd_msbf"),
	DSD(LSBF_PLANAR, "dsd_lsbf_planar"),
	DSD(MSBF_PLANAR, "dsd_msbf_planar"),
	LOSSY(MUSEPACK7, "mpc7", "musepack", 32),
	LOSSY(MUSEPACK8, "mpc8", "musepack", 2),
	LOSSY(WMAV1, "wmav1", "wma", 3),
	LOSSY(WMAV2, "wmav2", "wma", 3),
	LOSSY(SPEEX, "speex", "speex", 50),
	LOSSY(AMR_NB, "amrnb", "amr", 50),
	LOSSY(AMR_WB, "amrwb", "amr", 50),
	LOSSY(GSM, "gsm", "gsm", 100),
	LOSSY(GSM_MS, "gsm_ms", "gsm", 50),
	LOSSY(ADPCM_IMA_WAV, "adpcm_ima_wav", "adpcm", 0),
	LOSSY(ADPCM_MS, "adpcm_ms", "adpcm", 0),
	LOSSY(ADPCM_IMA_QT, "adpcm_ima_qt", "adpcm", 0),
	LOSSY(ADPCM_G722, "g722", "g722", 1),
};

#define FRAME_MAX (1 << 20) /* samples of one packet */
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
	case AV_CODEC_ID_SPEEX:
	case AV_CODEC_ID_AMR_NB:
	case AV_CODEC_ID_AMR_WB:
	case AV_CODEC_ID_GSM:
	case AV_CODEC_ID_GSM_MS:
		return 640;
	case AV_CODEC_ID_WMAV1:
	case AV_CODEC_ID_WMAV2:
		return 15 * 2048;
	case AV_CODEC_ID_MUSEPACK8:
		return 1152 << 14;
	case AV_CODEC_ID_MUSEPACK7:
		return 1152;
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
	static char names[1024];
	size_t len = 0;

	for (size_t i = 0; i < CODECS && len == 0; i++)
		for (size_t k = 0; k < CODECS && len < sizeof(names); k++)
			len += (size_t)snprintf(names + len, sizeof(names) - len, "%s%s",
						k ? "," : "", codecs[k].decoder);
	return names;
}

void codec_clock_init(struct codec_clock *c, const struct codec *codec, const AVStream *stream)
{
	const AVCodecParameters *par = stream->codecpar;

	*c = (struct codec_clock){.codec = codec, .par = par, .time_base = stream->time_base};
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
	return samples <= FRAME_MAX ? (int32_t)samples : 0;
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

/* What the demuxer or its parser says. */
static int64_t stated_samples(const struct codec_clock *c, const AVPacket *packet)
{
	AVRational samples = {1, c->par->sample_rate};
	int64_t stated = samples.den > 0 && packet->duration > 0
				 ? av_rescale_q(packet->duration, c->time_base, samples)
				 : 0;

	return stated <= FRAME_MAX ? stated : 0;
}

/* All frames but the last have one length. Matroska's durations are rounded, or missing: there
   the last one is cut by the header (see extent.c). */
static int32_t tta_samples(const struct codec_clock *c, const AVPacket *packet)
{
	int64_t frame = 256ll * c->par->sample_rate / 245;

	if (c->time_base.num == 1 && c->time_base.den == c->par->sample_rate)
		return (int32_t)stated_samples(c, packet);
	return frame > 0 && frame <= FRAME_MAX ? (int32_t)frame : 0;
}

/* Blocks of one size, each with what is needed to decode it at its head: Intel's holds a sample
   there and eight per word and channel, Microsoft's two and two per byte. */
static int32_t adpcm_samples(const AVCodecParameters *par, int bytes)
{
	int channels = par->ch_layout.nb_channels, block = par->block_align, each;

	if (block < 1 || channels < 1)
		return 0;
	if (par->codec_id == AV_CODEC_ID_ADPCM_IMA_QT)
		return bytes / (34 * channels) * 64;
	if (par->codec_id == AV_CODEC_ID_ADPCM_MS)
		each = (block - 7 * channels) * 2 / channels + 2;
	else if (par->bits_per_coded_sample == 4)
		each = (block - 4 * channels) / (4 * channels) * 8 + 1;
	else
		return 0;
	return each > 0 && each <= FRAME_MAX ? bytes / block * each : 0;
}

/* Several frames may share a packet in MP4; each tells its mode, and that its bytes. */
static int32_t amr_samples(enum AVCodecID id, const uint8_t *d, int bytes)
{
	static const uint8_t narrow[16] = {13, 14, 16, 18, 20, 21, 27, 32, 6, 1, 1, 1, 1, 1, 1, 1};
	static const uint8_t wide[16] = {18, 24, 33, 37, 41, 47, 51, 59, 61, 6, 1, 1, 1, 1, 1, 1};
	int32_t samples = 0;

	while (bytes > 0) {
		int mode = d[0] >> 3 & 15;
		int size = id == AV_CODEC_ID_AMR_WB ? wide[mode] : narrow[mode];

		d += size;
		bytes -= size;
		samples += id == AV_CODEC_ID_AMR_WB ? 320 : 160;
	}
	return samples;
}

/* Samples of a frame times frames of a packet, out of the stream's header. */
static int32_t speex_samples(const AVCodecParameters *par)
{
	int64_t samples;

	if (par->extradata_size < 80)
		return 0;
	samples = (int64_t)AV_RL32(par->extradata + 56) * AV_RL32(par->extradata + 64);
	return samples <= 8192 ? (int32_t)samples : 0;
}

/* A frame by its rate; see libavcodec's wma_common. */
static int wma_frame(const AVCodecParameters *par)
{
	if (par->sample_rate <= 16000)
		return 512;
	if (par->sample_rate <= 22050 ||
	    (par->sample_rate <= 32000 && par->codec_id == AV_CODEC_ID_WMAV1))
		return 1024;
	return 2048;
}

/* With a bit reservoir each block counts the frames that end in it; the one that began before
   the very first is lost. */
static int32_t wma_samples(struct codec_clock *c, const uint8_t *d, int bytes)
{
	const AVCodecParameters *par = c->par;
	int at = par->codec_id == AV_CODEC_ID_WMAV1 ? 2 : 4;
	bool reservoir = par->extradata_size >= at + 2 && par->extradata[at] & 2;
	int block = par->block_align > 0 ? par->block_align : bytes, frames = 0;

	for (; bytes >= block && block > 0; bytes -= block, d += block)
		frames += reservoir ? d[0] & 15 : 1;
	if (reservoir && !c->started && frames > 0)
		frames--;
	c->started = true;
	return frames * wma_frame(par);
}

/* libavformat flags the last frame, whose length the header has. */
static int32_t musepack7_samples(const AVCodecParameters *par, const uint8_t *d, int bytes)
{
	int last = par->extradata_size >= 16 ? AV_RL32(par->extradata + 12) >> 20 & 0x7ff : 0;

	if (bytes < 4)
		return 0;
	return d[1] && last ? last : 1152;
}

static int32_t musepack8_samples(const AVCodecParameters *par)
{
	return par->extradata_size >= 2 ? 1152 << (par->extradata[1] & 7) * 2 : 0;
}

/* libavformat puts the number of samples in front of the frame. */
static int32_t ape_samples(const uint8_t *d, int bytes)
{
	return bytes >= 8 && AV_RL32(d) <= FRAME_MAX ? (int32_t)AV_RL32(d) : 0;
}

static int32_t wavpack_samples(const uint8_t *d, int bytes)
{
	return bytes >= 32 && AV_RL32(d + 20) <= FRAME_MAX ? (int32_t)AV_RL32(d + 20) : 0;
}

/* Those whose packets all have the same length, or are as long as their bytes say. */
static int32_t plain_samples(const struct codec_clock *c, int bytes)
{
	switch (c->codec->id) {
	case AV_CODEC_ID_AC3:
		return 1536;
	case AV_CODEC_ID_AAC:
		return c->frame;
	case AV_CODEC_ID_ADPCM_G722:
		return bytes * 2;
	case AV_CODEC_ID_GSM:
		return bytes / 33 * 160;
	case AV_CODEC_ID_GSM_MS:
		return bytes / 65 * 320;
	case AV_CODEC_ID_SPEEX:
		return speex_samples(c->par);
	case AV_CODEC_ID_MUSEPACK8:
		return musepack8_samples(c->par);
	case AV_CODEC_ID_ADPCM_IMA_WAV:
	case AV_CODEC_ID_ADPCM_MS:
	case AV_CODEC_ID_ADPCM_IMA_QT:
		return adpcm_samples(c->par, bytes);
	case AV_CODEC_ID_DSD_LSBF:
	case AV_CODEC_ID_DSD_MSBF:
	case AV_CODEC_ID_DSD_LSBF_PLANAR:
	case AV_CODEC_ID_DSD_MSBF_PLANAR:
		return bytes / c->par->ch_layout.nb_channels;
	default:
		return pcm_samples(c->par, bytes);
	}
}

/* Version and rate together; single channel is mode 3, all other modes are two. */
static bool mpeg_sound(const uint8_t *d, int bytes, struct codec_sound *out)
{
	if (mpeg_samples(d, bytes) == 0)
		return false;
	out->rate = 1 + ((d[1] >> 3 & 3) << 2 | (d[2] >> 2 & 3));
	out->channels = d[3] >> 6 == 3 ? 1 : 2;
	return true;
}

static bool adts_sound(const uint8_t *d, int bytes, struct codec_sound *out)
{
	if (bytes < 7 || d[0] != 0xff || (d[1] & 0xf6) != 0xf0)
		return false;
	out->rate = 1 + (d[2] >> 2 & 15);
	out->channels = (d[2] & 1) << 2 | d[3] >> 6;
	return true;
}

/* What it leaves to STREAMINFO stays 0. The two sides of a stereo pair may be coded in four ways.
 */
static bool flac_sound(const uint8_t *d, int bytes, struct codec_sound *out)
{
	struct flacframe frame;

	if (flacframe_parse(d, (size_t)bytes, &frame) != DRIFT_OK)
		return false;
	out->rate = frame.rate_code;
	out->channels = frame.channel_code > 7 ? 2 : frame.channel_code + 1;
	out->bits = frame.bits_code;
	return true;
}

bool codec_sound(const struct codec *codec, const uint8_t *data, int bytes, struct codec_sound *out)
{
	*out = (struct codec_sound){0};
	switch (codec->id) {
	case AV_CODEC_ID_MP1:
	case AV_CODEC_ID_MP2:
	case AV_CODEC_ID_MP3:
		return mpeg_sound(data, bytes, out);
	case AV_CODEC_ID_AAC:
		return adts_sound(data, bytes, out);
	case AV_CODEC_ID_FLAC:
		return flac_sound(data, bytes, out);
	default:
		return false;
	}
}

int32_t codec_clock_add(struct codec_clock *c, const AVPacket *packet)
{
	const uint8_t *data = packet->data;
	int bytes = packet->size;

	switch (c->codec->id) {
	case AV_CODEC_ID_FLAC:
		return flac_samples(data, bytes);
	case AV_CODEC_ID_ALAC:
		return alac_samples(c->par, data, bytes);
	case AV_CODEC_ID_WAVPACK:
		return wavpack_samples(data, bytes);
	case AV_CODEC_ID_MP1:
	case AV_CODEC_ID_MP2:
	case AV_CODEC_ID_MP3:
		return mpeg_samples(data, bytes);
	case AV_CODEC_ID_OPUS:
		return opus_samples(data, bytes);
	case AV_CODEC_ID_VORBIS:
		return vorbis_samples(c, data, bytes);
	case AV_CODEC_ID_EAC3:
		return eac3_samples(data, bytes);
	case AV_CODEC_ID_DTS:
		return dts_samples(data, bytes);
	case AV_CODEC_ID_APE:
		return ape_samples(data, bytes);
	case AV_CODEC_ID_TTA:
		return tta_samples(c, packet);
	case AV_CODEC_ID_TAK:
		return (int32_t)stated_samples(c, packet);
	case AV_CODEC_ID_WMAV1:
	case AV_CODEC_ID_WMAV2:
		return wma_samples(c, data, bytes);
	case AV_CODEC_ID_AMR_NB:
	case AV_CODEC_ID_AMR_WB:
		return amr_samples(c->codec->id, data, bytes);
	case AV_CODEC_ID_MUSEPACK7:
		return musepack7_samples(c->par, data, bytes);
	default:
		return plain_samples(c, bytes);
	}
}
