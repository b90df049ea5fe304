/* walled/change and walled/chain through drift-decode: files whose sound changes on the way, put
   together of files by other people's encoders */
#include "strange.h"

#include "dsp/resample.h"

#define LINE 48000 /* Hz of what has several rates */

/* What a file is that stands by itself, as interleaved stereo. */
struct alone {
	float *pcm;
	int64_t samples;
	int32_t rate;
};

static float *to_stereo(float *mono, int64_t samples)
{
	float *both = malloc((size_t)samples * 2 * sizeof(*both));

	for (int64_t i = 0; i < 2 * samples; i++)
		both[i] = mono[i / 2];
	free(mono);
	return both;
}

/* At LINE, with silence around it. */
static void to_line(struct alone *a)
{
	int64_t samples = resample_length(a->samples, a->rate);
	struct resample_range want = {0, samples}, needs;
	struct resampler *r;
	float *in, *out = malloc((size_t)samples * 2 * sizeof(*out));

	assert_int_equal(resampler_new(a->rate, 2, &r), DRIFT_OK);
	needs = resampler_needs(r, want);
	in = calloc((size_t)(needs.end - needs.first) * 2, sizeof(*in));
	for (int64_t n = 0; n < a->samples && n < needs.end; n++)
		memcpy(in + 2 * (n - needs.first), a->pcm + 2 * n, 2 * sizeof(*in));
	resampler_run(r, in, want, out);
	resampler_free(r);
	free(in);
	free(a->pcm);
	*a = (struct alone){out, samples, LINE};
}

static struct alone open_alone(const char *path, int32_t rate)
{
	struct decoder *d = strange_open(path);
	struct alone a = {
		.samples = decoder_get_facts(d)->samples,
		.rate = decoder_get_facts(d)->sample_rate,
	};

	a.pcm = strange_read(d, 0, (int32_t)a.samples);
	if (decoder_pcm_channels(d) == 1)
		a.pcm = to_stereo(a.pcm, a.samples);
	if (a.rate != rate)
		to_line(&a);
	decoder_free(d);
	return a;
}

/* [first, first + count) of the file is what b has from at on, to the last bit; begun in the
   middle AAC has other noise, which is told from silence and from another place all the same. */
static void expect_at(struct decoder *d, int64_t first, const struct alone *b, int64_t at,
		      int64_t count)
{
	bool is_aac = strcmp(decoder_get_facts(d)->codec, "aac") == 0;
	float most = is_aac && at > 0 ? 0.01f : 0;
	float *pcm = strange_read(d, first, (int32_t)count);

	for (int64_t i = 0; i < 2 * count; i++)
		if (!(fabsf(pcm[i] - b->pcm[2 * at + i]) <= most))
			fail_msg("sample %lld differs", (long long)(first + i / 2));
	free(pcm);
}

static double loudness_of(const struct alone *a)
{
	double sum = 0;

	for (int64_t i = 0; i < 2 * a->samples; i++)
		sum += (double)a->pcm[i] * (double)a->pcm[i];
	return sqrt(sum / (double)(2 * a->samples));
}

/* a and b, one behind the other in ab, are heard one behind the other, wherever one begins. */
static void expect_both(const char *a_path, const char *b_path, const char *ab, int32_t rate)
{
	struct alone a = open_alone(a_path, rate), b = open_alone(b_path, rate);
	struct decoder *d;

	strange_run("cat %s %s > %s", a_path, b_path, ab);
	d = strange_open(ab);
	assert_int_equal(decoder_get_facts(d)->sample_rate, rate);
	assert_int_equal(decoder_get_facts(d)->channels, 2);
	assert_int_equal(decoder_get_facts(d)->samples, a.samples + b.samples);
	assert_non_null(strstr(decoder_get_facts(d)->container, "-chain"));
	assert_true(loudness_of(&a) > 0.05 && loudness_of(&b) > 0.05);
	expect_at(d, a.samples, &b, 0, b.samples);
	expect_at(d, 0, &a, 0, a.samples);
	expect_at(d, a.samples + 9000, &b, 9000, 5000);
	expect_at(d, a.samples - 3000, &a, a.samples - 3000, 3000);
	assert_int_equal(decoder_get_damaged(d), 0);
	decoder_free(d);
	free(a.pcm);
	free(b.pcm);
}

