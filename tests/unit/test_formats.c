/* walled/source on the formats that people have and browsers have not: other people's encoders
   where there are any, else files written byte by byte */
#include "strange.h"

#define RATE 44100

/* What it is, and how long to the sample. */
struct expected {
	const char *container, *codec, *mime;
	int rate, channels;
	int64_t samples;
	bool lossless;
};

static struct decoder *expect(const char *path, const struct expected *e)
{
	struct decoder *d = strange_open(path);
	const struct decoder_facts *f = decoder_get_facts(d);

	if (strcmp(f->container, e->container) != 0 || strcmp(f->codec, e->codec) != 0 ||
	    strcmp(f->mime, e->mime) != 0 || f->sample_rate != e->rate ||
	    f->channels != e->channels || f->samples != e->samples || f->lossless != e->lossless)
		fail_msg("%s: %s, %s, %s, %d Hz, %d channels, %lld samples", path, f->container,
			 f->codec, f->mime, f->sample_rate, f->channels, (long long)f->samples);
	return d;
}

/* 5 s at once and pieces of 0.7 s: 10 log10 of what differs to all. */
static double seams_db(const char *path)
{
	struct decoder *d = strange_open(path);
	int32_t rate = decoder_get_facts(d)->sample_rate, sides = decoder_pcm_channels(d);
	int64_t samples = decoder_get_facts(d)->samples;
	int32_t count = samples < 5 * rate ? (int32_t)samples : 5 * rate, piece = rate * 7 / 10;
	float *whole = strange_read(d, 0, count);
	double noise = 1e-20, power = 1e-20;

	for (int32_t at = 0; at < count; at += piece) {
		int32_t part = count - at < piece ? count - at : piece;
		float *pcm = strange_read(d, at, part);

		for (int32_t i = 0; i < part * sides; i++) {
			noise += pow((double)(pcm[i] - whole[at * sides + i]), 2);
			power += pow((double)pcm[i], 2);
		}
		free(pcm);
	}
	assert_int_equal(decoder_get_damaged(d), 0);
	free(whole);
	decoder_free(d);
	return 10 * log10(noise / power);
}

static void expect_seams(const char *path, double most_db)
{
	double db = seams_db(path);

	if (db > most_db)
		fail_msg("%s: pieces differ from the whole by %.1f dB", path, db);
}

/* Speech, more or less: what a predictor can follow, never the same again. */
static void make_sound(const char *path, int rate)
{
	strange_run("sox -n -r %d -b 16 -c 1 -R %s synth 6 pinknoise tremolo 3 90 lowpass 2000 "
		    "gain -n -6",
		    rate, path);
}

/* --- lossless ------------------------------------------------------------------ */

/* The very samples that went in. */
static void expect_exact(const char *path, const struct expected *e)
{
	struct decoder *d = expect(path, e);
	float *pcm = strange_read(d, 0, (int32_t)e->samples);

	for (int32_t i = 0; i < e->samples; i++)
		for (int side = 0; side < 2; side++) {
			double want = strange_round(strange_signal((double)i / RATE, side), 16);

			if ((double)pcm[2 * i + side] != want)
				fail_msg("%s: sample %d is off", path, i);
		}
	free(pcm);
	decoder_free(d);
}

static void it_reads_au_and_tta_to_the_bit(void **state)
{
	int64_t samples = strange_samples(RATE);
	struct decoder *d;

	(void)state;
	strange_wav("a.wav", RATE, 2, 16);
	strange_run("ffmpeg -v error -y -i a.wav a.au -c:a tta a.tta -c:a tta t.mka && "
		    "sox a.wav -t au s.au");
	expect_exact("a.au",
		     &(struct expected){"au", "pcm", "audio/basic", RATE, 2, samples, true});
	expect_exact("s.au",
		     &(struct expected){"au", "pcm", "audio/basic", RATE, 2, samples, true});
	expect_exact("a.tta",
		     &(struct expected){"tta", "tta", "audio/x-tta", RATE, 2, samples, true});
	/* Matroska counts milliseconds, and not the samples of the last frame */
	d = strange_open("t.mka");
	assert_true(llabs(decoder_get_facts(d)->samples - samples) <= RATE / 1000 + 1);
	decoder_free(d);
}

