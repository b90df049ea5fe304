#include "format/sniff.h"

#include <stdbool.h>
#include <string.h>

#define NEAR_BYTES 8192 /* of what may be in front of two frames */
#define TS_PACKETS_MIN 4

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
	{BYTES(".snd"), 0, BYTES(""), {"au", "au", "au", "audio/basic"}},
	{BYTES("TTA1"), 0, BYTES(""), {"tta", "tta", "tta", "audio/x-tta"}},
	{BYTES("MAC "), 0, BYTES(""), {"ape", "ape", "ape", "audio/x-ape"}},
	{BYTES("tBaK"), 0, BYTES(""), {"tak", "tak", "tak", "audio/x-tak"}},
	{BYTES("MP+"), 0, BYTES(""), {"mpc", "mpc", "mpc", "audio/x-musepack"}},
	{BYTES("MPCK"), 0, BYTES(""), {"mpc8", "mpc", "mpc", "audio/x-musepack"}},
	{BYTES("DSD "), 28, BYTES("fmt "), {"dsf", "dsf", "dsf", "audio/x-dsf"}},
	{BYTES("FRM8"), 12, BYTES("DSD "), {"iff", "dff", "dff", "audio/x-dff"}},
	{BYTES("#!AMR\n"), 0, BYTES(""), {"amr", "amr", "amr", "audio/amr"}},
	{BYTES("#!AMR-WB\n"), 0, BYTES(""), {"amr", "amr", "awb", "audio/amr-wb"}},
	{BYTES("\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9\x00\xaa\x00\x62\xce\x6c"),
	 0,
	 BYTES(""),
	 {"asf", "asf", "wma", "audio/x-ms-wma"}},
};

static const struct sniff mpeg = {"mp3", "mp3", "mp3", "audio/mpeg"};
static const struct sniff mpeg_layer2 = {"mp3", "mp3", "mp2", "audio/mpeg"};
static const struct sniff adts = {"aac", "adts", "aac", "audio/aac"};
static const struct sniff ac3 = {"ac3", "ac3", "ac3", "audio/ac3"};
static const struct sniff eac3 = {"eac3", "eac3", "eac3", "audio/eac3"};
static const struct sniff dts = {"dts", "dts", "dts", "audio/x-dts"};
static const struct sniff mpegts = {"mpegts", "mpegts", "ts", "video/mp2t"};