/* A second and a bit, of two tones that differ. */
static void make_wav(const char *path, int32_t rate, int channels, int bits)
{
	strange_run("sox -n -R -r %d -b %d -c %d %s synth 1.3 sine 440 sine 660 vol 0.4", rate,
		    bits, channels, path);
}

static void make_mp3(const char *path, int32_t rate, int channels)
{
	make_wav("l.wav", rate, channels, 16);
	strange_run("lame --quiet -m %s -b 128 l.wav %s", channels == 1 ? "m" : "j", path);
}

static void it_plays_mono_and_stereo_mp3_one_behind_the_other(void **state)
{
	(void)state;
	make_mp3("mono.mp3", 44100, 1);
	make_mp3("stereo.mp3", 44100, 2);
	expect_both("mono.mp3", "stereo.mp3", "ab.mp3", 44100);
	expect_both("stereo.mp3", "mono.mp3", "ba.mp3", 44100);
}

static void it_plays_mp3_of_two_rates_in_time(void **state)
{
	(void)state;
	make_mp3("a.mp3", 44100, 2);
	make_mp3("b.mp3", 48000, 2);
	make_mp3("c.mp3", 22050, 1);
	expect_both("a.mp3", "b.mp3", "ab.mp3", LINE);
	expect_both("a.mp3", "c.mp3", "ac.mp3", LINE);
	expect_both("c.mp3", "b.mp3", "cb.mp3", LINE);
}

/* An advertisement in the middle: three links, of which the first and the last are alike. */
static void it_comes_back_to_the_first_sound(void **state)
{
	struct decoder *d;
	struct alone a, b;

	(void)state;
	make_mp3("a.mp3", 44100, 2);
	make_mp3("b.mp3", 48000, 1);
	a = open_alone("a.mp3", LINE);
	b = open_alone("b.mp3", LINE);
	strange_run("cat a.mp3 b.mp3 a.mp3 > aba.mp3");
	d = strange_open("aba.mp3");
	assert_int_equal(decoder_get_facts(d)->samples, 2 * a.samples + b.samples);
	expect_at(d, a.samples + b.samples, &a, 0, a.samples);
	decoder_free(d);
	free(a.pcm);
	free(b.pcm);
}

static void make_adts(const char *path, int32_t rate, int channels)
{
	make_wav("l.wav", rate, channels, 16);
	strange_run("ffmpeg -v error -y -i l.wav -c:a aac -b:a 128k %s", path);
}

static void it_plays_adts_that_changes(void **state)
{
	(void)state;
	make_adts("a.aac", 44100, 2);
	make_adts("b.aac", 48000, 1);
	make_adts("c.aac", 44100, 1);
	expect_both("a.aac", "b.aac", "ab.aac", LINE);
	expect_both("c.aac", "a.aac", "ca.aac", 44100);
}

static void make_flac(const char *path, int32_t rate, int channels, int bits)
{
	make_wav("l.wav", rate, channels, bits);
	strange_run("flac --silent -f l.wav -o %s", path);
}

static void it_plays_flac_that_changes_exactly(void **state)
{
	(void)state;
	make_flac("a.flac", 44100, 2, 16);
	make_flac("b.flac", 44100, 1, 16);
	make_flac("c.flac", 44100, 2, 24);
	make_flac("d.flac", 96000, 2, 24);
	expect_both("a.flac", "b.flac", "ab.flac", 44100);
	expect_both("a.flac", "c.flac", "ac.flac", 44100);
	expect_both("a.flac", "d.flac", "ad.flac", LINE);
}

/* Bytes in front of the first frame of a FLAC file. */
static int64_t metadata_of(const char *path)
{
	static uint8_t data[1 << 20];
	size_t len = strange_bytes(path, data, sizeof(data));
	size_t at = 4;
	bool last = false;

	while (!last && at + 4 < len) {
		last = data[at] & 0x80;
		at += 4 + ((size_t)data[at + 1] << 16 | (size_t)data[at + 2] << 8 | data[at + 3]);
	}
	return (int64_t)at;
}

