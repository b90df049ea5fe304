/* format/sniff: the content names the container, whatever the name says */
#include "format/sniff.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char *sniffed(const void *data, size_t len)
{
	struct sniff s;
	const char *found = "";

	return sniff_bytes(data, len, &s, &found) == DRIFT_OK ? s.container : found;
}

#define SNIFFED(text) sniffed(text, sizeof(text) - 1)

static void it_knows_every_container(void **state)
{
	(void)state;
	assert_string_equal(SNIFFED("RIFF\0\0\0\0WAVEfmt "), "wav");
	assert_string_equal(SNIFFED("RF64\xff\xff\xff\xffWAVEds64"), "wav");
	assert_string_equal(SNIFFED("BW64\xff\xff\xff\xffWAVEds64"), "wav");
	assert_string_equal(SNIFFED("RIFF\0\0\0\0AVI LIST"), "avi");
	assert_string_equal(SNIFFED("riff\x2e\x91\xcf\x11\xa5\xd6\x28\xdb\x04\xc1\0\0"
				    "12345678wave\xf3\xac\xd3\x11"),
			    "w64");
	assert_string_equal(SNIFFED("FORM\0\0\0\0AIFF"), "aiff");
	assert_string_equal(SNIFFED("FORM\0\0\0\0AIFC"), "aiff");
	assert_string_equal(SNIFFED("fLaC\0\0\0\x22"), "flac");
	assert_string_equal(SNIFFED("OggS\0\2"), "ogg");
	assert_string_equal(SNIFFED("\0\0\0\x18"
				    "ftypM4A "),
			    "mp4");
	assert_string_equal(SNIFFED("\0\0\0\x18"
				    "moov"),
			    "mp4");
	assert_string_equal(SNIFFED("\x1a\x45\xdf\xa3"), "matroska");
	assert_string_equal(SNIFFED("caff\0\1\0\0"), "caf");
	assert_string_equal(SNIFFED("wvpk"), "wavpack");
	assert_string_equal(SNIFFED(".snd\0\0\0\x20"), "au");
	assert_string_equal(SNIFFED("TTA1\1\0"), "tta");
	assert_string_equal(SNIFFED("MAC \x96\x0f"), "ape");
	assert_string_equal(SNIFFED("tBaK\1"), "tak");
	assert_string_equal(SNIFFED("MP+\7"), "mpc");
	assert_string_equal(SNIFFED("MPCKSH"), "mpc");
	assert_string_equal(SNIFFED("DSD \x1c\0\0\0\0\0\0\0"
				    "12345678"
				    "12345678"
				    "fmt "),
			    "dsf");
	assert_string_equal(SNIFFED("FRM8"
				    "12345678"
				    "DSD "),
			    "dff");
	assert_string_equal(SNIFFED("#!AMR\n"), "amr");
	assert_string_equal(SNIFFED("#!AMR-WB\n"), "amr");
	assert_string_equal(
		SNIFFED("\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9\x00\xaa\x00\x62\xce\x6c"), "asf");
}

static void it_finds_streams_without_a_head(void **state)
{
	static uint8_t data[4096];

	(void)state;
	for (size_t at = 0; at < sizeof(data); at += 188)
		data[at] = 0x47;
	assert_string_equal(sniffed(data, sizeof(data)), "mpegts");
	data[188] = 0;
	assert_string_equal(sniffed(data, sizeof(data)), "a file of an unknown kind");
	/* 48 kHz, 32 kbit/s: 128 bytes */
	memset(data, 0, sizeof(data));
	for (size_t at = 10; at < 600; at += 128)
		memcpy(data + at, "\x0b\x77\0\0\0\x40", 6);
	assert_string_equal(sniffed(data, sizeof(data)), "ac3");
	memset(data, 0, sizeof(data));
	for (size_t at = 10; at < 600; at += 64) /* 32 words */
		memcpy(data + at, "\x0b\x77\0\x1f\0\x80", 6);
	assert_string_equal(sniffed(data, sizeof(data)), "eac3");
	memset(data, 0, sizeof(data));
	for (size_t at = 10; at < 600; at += 100) /* size less one: 99 */
		memcpy(data + at, "\x7f\xfe\x80\x01\0\0\6\x30", 8);
	assert_string_equal(sniffed(data, sizeof(data)), "dts");
}

/* Far from the beginning chance has more chances: it takes five frames there. */
static void it_looks_far_for_frames(void **state)
{
	static uint8_t data[SNIFF_BYTES];

	(void)state;
	for (int i = 0; i < 2; i++)
		memcpy(data + 20000 + 417 * i, "\xff\xfb\x90\x00", 4);
	assert_string_equal(sniffed(data, sizeof(data)), "a file of an unknown kind");
	for (int i = 0; i < 5; i++)
		memcpy(data + 20000 + 417 * i, "\xff\xfb\x90\x00", 4);
	assert_string_equal(sniffed(data, sizeof(data)), "mp3");
}