/* What strangers send instead; the words complete "this is ...". The first that fits counts. */
static const struct {
	size_t at;
	const char *bytes;
	size_t len;
	const char *name;
} others[] = {
	{0, BYTES("#EXTM3U"), "an HLS playlist"},
	{0, BYTES("ffconcat"), "an ffconcat script"},
	{0, BYTES("[playlist]"), "a playlist"},
	{0, BYTES("<?xml"), "an XML text"},
	{0, BYTES("<!DOCTYPE"), "a web page"},
	{0, BYTES("<html"), "a web page"},
	{0, BYTES("{\\rtf"), "an RTF document"},
	{0, BYTES("%PDF"), "a PDF"},
	{0, BYTES("%!PS"), "a PostScript document"},
	{30, BYTES("mimetypeapplication/epub"), "an EPUB book"},
	{30, BYTES("mimetypeapplication/vnd.oasis"), "an OpenDocument document"},
	{0, BYTES("PK\3\4"), "a ZIP archive"},
	{0, BYTES("PK\5\6"), "an empty ZIP archive"},
	{0, BYTES("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), "a Microsoft Office document"},
	{0, BYTES("\x1f\x8b"), "a gzip archive"},
	{0, BYTES("BZh"), "a bzip2 archive"},
	{0, BYTES("\xfd\x37zXZ"), "an xz archive"},
	{0, BYTES("\x28\xb5\x2f\xfd"), "a Zstandard archive"},
	{0, BYTES("Rar!"), "a RAR archive"},
	{0, BYTES("7z\xbc\xaf"), "a 7-Zip archive"},
	{257, BYTES("ustar"), "a tar archive"},
	{0x8001, BYTES("CD001"), "an image of a CD or DVD"},
	{0, BYTES("\xff\xd8\xff"), "a JPEG picture"},
	{0, BYTES("\x89PNG"), "a PNG picture"},
	{0, BYTES("GIF8"), "a GIF picture"},
	{8, BYTES("WEBP"), "a WebP picture"},
	{0, BYTES("II*\0"), "a TIFF picture"},
	{0, BYTES("MM\0*"), "a TIFF picture"},
	{0, BYTES("8BPS"), "a Photoshop picture"},
	{4, BYTES("ftypheic"), "a HEIC picture"},
	{4, BYTES("ftypmif1"), "a HEIC picture"},
	{4, BYTES("ftypavif"), "an AVIF picture"},
	{0, BYTES("MThd"), "a MIDI file, notes without sound"},
	{8, BYTES("RMID"), "a MIDI file, notes without sound"},
	{8, BYTES("sfbk"), "a SoundFont"},
	{0, BYTES("Extended Module:"), "a tracker module, notes without their player"},
	{0, BYTES("IMPM"), "a tracker module, notes without their player"},
	{44, BYTES("SCRM"), "a tracker module, notes without their player"},
	{1080, BYTES("M.K."), "a tracker module, notes without their player"},
	{0, BYTES("ajkg"), "a Shorten file"},
	{0, BYTES("OFR "), "an OptimFROG file"},
	{0, BYTES("LA0"), "a Lossless Audio file"},
	{0, BYTES(".RMF"), "a RealMedia file"},
	{0, BYTES(".ra\xfd"), "a RealAudio file"},
	{0, BYTES("Creative Voice File"), "a Creative Voice file"},
	{0, BYTES("#!SILK"), "a SILK file"},
	{0, BYTES("\2#!SILK"), "a SILK file"},
	{0, BYTES("#!AMR_MC"), "an AMR file of several channels"},
	{0, BYTES("#!AMR-WB_MC"), "an AMR file of several channels"},
	{0, BYTES("FLV\1"), "a Flash video"},
	{0, BYTES("FWS"), "a Flash film"},
	{0, BYTES("CWS"), "a Flash film"},
	{0, BYTES("\0\0\1\xba"), "an MPEG program stream, as on a DVD"},
	{0, BYTES("SQLite format 3"), "a database"},
	{0,
	 BYTES("\x7f"
	       "ELF"),
	 "a program"},
	{0, BYTES("MZ\x90\0"), "a program"},
	{0, BYTES("\xca\xfe\xba\xbe"), "a program"},
	{0, BYTES("\xcf\xfa\xed\xfe"), "a program"},
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

/* ATSC A/52 5.3.1 and table 5.18: words of 16 bits by bit rate and sample rate. */
static size_t ac3_frame(const uint8_t *h)
{
	static const uint16_t kbits[19] = {32,	40,  48,  56,  64,  80,	 96,  112, 128, 160,
					   192, 224, 256, 320, 384, 448, 512, 576, 640};
	int code = h[4] >> 6, size = h[4] & 63;
	size_t rate;

	if (h[0] != 0x0b || h[1] != 0x77 || code == 3 || size > 37 || h[5] >> 3 > 10)
		return 0;
	rate = kbits[size >> 1];
	if (code == 1)
		return (rate * 96000 / 44100 + (size & 1)) * 2;
	return rate * (code == 0 ? 4 : 6);
}

/* A/52 annex E 2.2: the bit stream's version is 11 to 16, the size in words is there. */
static size_t eac3_frame(const uint8_t *h)
{
	if (h[0] != 0x0b || h[1] != 0x77 || h[5] >> 3 < 11 || h[5] >> 3 > 16 || h[2] >> 6 == 3)
		return 0;
	return (((size_t)(h[2] & 7) << 8 | h[3]) + 1) * 2;
}

/* ETSI TS 102 114 5.3.1: the core, in 16-bit words with the highest byte first. */
static size_t dts_frame(const uint8_t *h)
{
	size_t bytes = ((size_t)(h[5] & 3) << 12 | (size_t)h[6] << 4 | h[7] >> 4) + 1;

	if (h[0] != 0x7f || h[1] != 0xfe || h[2] != 0x80 || h[3] != 0x01)
		return 0;
	return bytes >= 96 ? bytes : 0;
}

/* What begins alike in all frames of a stream. */
static const struct kind {
	size_t (*frame)(const uint8_t *);
	uint8_t same[6]; /* bits of the first bytes of a frame */
	const struct sniff *is;
} kinds[] = {
	{mpeg_frame, {0xff, 0xfe, 0x0c}, &mpeg}, /* version, layer, rate */
	{adts_frame, {0xff, 0xfe, 0x0c}, &adts},
	{ac3_frame, {0xff, 0xff, 0, 0, 0xc0, 0xf8}, &ac3}, /* rate, version */
	{eac3_frame, {0xff, 0xff, 0, 0, 0, 0xf8}, &eac3},
	{dts_frame, {0xff, 0xff, 0xff, 0xff}, &dts},
};

#define HEADER_BYTES 8
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

static bool are_alike(const struct kind *k, const uint8_t *a, const uint8_t *b)
{
	for (size_t i = 0; i < sizeof(k->same); i++)
		if ((a[i] ^ b[i]) & k->same[i])
			return false;
	return true;
}

/* So many frames of one stream, one behind the other: one header alone turns up in any noise. */
static bool has_frames(const uint8_t *data, size_t len, size_t at, const struct kind *k, int count)
{
	size_t next = at;

	for (; count > 0; count--) {
		size_t bytes = len - next >= HEADER_BYTES ? k->frame(data + next) : 0;

		if (bytes == 0 || !are_alike(k, data + at, data + next))
			return false;
		if (count > 1 && bytes > len - next)
			return false;
		next += bytes;
	}
	return true;
}

/* Encoders and cutters leave zeros or the rest of a frame in front; further on chance has more
   chances, and has to be luckier. */
static const struct sniff *find_frames(const uint8_t *data, size_t len)
{
	for (size_t at = 0; at + HEADER_BYTES <= len; at++)
		for (size_t i = 0; i < KINDS; i++)
			if (has_frames(data, len, at, &kinds[i], at < NEAR_BYTES ? 2 : 5))
				return kinds[i].frame == mpeg_frame && (data[at + 1] & 6) == 4
					       ? &mpeg_layer2
					       : kinds[i].is;
	return NULL;
}

/* ISO/IEC 13818-1 2.4.3.2: packets of 188 bytes; BDAV puts 4 bytes of time before each, some
   receivers 16 of parity behind. */
static bool is_mpegts(const uint8_t *data, size_t len)
{
	static const struct {
		size_t at, step;
	} forms[] = {{0, 188}, {4, 192}, {0, 204}};

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		size_t at = forms[i].at, packets = 0;

		for (; at < len && data[at] == 0x47; at += forms[i].step)
			packets++;
		if (packets >= TS_PACKETS_MIN)
			return true;
	}
	return false;
}

/* A ZIP archive whose first files are those of Office. */
static const char *name_zip(const uint8_t *data, size_t len)
{
	static const struct {
		const char *folder;
		const char *name;
	} kinds_of[] = {{"word/", "a Microsoft Word document"},
			{"xl/", "a Microsoft Excel document"},
			{"ppt/", "a Microsoft PowerPoint document"}};

	if (!has(data, len, 30, BYTES("[Content_Types].xml")))
		return NULL;
	for (size_t i = 0; i < sizeof(kinds_of) / sizeof(kinds_of[0]); i++)
		if (memmem(data, len, kinds_of[i].folder, strlen(kinds_of[i].folder)))
			return kinds_of[i].name;
	return "a Microsoft Office document";
}

static const char *name_other(const uint8_t *data, size_t len)
{
	const char *office = name_zip(data, len);
	size_t text = 0;

	if (len == 0)
		return "an empty file";
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (has(data, len, others[i].at, others[i].bytes, others[i].len))
			return office ? office : others[i].name;
	while (text < len && text < 512 &&
	       (data[text] >= 0x20 || (data[text] >= 9 && data[text] <= 13)))
		text++;
	return text == len || text == 512 ? "a text" : "a file of an unknown kind";
}

/* Pictures come in MP4's clothes. */
static bool is_other_in_disguise(const uint8_t *data, size_t len, const char **found)
{
	const char *name;

	if (!has(data, len, 4, BYTES("ftyp")))
		return false;
	name = name_other(data, len);
	if (strncmp(name, "a file", 6) == 0)
		return false;
	*found = name;
	return true;
}

enum drift_err sniff_bytes(const uint8_t *data, size_t len, struct sniff *out, const char **found)
{
	const struct sniff *frames;

	if (is_other_in_disguise(data, len, found))
		return DRIFT_EFORMAT;
	for (size_t i = 0; i < sizeof(magics) / sizeof(magics[0]); i++) {
		const struct magic *m = &magics[i];

		if (has(data, len, 0, m->at0, m->len0) &&
		    has(data, len, m->offset, m->at1, m->len1)) {
			*out = m->is;
			return DRIFT_OK;
		}
	}
	if (is_mpegts(data, len)) {
		*out = mpegts;
		return DRIFT_OK;
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