/* Nobody could tell what they mean. */
static void it_refuses_flac_that_changes_without_a_header(void **state)
{
	struct decoder *d = NULL;

	(void)state;
	make_flac("a.flac", 44100, 2, 16);
	make_flac("b.flac", 48000, 2, 16);
	strange_run("(cat a.flac; tail -c +%lld b.flac) > ab.flac",
		    (long long)metadata_of("b.flac") + 1);
	assert_int_equal(strange_open_with(&strange_limits, "ab.flac", &d), DRIFT_EMEDIA);
	assert_string_equal(strange_reason,
			    "its rate, channels or depth change 0:01 into a stream");
}

/* Frames of several hundred KB, as loud noise has that many channels of: RFC 9639 allows 65,535
   samples of eight channels. */
static void it_takes_frames_of_any_size(void **state)
{
	static const char *const how[] = {"-c 6 -r 48000", "-c 8 -r 192000", "-c 8 -r 192000"};
	static const int block[] = {12288, 16384, 65535};

	(void)state;
	for (int i = 0; i < 3; i++) {
		struct alone flac, wav;

		strange_run("sox -n -R -b 24 %s l.wav synth 0.9 whitenoise vol 0.95 2>&1", how[i]);
		strange_run("flac --silent --lax -f -b %d l.wav -o a.flac 2>&1", block[i]);
		wav = open_alone("l.wav", i ? 192000 : 48000);
		flac = open_alone("a.flac", i ? 192000 : 48000);
		assert_int_equal(flac.samples, wav.samples);
		assert_memory_equal(flac.pcm, wav.pcm, (size_t)wav.samples * 2 * sizeof(*wav.pcm));
		free(flac.pcm);
		free(wav.pcm);
	}
}

static void make_ogg(const char *path, int32_t rate, int channels)
{
	make_wav("l.wav", rate, channels, 16);
	strange_run("oggenc -Q -q 5 -s %d l.wav -o %s", rate + channels, path);
}

static void make_opus(const char *path, int channels)
{
	make_wav("l.wav", 48000, channels, 16);
	strange_run("opusenc --quiet --bitrate 96 l.wav %s", path);
}

static void it_plays_chained_ogg_whose_links_differ(void **state)
{
	(void)state;
	make_ogg("a.ogg", 44100, 2);
	make_ogg("b.ogg", 48000, 1);
	make_ogg("c.ogg", 44100, 1);
	expect_both("a.ogg", "b.ogg", "ab.ogg", LINE);
	expect_both("c.ogg", "a.ogg", "ca.ogg", 44100);
	make_opus("a.opus", 1);
	make_opus("b.opus", 2);
	expect_both("a.opus", "b.opus", "ab.opus", 48000);
}

/* A lone frame of another kind is a damaged one, not another stream. */
static void it_is_not_misled_by_a_damaged_header(void **state)
{
	static uint8_t data[1 << 20];
	struct decoder *d;
	int64_t samples;
	size_t len, at;
	FILE *f;

	(void)state;
	make_mp3("a.mp3", 44100, 2);
	d = strange_open("a.mp3");
	samples = decoder_get_facts(d)->samples;
	decoder_free(d);
	len = strange_bytes("a.mp3", data, sizeof(data));
	for (at = len / 2; data[at] != 0xff || data[at + 1] != 0xfb; at++)
		;
	data[at + 2] ^= 0x04; /* 44.1 kHz becomes 48 */
	f = fopen("a.mp3", "wb");
	assert_non_null(f);
	assert_int_equal(fwrite(data, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
	d = strange_open("a.mp3");
	assert_string_equal(decoder_get_facts(d)->container, "mp3");
	assert_in_range(decoder_get_facts(d)->samples, samples - 3 * 1152, samples + 1152);
	decoder_free(d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_plays_mono_and_stereo_mp3_one_behind_the_other),
		cmocka_unit_test(it_plays_mp3_of_two_rates_in_time),
		cmocka_unit_test(it_comes_back_to_the_first_sound),
		cmocka_unit_test(it_plays_adts_that_changes),
		cmocka_unit_test(it_plays_flac_that_changes_exactly),
		cmocka_unit_test(it_refuses_flac_that_changes_without_a_header),
		cmocka_unit_test(it_takes_frames_of_any_size),
		cmocka_unit_test(it_plays_chained_ogg_whose_links_differ),
		cmocka_unit_test(it_is_not_misled_by_a_damaged_header),
	};

	(void)strange_program(); /* while the working folder is still the caller's */
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, strange_setup, strange_teardown);
}
