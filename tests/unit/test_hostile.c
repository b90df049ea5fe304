/* drift-decode against files made to hurt */
#include "strange.h"

#include "walled/source.h"

#include <ogg/ogg.h>
#include <sys/mman.h>

/* --- files that point elsewhere ------------------------------------------- */

static void it_never_follows_a_playlist(void **state)
{
	char text[512];

	(void)state;
	strange_wav("secret.wav", 44100, 2, 16);
	snprintf(text, sizeof(text), "#EXTM3U\n#EXTINF:1,\n%s/secret.wav\n#EXT-X-ENDLIST\n",
		 strange_folder);
	strange_text("song.flac", text);
	strange_text("song.wav", text);
	strange_refused("song.flac", "this is an HLS playlist, which Drift does not take");
	strange_refused("song.wav", "this is an HLS playlist, which Drift does not take");
	snprintf(text, sizeof(text), "ffconcat version 1.0\nfile '%s/secret.wav'\n",
		 strange_folder);
	strange_text("song.mp3", text);
	strange_refused("song.mp3", "this is an ffconcat script, which Drift does not take");
	strange_text("song.ogg", "http://127.0.0.1:1/\n");
	strange_refused("song.ogg", "this is a text, which Drift does not take");
}

static void patch(const char *path, const char *from, const char *to, size_t len)
{
	static char data[4 << 20];
	FILE *f = fopen(path, "r+b");
	size_t got = f ? fread(data, 1, sizeof(data), f) : 0;
	char *hit = memmem(data, got, from, len);

	assert_non_null(hit);
	assert_int_equal(fseek(f, hit - data, SEEK_SET), 0);
	assert_int_equal(fwrite(to, 1, len, f), len);
	fclose(f);
}

/* An MP4 whose samples are said to lie in another file. */
static void it_never_opens_an_mp4s_other_file(void **state)
{
	struct decoder *d = NULL;
	enum drift_err err;

	(void)state;
	strange_wav("a.wav", 44100, 2, 16);
	strange_run("ffmpeg -v error -y -i a.wav -c:a pcm_s16be dref.mov");
	/* 'url ' with flag 1 (in this file) becomes an alias without it */
	patch("dref.mov", "url \0\0\0\1", "url \0\0\0\0", 8);
	err = strange_open_with(&strange_limits, "dref.mov", &d);
	assert_true(err == DRIFT_OK || err == DRIFT_EMEDIA);
	decoder_free(d);
	patch("dref.mov", "url \0\0\0\0", "alis\0\0\0\0", 8);
	d = NULL;
	err = strange_open_with(&strange_limits, "dref.mov", &d);
	assert_true(err == DRIFT_OK || err == DRIFT_EMEDIA);
	decoder_free(d);
}

static void it_refuses_what_is_no_audio(void **state)
{
	(void)state;
	strange_text("empty.wav", "");
	strange_refused("empty.wav", "this is an empty file, which Drift does not take");
	strange_text("text.wav", "Dear Sir,\nI enclose my latest recording.\n");
	strange_refused("text.wav", "this is a text, which Drift does not take");
	strange_run("head -c 300000 /dev/urandom > noise.mp3");
	strange_refused("noise.mp3", "");
	strange_run("ffmpeg -v error -y -f lavfi -i testsrc=s=64x64:d=1 mute.mp4");
	strange_refused("mute.mp4", "it has no audio in it");
	strange_run("sox -n -r 44100 -c 2 none.wav trim 0 0 2>/dev/null");
	strange_refused("none.wav", "");
	strange_run("ffmpeg -v error -y -f lavfi -i sine=d=1 -c:a nellymoser -ar 22050 -f flv "
		    "a.flv -c:a adpcm_yamaha a.wav");
	strange_refused("a.wav", "its audio is ADPCM Yamaha, which Drift does not take");
	strange_refused("a.flv", "this is a Flash video, which Drift does not take");
	strange_run("ffmpeg -v error -y -f lavfi -i sine -t 1 -ac 16 -c:a pcm_s16le many.wav");
	strange_refused("many.wav", "it has more than 8 channels");
}

/* --- hours in kilobytes ------------------------------------------------------ */

static uint16_t crc(const uint8_t *d, int len, int poly, int bits)
{
	unsigned v = 0;

	for (int i = 0; i < len; i++) {
		v ^= (unsigned)d[i] << (bits - 8);
		for (int b = 0; b < 8; b++)
			v = v & 1u << (bits - 1) ? v << 1 ^ (unsigned)poly : v << 1;
	}
	return (uint16_t)(v & ((1u << bits) - 1));
}