static void put_text(FILE *f, const char *text)
{
	fputs(text, f);
}

/* Monkey's Audio 3.99: three frames that say of themselves that they are silent in both
   channels, the last one shorter. */
static void write_ape(const char *path, uint32_t frame, uint32_t last)
{
	FILE *f = fopen(path, "wb");

	assert_non_null(f);
	put_text(f, "MAC ");
	strange_put(f, 3990, 2);
	strange_put(f, 0, 2);
	strange_put(f, 52, 4); /* descriptor, header, seek table, WAV header */
	strange_put(f, 24, 4);
	strange_put(f, 12, 4);
	strange_put(f, 0, 4);
	strange_put(f, 48, 4); /* frames, high half, trailer, digest */
	strange_put(f, 0, 8);
	for (int i = 0; i < 16; i++)
		fputc(0, f);
	strange_put(f, 2000, 2); /* compression level, flags */
	strange_put(f, 0, 2);
	strange_put(f, frame, 4);
	strange_put(f, last, 4);
	strange_put(f, 3, 4);
	strange_put(f, 16, 2);
	strange_put(f, 2, 2);
	strange_put(f, RATE, 4);
	for (uint32_t i = 0; i < 3; i++)
		strange_put(f, 52 + 24 + 12 + 16 * i, 4);
	for (int i = 0; i < 3; i++) {
		strange_put(f, 0x80000000, 4); /* checksum, flags follow */
		strange_put(f, 3, 4);
		strange_put(f, 0, 8);
	}
	fclose(f);
}

static void it_reads_monkeys_audio(void **state)
{
	struct decoder *d;
	float *pcm;

	(void)state;
	write_ape("a.ape", 73728, 1234);
	d = expect("a.ape", &(struct expected){"ape", "ape", "audio/x-ape", RATE, 2,
					       2 * 73728 + 1234, true});
	pcm = strange_read(d, 70000, 80000 - 1310);
	for (int i = 0; i < 2 * (80000 - 1310); i++)
		assert_true(pcm[i] == 0);
	assert_int_equal(decoder_get_damaged(d), 0);
	free(pcm);
	decoder_free(d);
}

/* --- one bit a sample ------------------------------------------------------------- */

#define DSD_RATE 2822400
#define DSD_BLOCK 4096
#define DSD_BLOCKS 16 /* of a channel: 0.19 s */
#define DSD_BYTES (DSD_BLOCK * DSD_BLOCKS)

/* A tone through a modulator of the second order, its first bit the lowest or the highest. */
static void modulate(uint8_t *out, bool lowest_first)
{
	double first = 0, second = 0;

	memset(out, 0, DSD_BYTES);
	for (int i = 0; i < DSD_BYTES * 8; i++) {
		double y = second >= 0 ? 1 : -1;

		first += 0.3 * sin(2 * M_PI * 440 * i / DSD_RATE) - y;
		second += first - y;
		if (y > 0)
			out[i / 8] |= (uint8_t)(1 << (lowest_first ? i % 8 : 7 - i % 8));
	}
}

/* Sony's container: blocks of one channel after the other, samples counted in bits. */
static void write_dsf(const char *path, int64_t samples)
{
	static uint8_t bits[DSD_BYTES];
	FILE *f = fopen(path, "wb");

	assert_non_null(f);
	modulate(bits, true);
	put_text(f, "DSD ");
	strange_put(f, 28, 8);
	strange_put(f, 28 + 52 + 12 + 2 * DSD_BYTES, 8);
	strange_put(f, 0, 8);
	put_text(f, "fmt ");
	strange_put(f, 52, 8);
	strange_put(f, 1, 4); /* version, raw, stereo */
	strange_put(f, 0, 4);
	strange_put(f, 2, 4);
	strange_put(f, 2, 4);
	strange_put(f, DSD_RATE, 4);
	strange_put(f, 1, 4);
	strange_put(f, (uint64_t)samples, 8);
	strange_put(f, DSD_BLOCK, 4);
	strange_put(f, 0, 4);
	put_text(f, "data");
	strange_put(f, 12 + 2 * DSD_BYTES, 8);
	for (int i = 0; i < DSD_BLOCKS; i++)
		for (int c = 0; c < 2; c++)
			fwrite(bits + i * DSD_BLOCK, 1, DSD_BLOCK, f);
	fclose(f);
}

