#include "media/sniff.h"

#include <stdbool.h>
#include <string.h>

struct magic {
	const char *at0; /* bytes at offset 0 */
	size_t len0;
	size_t offset; /* of the second match */
	const char *at1;
	size_t len1;
	struct sniff is;
};

#define BYTES(text) text, sizeof(text) - 1
#define WAV                                                                                        \
	{                                                                                          \
		"wav", "wav", "wav", "audio/wav"                                                   \
	}
#define AIFF                                                                                       \
	{                                                                                          \
		"aiff", "aiff", "aiff", "audio/aiff"                                               \
	}
#define MOV                                                                                        \
	{                                                                                          \
		"mov", "mp4", "m4a", "audio/mp4"                                                   \
	}

static const struct magic magics[] = {
	{BYTES("RIFF"), 8, BYTES("WAVE"), WAV},
	{BYTES("RF64"), 8, BYTES("WAVE"), WAV},
	{BYTES("BW64"), 8, BYTES("WAVE"), WAV},
	{BYTES("RIFF"), 8, BYTES("AVI "), {"avi", "avi", "avi", "video/x-msvideo"}},
	{BYTES("riff\x2e\x91\xcf\x11\xa5\xd6\x28\xdb\x04\xc1\x00\x00"),
	 24,
	 BYTES("wave\xf3\xac\xd3\x11"),
	 {"w64", "w64", "w64", "audio/x-w64"}},
	{BYTES("FORM"), 8, BYTES("AIFF"), AIFF},
	{BYTES("FORM"), 8, BYTES("AIFC"), AIFF},
	{BYTES("fLaC"), 0, BYTES(""), {"flac", "flac", "flac", "audio/flac"}},
	{BYTES("OggS"), 28, BYTES("OpusHead"), {"ogg", "ogg", "opus", "audio/ogg"}},
	{BYTES("OggS"),
	 28,
	 BYTES("\x7f"
	       "FLAC"),
	 {"ogg", "ogg", "oga", "audio/ogg"}},
	{BYTES("OggS"), 0, BYTES(""), {"ogg", "ogg", "ogg", "audio/ogg"}},
	{BYTES(""), 4, BYTES("ftyp"), MOV},
	{BYTES(""), 4, BYTES("moov"), MOV},
	{BYTES(""), 4, BYTES("mdat"), MOV},
	{BYTES(""), 4, BYTES("wide"), MOV},
	{BYTES("\x1a\x45\xdf\xa3"),
	 0,
	 BYTES(""),
	 {"matroska", "matroska", "mka", "audio/x-matroska"}},
	{BYTES("caff\0\1"), 0, BYTES(""), {"caf", "caf", "caf", "audio/x-caf"}},
	{BYTES("wvpk"), 0, BYTES(""), {"wv", "wavpack", "wv", "audio/x-wavpack"}},
};

static const struct sniff mpeg = {"mp3", "mp3", "mp3", "audio/mpeg"};
static const struct sniff mpeg_layer2 = {"mp3", "mp3", "mp2", "audio/mpeg"};
static const struct sniff adts = {"aac", "adts", "aac", "audio/aac"};

/* What strangers send instead; the words complete "this is ...". */
static const struct {
	const char *bytes;
	size_t len;
	const char *name;
} others[] = {
	{BYTES("#EXTM3U"), "an HLS playlist"},
	{BYTES("ffconcat"), "an ffconcat script"},
	{BYTES("[playlist]"), "a playlist"},
	{BYTES("<?xml"), "an XML text"},
	{BYTES("<!DOCTYPE"), "a web page"},
	{BYTES("<html"), "a web page"},
	{BYTES("PK\3\4"), "a ZIP archive"},
	{BYTES("\x1f\x8b"), "a gzip archive"},
	{BYTES("Rar!"), "a RAR archive"},
	{BYTES("7z\xbc\xaf"), "a 7-Zip archive"},
	{BYTES("%PDF"), "a PDF"},
	{BYTES("\xff\xd8\xff"), "a JPEG picture"},
	{BYTES("\x89PNG"), "a PNG picture"},
	{BYTES("GIF8"), "a GIF picture"},
	{BYTES("MThd"), "a MIDI file, notes without sound"},
	{BYTES("\x7f"
	       "ELF"),
	 "a program"},
	{BYTES("\x30\x26\xb2\x75\x8e\x66\xcf\x11"), "a Windows Media file"},
};

static bool has(const uint8_t *data, size_t len, size_t at, const char *bytes, size_t count)
{
	return at <= len && len - at >= count && memcmp(data + at, bytes, count) == 0;
}