/* FLAC, 8 kHz mono: constant frames of 65,535 samples, 16 bytes for 8 s. */
static void write_flac_hours(const char *path, int hours)
{
	static const uint8_t head[] = {'f',  'L', 'a', 'C', 0x80, 0, 0, 34,   0xff, 0xff, 0xff,
				       0xff, 0,	  0,   0,   0,	  0, 0, 0x01, 0xf4, 0x00, 0xf0};
	FILE *f = fopen(path, "wb");
	uint8_t rest[24] = {0};

	assert_non_null(f);
	fwrite(head, 1, sizeof(head), f);
	fwrite(rest, 1, 42 - sizeof(head), f);
	for (int n = 0; n < hours * 3600 * 8000 / 65535; n++) {
		uint8_t h[24] = {0xff,
				 0xf8,
				 0x74,
				 0x08,
				 (uint8_t)(0xe0 | n >> 12),
				 (uint8_t)(0x80 | (n >> 6 & 63)),
				 (uint8_t)(0x80 | (n & 63)),
				 0xff,
				 0xfe};
		uint16_t sum;

		h[9] = (uint8_t)crc(h, 9, 0x07, 8);
		h[12] = 1; /* behind the constant subframe's header and 0x00 */
		sum = crc(h, 13, 0x8005, 16);
		h[13] = (uint8_t)(sum >> 8);
		h[14] = (uint8_t)sum;
		fwrite(h, 1, 15, f);
	}
	fclose(f);
}

static void put_page(FILE *f, const ogg_page *page)
{
	fwrite(page->header, 1, (size_t)page->header_len, f);
	fwrite(page->body, 1, (size_t)page->body_len, f);
}

static void put_packet(FILE *f, ogg_stream_state *s, const void *data, long len, int64_t granule,
		       bool flush)
{
	ogg_packet packet = {(unsigned char *)(uintptr_t)data, len, granule < 0, 0,
			     granule < 0 ? 0 : granule,	       0};
	ogg_page page;

	assert_int_equal(ogg_stream_packetin(s, &packet), 0);
	while (flush ? ogg_stream_flush(s, &page) : ogg_stream_pageout(s, &page))
		put_page(f, &page);
}

#define OPUS_HEAD "OpusHead\1\1\x38\1\x80\xbb\0\0\0\0\0"
#define OPUS_TAGS "OpusTags\0\0\0\0\0\0\0\0"

/* Opus: packets of one byte, 60 ms of nothing each. */
static void write_opus_hours(const char *path, int hours)
{
	FILE *f = fopen(path, "wb");
	ogg_stream_state s;
	int packets = hours * 60000;

	assert_non_null(f);
	ogg_stream_init(&s, 7);
	put_packet(f, &s, OPUS_HEAD, 19, -1, true);
	put_packet(f, &s, OPUS_TAGS, 16, 0, true);
	for (int n = 1; n <= packets; n++)
		put_packet(f, &s, "\x18", 1, (int64_t)n * 2880, n == packets);
	ogg_stream_clear(&s);
	fclose(f);
}

static void expect_hours(const char *path, int hours)
{
	struct decoder_limits few = strange_limits;
	struct decoder *d = strange_open(path);
	const struct decoder_facts *f = decoder_get_facts(d);
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	assert_true(st.st_size < 500000);
	assert_true(f->samples / f->sample_rate > hours * 3600 - 60);
	free(strange_read(d, f->samples - 5 * f->sample_rate, 5 * f->sample_rate));
	decoder_free(d);
	few.max_duration_hours = 1;
	assert_int_equal(strange_open_with(&few, path, &d), DRIFT_EMEDIA);
	assert_string_equal(strange_reason, "it is longer than 1 hours");
}

static void it_bears_hours_in_kilobytes(void **state)
{
	(void)state;
	write_flac_hours("hours.flac", 20);
	expect_hours("hours.flac", 20);
	write_opus_hours("hours.opus", 3);
	expect_hours("hours.opus", 3);
}

/* --- ten thousand streams ------------------------------------------------------ */

static void write_ogg_streams(const char *path)
{
	FILE *f = fopen(path, "wb");
	ogg_stream_state s;

	assert_non_null(f);
	for (int n = 0; n < 10000; n++) {
		ogg_stream_init(&s, n);
		put_packet(f, &s, OPUS_HEAD, 19, -1, true);
		ogg_stream_clear(&s);
	}
	fclose(f);
}