static void put_big(FILE *f, uint64_t v, int bytes)
{
	while (bytes-- > 0)
		fputc((int)(v >> (8 * bytes) & 255), f);
}

static void put_chunk(FILE *f, const char *type, uint64_t bytes)
{
	put_text(f, type);
	put_big(f, bytes, 8);
}

/* Philips' container (DSDIFF 1.5): bytes of both channels in turns. */
static void write_dff(const char *path)
{
	static uint8_t bits[DSD_BYTES];
	FILE *f = fopen(path, "wb");

	assert_non_null(f);
	modulate(bits, false);
	put_chunk(f, "FRM8", 4 + 16 + 12 + 4 + 16 + 22 + 32 + 12 + 2 * DSD_BYTES);
	put_text(f, "DSD ");
	put_chunk(f, "FVER", 4);
	put_big(f, 0x01050000, 4);
	put_chunk(f, "PROP", 4 + 16 + 22 + 32);
	put_text(f, "SND ");
	put_chunk(f, "FS  ", 4);
	put_big(f, DSD_RATE, 4);
	put_chunk(f, "CHNL", 10);
	put_big(f, 2, 2);
	put_text(f, "SLFTSRGT");
	put_chunk(f, "CMPR", 19);
	put_text(f, "DSD ");
	fputc(14, f);
	put_text(f, "not compressed");
	fputc(0, f);
	put_chunk(f, "DSD ", 2 * DSD_BYTES);
	for (int i = 0; i < DSD_BYTES; i++) {
		fputc(bits[i], f);
		fputc(bits[i], f);
	}
	fclose(f);
}

/* The tone, behind the decimating filter's delay. */
static void expect_tone(const char *path, int64_t samples)
{
	struct decoder *d = expect(
		path, &(struct expected){strrchr(path, '.') + 1, "dsd",
					 strcmp(path, "a.dsf") ? "audio/x-dff" : "audio/x-dsf",
					 DSD_RATE / 8, 2, samples, true});
	float *pcm = strange_read(d, 0, (int32_t)samples);
	double in = 0, across = 0, all = 0;

	for (int i = 2000; i < samples; i++) {
		double phase = 2 * M_PI * 440 * i * 8 / DSD_RATE, v = (double)pcm[2 * i];

		in += v * sin(phase);
		across += v * cos(phase);
		all += v * v;
	}
	/* what is left is the modulator's noise, most of it above what is heard */
	if ((in * in + across * across) * 2 / (double)(samples - 2000) < 0.9 * all)
		fail_msg("%s: it is no tone", path);
	free(pcm);
	decoder_free(d);
}

static void it_reads_dsd_through_its_decimating_decoder(void **state)
{
	(void)state;
	write_dsf("a.dsf", (DSD_BYTES - 1000) * 8);
	write_dff("a.dff");
	expect_tone("a.dsf", DSD_BYTES - 1000);
	expect_tone("a.dff", DSD_BYTES);
	expect_seams("a.dsf", -190);
	expect_seams("a.dff", -190);
}

/* --- lossy --------------------------------------------------------------------------- */

static void it_reads_musepack_as_its_own_decoder_does(void **state)
{
	struct decoder *d;
	float *mine;

	(void)state;
	make_sound("n.wav", RATE);
	strange_run("mpcenc --silent --quality 6 n.wav n.mpc >/dev/null 2>&1 && "
		    "mpcdec n.mpc own.wav >/dev/null 2>&1");
	d = expect("n.mpc", &(struct expected){"mpc", "musepack", "audio/x-musepack", RATE, 1,
					       6 * RATE, false});
	mine = strange_read(d, 0, 6 * RATE);
	decoder_free(d);
	d = strange_open("own.wav");
	assert_int_equal(decoder_get_facts(d)->samples, 6 * RATE);
	if (decoder_pcm_channels(d) == 1) {
		float *own = strange_read(d, 0, 6 * RATE);

		for (int i = 0; i < 6 * RATE; i++)
			assert_true(fabs((double)(mine[i] - own[i])) < 3.0 / 32768);
		free(own);
	}
	free(mine);
	decoder_free(d);
	expect_seams("n.mpc", -90);
}