static void it_tells_opus_in_ogg_from_other_ogg(void **state)
{
	static const char opus[] = "OggS\0\2"
				   "12345678"
				   "1234"
				   "1234"
				   "1234"
				   "\1\x13OpusHead";
	struct sniff s;
	const char *found;

	(void)state;
	assert_int_equal(sniff_bytes((const uint8_t *)opus, sizeof(opus) - 1, &s, &found),
			 DRIFT_OK);
	assert_string_equal(s.extension, "opus");
	assert_int_equal(sniff_bytes((const uint8_t *)opus, 20, &s, &found), DRIFT_OK);
	assert_string_equal(s.extension, "ogg");
}

static void it_names_what_is_no_audio(void **state)
{
	(void)state;
	assert_string_equal(SNIFFED(""), "an empty file");
	assert_string_equal(SNIFFED("#EXTM3U\n/etc/passwd\n"), "an HLS playlist");
	assert_string_equal(SNIFFED("ffconcat version 1.0\nfile x\n"), "an ffconcat script");
	assert_string_equal(SNIFFED("Dear Sir, here is my song.\n"), "a text");
	assert_string_equal(SNIFFED("PK\3\4....."), "a ZIP archive");
	assert_string_equal(SNIFFED("\1\2\3\4\5"), "a file of an unknown kind");
	assert_string_equal(SNIFFED("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"),
			    "a Microsoft Office document");
	assert_string_equal(SNIFFED("PK\3\4"
				    "12345678901234567890123456"
				    "[Content_Types].xml...PK\3\4word/document.xml"),
			    "a Microsoft Word document");
	assert_string_equal(SNIFFED("%PDF-1.7"), "a PDF");
	assert_string_equal(SNIFFED("\0\0\0\x18"
				    "ftypheic"),
			    "a HEIC picture");
	assert_string_equal(SNIFFED("RIFF\0\0\0\0WEBPVP8 "), "a WebP picture");
	assert_string_equal(SNIFFED("ajkg\2"), "a Shorten file");
	assert_string_equal(SNIFFED("FLV\1\5"), "a Flash video");
	assert_string_equal(SNIFFED("\0\0\1\xba\x44"), "an MPEG program stream, as on a DVD");
}

/* MPEG 1 layer III, 128 kbit/s, 44.1 kHz: 417 bytes a frame */
static void put_frame(uint8_t *at)
{
	memcpy(at, "\xff\xfb\x90\x00", 4);
}

static void it_needs_two_frames_for_mpeg(void **state)
{
	uint8_t data[2000] = {0};

	(void)state;
	put_frame(data + 30);
	assert_string_equal(sniffed(data, sizeof(data)), "a file of an unknown kind");
	put_frame(data + 30 + 417);
	assert_string_equal(sniffed(data, sizeof(data)), "mp3");
	data[30 + 417 + 2] = 0x94; /* 48 kHz: another stream, or chance */
	assert_string_equal(sniffed(data, sizeof(data)), "a file of an unknown kind");
}

static void it_tells_adts_from_mpeg_audio(void **state)
{
	uint8_t data[64] = {0};

	(void)state;
	for (int i = 0; i < 2; i++)
		memcpy(data + 20 * i, "\xff\xf1\x50\x80\x02\x9f\xfc", 7); /* 20 bytes */
	assert_string_equal(sniffed(data, sizeof(data)), "adts");
}

static void it_measures_id3_tags(void **state)
{
	(void)state;
	assert_int_equal(sniff_id3v2((const uint8_t *)"ID3\4\0\0\0\0\2\1", 10), 257 + 10);
	assert_int_equal(sniff_id3v2((const uint8_t *)"ID3\4\0\x10\0\0\2\1", 10), 257 + 20);
	assert_int_equal(sniff_id3v2((const uint8_t *)"ID3\4\0\0\x80\0\0\1", 10), 0);
	assert_int_equal(sniff_id3v2((const uint8_t *)"ID3\4\0\0\0\0\2", 9), 0);
	assert_int_equal(sniff_id3v2((const uint8_t *)"IDX\4\0\0\0\0\2\1", 10), 0);
}

static void it_never_reads_past_the_end(void **state)
{
	static const char *const starts[] = {"RIFF\0\0\0\0WAVE",
					     "FORM\0\0\0\0AIFF",
					     "\0\0\0\x18"
					     "ftyp",
					     "\xff\xfb\x90\x00",
					     "\xff\xf1\x50\x80\x02\x9f\xfc",
					     "ID3\4"};
	static const size_t lens[] = {12, 12, 8, 4, 7, 4};

	(void)state;
	/* each on the heap at its exact size, where a sanitizer or valgrind looks */
	for (size_t i = 0; i < 6; i++) {
		for (size_t len = 0; len <= lens[i]; len++) {
			uint8_t *data = malloc(len ? len : 1);

			assert_non_null(data);
			memcpy(data, starts[i], len);
			assert_non_null(sniffed(data, len));
			assert_true(sniff_id3v2(data, len) >= 0);
			free(data);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_knows_every_container),
		cmocka_unit_test(it_finds_streams_without_a_head),
		cmocka_unit_test(it_looks_far_for_frames),
		cmocka_unit_test(it_tells_opus_in_ogg_from_other_ogg),
		cmocka_unit_test(it_names_what_is_no_audio),
		cmocka_unit_test(it_needs_two_frames_for_mpeg),
		cmocka_unit_test(it_tells_adts_from_mpeg_audio),
		cmocka_unit_test(it_measures_id3_tags),
		cmocka_unit_test(it_never_reads_past_the_end),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