static void put_bytes(FILE *f, const char *hex)
{
	unsigned v;

	for (; sscanf(hex, "%2x", &v) == 1; hex += 2)
		fputc((int)v, f);
}

/* EBML header, Segment of unknown size, Tracks with as many entries:
   number, UID, type 2, codec A_PCM/INT/LIT. */
static void write_matroska_streams(const char *path)
{
	FILE *f = fopen(path, "wb");

	assert_non_null(f);
	put_bytes(f, "1a45dfa38b"
		     "428288"
		     "6d6174726f736b61");
	put_bytes(f, "18538067"
		     "01ffffffffffffff");
	put_bytes(f, "1654ae6b"
		     "10046cd0"); /* Tracks: 10,000 entries of 29 bytes */
	for (int n = 1; n <= 10000; n++) {
		char entry[80];

		snprintf(entry, sizeof(entry),
			 "ae9b"
			 "d782%04x"
			 "73c582%04x"
			 "838102"
			 "868d",
			 n, n);
		put_bytes(f, entry);
		fwrite("A_PCM/INT/LIT", 1, 13, f);
	}
	fclose(f);
}

static void put_box(FILE *f, uint32_t size, const char *type)
{
	uint8_t d[4] = {(uint8_t)(size >> 24), (uint8_t)(size >> 16), (uint8_t)(size >> 8),
			(uint8_t)size};

	fwrite(d, 1, 4, f);
	fwrite(type, 1, 4, f);
}

static void write_mp4_streams(const char *path)
{
	FILE *f = fopen(path, "wb");

	assert_non_null(f);
	put_box(f, 16, "ftyp");
	fwrite("M4A \0\0\0\0", 1, 8, f);
	put_box(f, 8 + 10000 * 16, "moov");
	for (int n = 0; n < 10000; n++) {
		put_box(f, 16, "trak");
		put_box(f, 8, "mdia");
	}
	fclose(f);
}

static void it_refuses_ten_thousand_streams(void **state)
{
	(void)state;
	write_ogg_streams("many.ogg");
	strange_refused("many.ogg", "");
	write_matroska_streams("many.mkv");
	strange_refused("many.mkv", "");
	write_mp4_streams("many.m4a");
	strange_refused("many.m4a", "");
}

/* --- giant tags ---------------------------------------------------------------- */

/* An ID3v2 tag of claimed bytes, real of them in the file, then a song. */
static void write_tagged(const char *path, uint32_t claimed, long real, const char *song)
{
	FILE *f = fopen(path, "wb");
	uint8_t h[10] = {'I',
			 'D',
			 '3',
			 4,
			 0,
			 0,
			 claimed >> 21 & 127,
			 claimed >> 14 & 127,
			 claimed >> 7 & 127,
			 claimed & 127};

	assert_non_null(f);
	fwrite(h, 1, 10, f);
	fseek(f, 10 + real, SEEK_SET);
	fclose(f);
	strange_run("truncate -s %ld %s && cat %s >> %s", 10 + real, path, song, path);
}

static void it_steps_over_a_giant_tag(void **state)
{
	struct decoder *d;

	(void)state;
	strange_wav("a.wav", 44100, 2, 16);
	strange_run("lame --quiet a.wav song.mp3");
	write_tagged("giant.mp3", 60 << 20, 60 << 20, "song.mp3");
	d = strange_open("giant.mp3");
	assert_int_equal(decoder_get_facts(d)->samples, strange_samples(44100));
	free(strange_read(d, 0, strange_samples(44100)));
	decoder_free(d);
	write_tagged("liar.mp3", 200 << 20, 100, "song.mp3");
	strange_refused("liar.mp3", "its ID3 tag claims to be longer than the file");
}

/* 300 MB in one attachment, more than the child may have. */
static void it_bears_a_giant_attachment(void **state)
{
	struct decoder *d = NULL;
	enum drift_err err;

	(void)state;
	strange_run("truncate -s 300M big.bin && ffmpeg -v error -y -i a.wav -attach big.bin "
		    "-metadata:s:t mimetype=image/jpeg fat.mkv && rm big.bin");
	err = strange_open_with(&strange_limits, "fat.mkv", &d);
	assert_true(err == DRIFT_OK || err == DRIFT_EMEDIA);
	decoder_free(d);
	unlink("fat.mkv");
}