/* Nothing says how much silence the encoder put in front: all that the packets give. */
static void it_reads_windows_media_audio(void **state)
{
	(void)state;
	make_sound("n.wav", RATE);
	strange_run("ffmpeg -v error -y -i n.wav -c:a wmav2 w2.wma -c:a wmav1 w1.wma -ar 22050 "
		    "-c:a wmav2 low.wma -c:a wmav2 w.mka");
	decoder_free(expect("w1.wma", &(struct expected){"asf", "wma", "audio/x-ms-wma", RATE, 1,
							 130 * 2048, false}));
	decoder_free(expect("w2.wma", &(struct expected){"asf", "wma", "audio/x-ms-wma", RATE, 1,
							 130 * 2048, false}));
	decoder_free(expect("low.wma", &(struct expected){"asf", "wma", "audio/x-ms-wma", 22050, 1,
							  130 * 1024, false}));
	expect_seams("w1.wma", -120);
	expect_seams("w2.wma", -120);
	expect_seams("low.wma", -120);
}

/* Blocks that stand alone; the fact chunk says where the last one ends. */
static void it_reads_adpcm(void **state)
{
	(void)state;
	make_sound("n.wav", RATE);
	strange_run("sox n.wav -e ms-adpcm ms.wav && sox n.wav -e ima-adpcm ima.wav && ffmpeg -v "
		    "error -y -i n.wav -c:a adpcm_ima_qt -f aiff qt.aifc -ar 16000 -c:a g722 "
		    "g722.wav");
	decoder_free(expect("ms.wav", &(struct expected){"wav", "adpcm", "audio/wav", RATE, 1,
							 6 * RATE, false}));
	decoder_free(expect("ima.wav", &(struct expected){"wav", "adpcm", "audio/wav", RATE, 1,
							  6 * RATE, false}));
	decoder_free(expect("qt.aifc", &(struct expected){"aiff", "adpcm", "audio/aiff", RATE, 1,
							  (6 * RATE + 63) / 64 * 64, false}));
	decoder_free(expect("g722.wav", &(struct expected){"wav", "g722", "audio/wav", 16000, 1,
							   6 * 16000, false}));
	expect_seams("ms.wav", -190);
	expect_seams("ima.wav", -190);
	expect_seams("g722.wav", -60);
	/* Apple's says but nine bits of where a packet begins */
	expect_seams("qt.aifc", -30);
}

/* --- speech ------------------------------------------------------------------------------ */

/* Any bits are a frame. */
static void write_amr(const char *path, const char *magic, int mode, int bytes)
{
	FILE *f = fopen(path, "wb");
	uint32_t x = 12345;

	assert_non_null(f);
	put_text(f, magic);
	for (int i = 0; i < 300; i++) {
		fputc(mode << 3 | 4, f);
		for (int k = 0; k < bytes; k++) {
			x = x * 1664525 + 1013904223;
			fputc((int)(x >> 24), f);
		}
	}
	fclose(f);
}

static void it_reads_amr(void **state)
{
	(void)state;
	write_amr("a.amr", "#!AMR\n", 7, 31);
	write_amr("low.amr", "#!AMR\n", 0, 12);
	write_amr("a.awb", "#!AMR-WB\n", 8, 60);
	decoder_free(expect(
		"a.amr", &(struct expected){"amr", "amr", "audio/amr", 8000, 1, 300 * 160, false}));
	decoder_free(expect("low.amr", &(struct expected){"amr", "amr", "audio/amr", 8000, 1,
							  300 * 160, false}));
	decoder_free(expect("a.awb", &(struct expected){"amr", "amr", "audio/amr-wb", 16000, 1,
							300 * 320, false}));
	expect_seams("a.amr", -80);
}

static void it_reads_speex_and_gsm(void **state)
{
	(void)state;
	make_sound("n.wav", 16000);
	strange_run(
		"ffmpeg -v error -y -i n.wav -c:a libspeex n.spx -ar 8000 -c:a libgsm_ms g.wav");
	decoder_free(expect("n.spx", &(struct expected){"ogg", "speex", "audio/ogg", 16000, 1,
							6 * 16000, false}));
	decoder_free(expect(
		"g.wav", &(struct expected){"wav", "gsm", "audio/wav", 8000, 1, 6 * 8000, false}));
	expect_seams("n.spx", -40);
	expect_seams("g.wav", -40);
}