int64_t sniff_id3v2(const uint8_t *data, size_t len)
{
	int64_t size;

	if (!has(data, len, 0, BYTES("ID3")) || len < 10 || data[3] == 0xff || data[4] == 0xff)
		return 0;
	if ((data[6] | data[7] | data[8] | data[9]) & 0x80)
		return 0;
	size = (int64_t)data[6] << 21 | data[7] << 14 | data[8] << 7 | data[9];
	return size + 10 + (data[5] & 0x10 ? 10 : 0);
}

/* Bytes of the MPEG audio frame that starts at h, 0 if none does. */
static size_t mpeg_frame(const uint8_t *h)
{
	static const uint16_t kbits[5][15] = {
		{0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448},
		{0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384},
		{0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320},
		{0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256},
		{0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160},
	};
	static const uint16_t rates[3] = {44100, 48000, 32000};
	int version = h[1] >> 3 & 3, layer = 4 - (h[1] >> 1 & 3); /* version 3 is MPEG 1 */
	int bitrate = h[2] >> 4, rate = h[2] >> 2 & 3, padding = h[2] >> 1 & 1;
	int row, hz;

	if (h[0] != 0xff || (h[1] & 0xe0) != 0xe0 || version == 1 || layer == 4)
		return 0;
	if (bitrate == 0 || bitrate == 15 || rate == 3)
		return 0;
	row = version == 3 ? layer - 1 : layer == 1 ? 3 : 4;
	hz = rates[rate] >> (version == 3 ? 0 : version == 2 ? 1 : 2);
	if (layer == 1)
		return (size_t)(12000 * kbits[row][bitrate] / hz + padding) * 4;
	return (size_t)((layer == 3 && version != 3 ? 72000 : 144000) * kbits[row][bitrate] / hz +
			padding);
}

static size_t adts_frame(const uint8_t *h)
{
	size_t bytes = (size_t)(h[3] & 3) << 11 | (size_t)h[4] << 3 | h[5] >> 5;

	if (h[0] != 0xff || (h[1] & 0xf6) != 0xf0 || (h[2] >> 2 & 15) > 12)
		return 0;
	return bytes > 7 ? bytes : 0;
}

/* A frame, and behind it another one of the same version, layer and rate:
   one header alone turns up in any noise. */
static bool two_frames(const uint8_t *data, size_t len, size_t at, size_t (*frame)(const uint8_t *))
{
	size_t bytes, next;

	if (len < at + 7)
		return false;
	bytes = frame(data + at);
	next = at + bytes;
	if (bytes == 0 || len < next + 7)
		return false;
	return frame(data + next) > 0 && (data[at + 1] & 0xfe) == (data[next + 1] & 0xfe) &&
	       (data[at + 2] & 0x0c) == (data[next + 2] & 0x0c);
}

/* Encoders and cutters leave zeros or the rest of a frame in front. */
static const struct sniff *find_frames(const uint8_t *data, size_t len)
{
	for (size_t at = 0; at < len && at < 8192; at++) {
		if (two_frames(data, len, at, mpeg_frame))
			return (data[at + 1] & 6) == 4 ? &mpeg_layer2 : &mpeg;
		if (two_frames(data, len, at, adts_frame))
			return &adts;
	}
	return NULL;
}

static const char *name_other(const uint8_t *data, size_t len)
{
	size_t text = 0;

	if (len == 0)
		return "an empty file";
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (has(data, len, 0, others[i].bytes, others[i].len))
			return others[i].name;
	while (text < len && text < 512 &&
	       (data[text] >= 0x20 || (data[text] >= 9 && data[text] <= 13)))
		text++;
	return text == len || text == 512 ? "a text" : "a file of an unknown kind";
}

enum drift_err sniff_bytes(const uint8_t *data, size_t len, struct sniff *out, const char **found)
{
	const struct sniff *frames;

	for (size_t i = 0; i < sizeof(magics) / sizeof(magics[0]); i++) {
		const struct magic *m = &magics[i];

		if (has(data, len, 0, m->at0, m->len0) &&
		    has(data, len, m->offset, m->at1, m->len1)) {
			*out = m->is;
			return DRIFT_OK;
		}
	}
	*found = name_other(data, len);
	/* a text is never searched for frames: eight thousand chances are many */
	frames = strncmp(*found, "a file", 6) == 0 ? find_frames(data, len) : NULL;
	if (!frames)
		return DRIFT_EFORMAT;
	*out = *frames;
	return DRIFT_OK;
}

const char *sniff_picture(const void *data, size_t len)
{
	if (has(data, len, 0, BYTES("\xff\xd8\xff")))
		return "image/jpeg";
	if (has(data, len, 0, BYTES("\x89PNG\r\n\x1a\n")))
		return "image/png";
	return NULL;
}