static void it_caps_and_cleans_tags(void **state)
{
	struct tagset_pair pair = {0};
	const struct tagset *tags;
	struct decoder *d;

	(void)state;
	strange_run("head -c 60000 /dev/zero | tr '\\0' x > long.txt");
	strange_run("for i in $(seq 60); do echo \"KEY$i=$i\"; done > tags.txt");
	strange_run("printf 'TITLE=a\\033[31mb\\tc\\nBADxKEY=x\\n' >> tags.txt");
	strange_run("flac -s -f -o t.flac a.wav && metaflac --import-tags-from=- t.flac < tags.txt "
		    "&& metaflac --set-tag-from-file=DESCRIPTION=long.txt t.flac && "
		    "LC_ALL=C sed -i 's/BADxKEY/BAD\\x01KEY/' t.flac");
	d = strange_open("t.flac");
	tags = &decoder_get_facts(d)->tags;
	assert_string_equal(tagset_get(tags, "TITLE"), "a [31mb c");
	assert_string_equal(tagset_get(tags, "KEY60"), "60");
	assert_int_equal(strlen(tagset_get(tags, "COMMENT")), TAGSET_TEXT_MAX - 1);
	while (tagset_next(tags, &pair)) {
		assert_null(strstr(pair.key, "BAD"));
		assert_true(tagset_is_key(pair.key));
		for (const char *c = pair.text; *c; c++)
			assert_true(*c >= 0x20);
	}
	decoder_free(d);
}

/* --- headers that lie, and files that end ------------------------------------------ */

static void it_believes_the_bytes_and_not_the_header(void **state)
{
	struct decoder *d;

	(void)state;
	strange_wav("a.wav", 44100, 2, 16);
	strange_run("head -c 100044 a.wav > cut.wav"); /* 25,000 samples of 54,551 */
	d = strange_open("cut.wav");
	assert_int_equal(decoder_get_facts(d)->samples, 25000);
	free(strange_read(d, 0, 25000));
	assert_int_equal(decoder_get_damaged(d), 0);
	decoder_free(d);
	strange_run("flac -s -f -o a.flac a.wav && head -c 60000 a.flac > cut.flac");
	d = strange_open("cut.flac");
	assert_true(decoder_get_facts(d)->samples < strange_samples(44100));
	free(strange_read(d, 0, 10000));
	decoder_free(d);
	strange_run(
		"ffmpeg -v error -i a.wav -f wav - > piped.wav </dev/null"); /* length unknown */
	d = strange_open("piped.wav");
	assert_int_equal(decoder_get_facts(d)->samples, strange_samples(44100));
	decoder_free(d);
}

/* RF64: 5 GB of silence and a click in its last sample; the file is sparse. */
static void it_counts_past_four_gigabytes(void **state)
{
	static const int64_t samples = (int64_t)5 << 28; /* of 4 bytes */
	FILE *f = fopen("big.wav", "wb");
	struct decoder *d;
	float *end;

	(void)state;
	assert_non_null(f);
	fwrite("RF64\xff\xff\xff\xffWAVEds64", 1, 16, f);
	strange_put(f, 28, 4);
	strange_put(f, (uint64_t)samples * 4 + 72, 8);
	strange_put(f, (uint64_t)samples * 4, 8);
	strange_put(f, (uint64_t)samples, 8);
	strange_put(f, 0, 4);
	fwrite("fmt ", 1, 4, f);
	strange_put(f, 16, 4);
	strange_put(f, 0x00020001, 4);
	strange_put(f, 44100, 4);
	strange_put(f, 44100 * 4, 4);
	strange_put(f, 0x00100004, 4);
	fwrite("data\xff\xff\xff\xff", 1, 8, f);
	assert_int_equal(fseek(f, (long)samples * 4 - 4, SEEK_CUR), 0);
	strange_put(f, 0x40004000, 4);
	fclose(f);
	d = strange_open("big.wav");
	assert_int_equal(decoder_get_facts(d)->samples, samples);
	end = strange_read(d, samples - 100, 100);
	assert_true(end[196] == 0 && end[198] == 0.5f && end[199] == 0.5f);
	free(end);
	decoder_free(d);
	unlink("big.wav");
}

/* --- every short length and flipped bits: in this process, for speed ------------------ */

static const char *const whole[] = {"s.wav", "s.rf64.wav", "s.w64", "s.aiff", "s.flac",
				    "s.oga", "s.mp3",	   "s.aac", "s.m4a",  "s.mkv",
				    "s.ogg", "s.opus",	   "s.avi", "s.caf",  "s.wv"};

#define WHOLE (sizeof(whole) / sizeof(whole[0]))