/* --- streams ------------------------------------------------------------------------------- */

static void it_reads_streams_of_dolby_and_dts(void **state)
{
	(void)state;
	make_sound("n.wav", 48000);
	strange_run("ffmpeg -v error -y -i n.wav a.ac3 -c:a eac3 a.eac3 -c:a dca -strict -2 a.dts");
	decoder_free(expect("a.ac3", &(struct expected){"ac3", "ac3", "audio/ac3", 48000, 1,
							188 * 1536, false}));
	decoder_free(expect("a.eac3", &(struct expected){"eac3", "eac3", "audio/eac3", 48000, 1,
							 188 * 1536, false}));
	decoder_free(expect("a.dts", &(struct expected){"dts", "dts", "audio/x-dts", 48000, 1,
							563 * 512, false}));
	expect_seams("a.ac3", -50);
	expect_seams("a.dts", -90);
}

/* Broadcasters' names come in character sets of which there is none behind the walls. */
static void it_reads_the_sound_of_mpeg_ts(void **state)
{
	(void)state;
	make_sound("n.wav", 48000);
	strange_run("ffmpeg -v error -y -i n.wav -metadata service_name=Träume -c:a aac aac.ts "
		    "-c:a ac3 ac3.ts -c:a mp2 mp2.ts -c:a libmp3lame mp3.ts -c:a ac3 "
		    "-mpegts_m2ts_mode 1 blu.m2ts");
	decoder_free(expect("aac.ts", &(struct expected){"mpegts", "aac", "video/mp2t", 48000, 1,
							 283 * 1024, false}));
	decoder_free(expect("ac3.ts", &(struct expected){"mpegts", "ac3", "video/mp2t", 48000, 1,
							 188 * 1536, false}));
	decoder_free(expect("mp2.ts", &(struct expected){"mpegts", "mp2", "video/mp2t", 48000, 1,
							 250 * 1152, false}));
	decoder_free(expect("mp3.ts", &(struct expected){"mpegts", "mp3", "video/mp2t", 48000, 1,
							 251 * 1152, false}));
	decoder_free(expect("blu.m2ts", &(struct expected){"mpegts", "ac3", "video/mp2t", 48000, 1,
							   188 * 1536, false}));
	expect_seams("mp2.ts", -90);
}

/* --- junk in front --------------------------------------------------------------------------- */

static void expect_mp3(const char *command)
{
	strange_run("(%s; cat n.mp3) > junk.mp3", command);
	decoder_free(expect("junk.mp3", &(struct expected){"mp3", "mp3", "audio/mpeg", RATE, 1,
							   231 * 1152, false}));
}

static void it_finds_mp3_behind_what_is_none(void **state)
{
	(void)state;
	make_sound("n.wav", RATE);
	strange_run("lame --quiet -t -b 128 n.wav n.mp3");
	expect_mp3("printf 'ID3\\4\\0\\0\\0\\0\\0\\12'; head -c 20010 /dev/zero");
	expect_mp3("head -c 300000 /dev/zero");
	expect_mp3("tail -c 30000 a.dsf");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_reads_au_and_tta_to_the_bit),
		cmocka_unit_test(it_reads_monkeys_audio),
		cmocka_unit_test(it_reads_dsd_through_its_decimating_decoder),
		cmocka_unit_test(it_reads_musepack_as_its_own_decoder_does),
		cmocka_unit_test(it_reads_windows_media_audio),
		cmocka_unit_test(it_reads_adpcm),
		cmocka_unit_test(it_reads_amr),
		cmocka_unit_test(it_reads_speex_and_gsm),
		cmocka_unit_test(it_reads_streams_of_dolby_and_dts),
		cmocka_unit_test(it_reads_the_sound_of_mpeg_ts),
		cmocka_unit_test(it_finds_mp3_behind_what_is_none),
	};

	(void)strange_program(); /* while the working folder is still the caller's */
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, strange_setup, strange_teardown);
}