static void make_whole(void)
{
	strange_run("sox -n -r 44100 -b 16 -c 2 -R s.wav synth 0.3 pinknoise vol 0.5");
	strange_run("sox s.wav s.w64 2>/dev/null; ffmpeg -v error -y -i s.wav -rf64 always "
		    "s.rf64.wav s.aiff s.flac s.oga s.mp3 s.aac s.m4a -c:a pcm_s24le s.mkv -c:a "
		    "libmp3lame s.avi -c:a alac s.caf s.wv");
	strange_run("oggenc -Q -o s.ogg s.wav && opusenc --quiet s.wav s.opus");
}

/* Whatever it says is right, as long as it comes back. */
static void probe_here(const uint8_t *data, size_t len)
{
	static float pcm[2 * 4096];
	char reason[SOURCE_REASON_MAX];
	struct source *s;
	int fd = memfd_create("probe", MFD_CLOEXEC);

	assert_int_equal(write(fd, data, len), len);
	if (source_new(incoming_whole(fd), 24, NULL, &s, reason) == DRIFT_OK) {
		const struct decoder_facts *f = source_get_facts(s);

		assert_true(f->samples > 0 && f->sample_rate >= 1000 && f->channels >= 1);
		assert_true(source_read(s, 100, 4096, pcm) != DRIFT_EIO);
		source_free(s);
	} else {
		assert_true(*reason || len);
	}
	close(fd);
}

static void it_survives_every_short_length(void **state)
{
	static uint8_t data[1 << 18];

	(void)state;
	make_whole();
	for (size_t i = 0; i < WHOLE; i++) {
		size_t len = strange_bytes(whole[i], data, sizeof(data));

		for (size_t cut = 0; cut < 512 && cut < len; cut += cut < 128 ? 1 : 5)
			probe_here(data, cut);
		for (size_t cut = 512; cut < len; cut += len / 20)
			probe_here(data, cut);
	}
}

static void it_survives_flipped_bits(void **state)
{
	static uint8_t data[1 << 18];
	uint32_t seed = 1;

	(void)state;
	for (size_t i = 0; i < WHOLE; i++) {
		size_t len = strange_bytes(whole[i], data, sizeof(data));

		for (int n = 0; n < 150; n++) {
			size_t at[3];

			for (int k = 0; k < 3; k++) {
				seed = seed * 1664525 + 1013904223;
				at[k] = (seed >> 8) % (n % 2 && len > 600 ? 600 : len);
				data[at[k]] ^= (uint8_t)(1 << (seed & 7));
			}
			probe_here(data, len);
			(void)strange_bytes(whole[i], data, sizeof(data));
		}
	}
}

static void it_makes_silence_of_what_cannot_be_decoded(void **state)
{
	static uint8_t data[1 << 20];
	struct decoder *d;
	size_t len;
	FILE *f;

	(void)state;
	strange_run("sox -n -r 44100 -b 16 -c 2 -R d.wav synth 3 pinknoise vol 0.5");
	strange_run("ffmpeg -v error -y -i d.wav -c:a alac d.m4a");
	len = strange_bytes("d.m4a", data, sizeof(data));
	for (size_t i = len / 2; i < len / 2 + 20000; i++)
		data[i] = (uint8_t)(data[i] ^ (i * 7));
	f = fopen("d.m4a", "wb");
	fwrite(data, 1, len, f);
	fclose(f);
	d = strange_open("d.m4a");
	free(strange_read(d, 0, 3 * 44100));
	assert_true(decoder_get_damaged(d) > 0);
	decoder_free(d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_never_follows_a_playlist),
		cmocka_unit_test(it_never_opens_an_mp4s_other_file),
		cmocka_unit_test(it_refuses_what_is_no_audio),
		cmocka_unit_test(it_bears_hours_in_kilobytes),
		cmocka_unit_test(it_refuses_ten_thousand_streams),
		cmocka_unit_test(it_steps_over_a_giant_tag),
		cmocka_unit_test(it_bears_a_giant_attachment),
		cmocka_unit_test(it_caps_and_cleans_tags),
		cmocka_unit_test(it_believes_the_bytes_and_not_the_header),
		cmocka_unit_test(it_counts_past_four_gigabytes),
		cmocka_unit_test(it_survives_every_short_length),
		cmocka_unit_test(it_survives_flipped_bits),
		cmocka_unit_test(it_makes_silence_of_what_cannot_be_decoded),
	};

	(void)strange_program(); /* while the working folder is still the caller's */
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, strange_setup, strange_teardown);
}
