/* walled/source through drift-decode: every format other people's encoders
   make, its exact length, its place in time, and reads in any order */
#include "strange.h"

#include "walled/source.h"
#include "walled/warmup.h"

#define LAG_MAX 40 /* samples to either side that may not fit better */

static const int rates[] = {8000, 16000, 22050, 32000, 44100, 48000, 88200, 96000, 192000};

/* How well pcm, shifted by lag, is the signal: 1 is perfect. */
static double likeness(const float *pcm, int32_t count, int rate, int channels, int sides, int lag)
{
	double both = 0, mine = 1e-9, theirs = 1e-9;

	for (int32_t i = LAG_MAX; i < count - LAG_MAX; i++) {
		double want = strange_heard((double)i / rate, channels, 0);
		double got = pcm[(i + lag) * sides];

		both += want * got;
		mine += want * want;
		theirs += got * got;
	}
	return both / sqrt(mine * theirs);
}

static void expect_in_place(const char *path, const float *pcm, int32_t count, int rate,
			    int channels, int sides)
{
	double best = likeness(pcm, count, rate, channels, sides, 0);

	if (best < 0.9)
		fail_msg("%s: does not sound like the original (%.3f)", path, best);
	for (int lag = 1; lag <= LAG_MAX; lag += lag < 8 ? 1 : 8)
		if (likeness(pcm, count, rate, channels, sides, lag) > best ||
		    likeness(pcm, count, rate, channels, sides, -lag) > best)
			fail_msg("%s: fits better %d samples away", path, lag);
}

static void expect_exact(const char *path, const float *pcm, int32_t count, int rate, int channels,
			 int bits)
{
	int sides = channels == 1 ? 1 : 2;

	for (int32_t i = 0; i < count; i++) {
		for (int side = 0; side < sides; side++) {
			double t = (double)i / rate, want, off;

			want = channels > 2 ? strange_heard(t, channels, side)
					    : strange_round(strange_signal(t, side), bits);
			off = fabs(pcm[i * sides + side] - want);
			if (off > (channels > 2 ? ldexp(1.2, 1 - (bits < 32 ? bits : 24)) : 0))
				fail_msg("%s: sample %d of side %d is off by %g", path, i, side,
					 off);
		}
	}
}

struct expected {
	const char *codec;
	int rate, channels, bits; /* bits 0: lossy */
	int32_t samples;
};

static void expect_file(const char *path, const struct expected *e)
{
	struct decoder *d = strange_open(path);
	const struct decoder_facts *f = decoder_get_facts(d);
	int sides = decoder_pcm_channels(d);
	float *pcm;

	if (strcmp(f->codec, e->codec) != 0 || f->sample_rate != e->rate ||
	    f->channels != e->channels || f->samples != e->samples || f->bits != e->bits ||
	    f->lossless != (e->bits > 0))
		fail_msg("%s: %s, %d Hz, %d channels, %lld samples, %d bits", path, f->codec,
			 f->sample_rate, f->channels, (long long)f->samples, f->bits);
	pcm = strange_read(d, 0, e->samples);
	if (e->bits)
		expect_exact(path, pcm, e->samples, e->rate, e->channels, e->bits);
	else
		expect_in_place(path, pcm, e->samples, e->rate, e->channels, sides);
	assert_int_equal(decoder_get_damaged(d), 0);
	free(pcm);
	decoder_free(d);
}

static void expect_lossless(const char *path, const char *codec, int rate, int channels, int bits)
{
	expect_file(path, &(struct expected){codec, rate, channels, bits, strange_samples(rate)});
	unlink(path);
}

static void expect_lossy(const char *path, const char *codec, int rate, int channels)
{
	expect_file(path, &(struct expected){codec, rate, channels, 0, strange_samples(rate)});
	unlink(path);
}

/* Opus is 48 kHz whatever went in; its encoders round the length up. */
static void expect_opus(const char *path, int rate, int channels)
{
	int32_t samples = (int32_t)(((int64_t)strange_samples(rate) * 48000 + rate - 1) / rate);

	expect_file(path, &(struct expected){"opus", 48000, channels, 0, samples});
	unlink(path);
}

/* --- lossless --------------------------------------------------------------- */

static void check_lossless(int rate, int channels, int bits)
{
	const char *width = bits == 16 ? "s16" : "s32";

	strange_wav("a.wav", rate, channels, bits);
	strange_run("ffmpeg -v error -y -i a.wav -sample_fmt %s a.flac -sample_fmt %sp -c:a alac "
		    "a.m4a -sample_fmt %s -c:a flac a.oga -c:a pcm_s%dbe a.aiff -c:a pcm_s%dle "
		    "-rf64 always rf.wav",
		    width, width, width, bits, bits);
	strange_run("sox -D a.wav a.w64 2>/dev/null");
	expect_lossless("a.wav", "pcm", rate, channels, bits);
	expect_lossless("rf.wav", "pcm", rate, channels, bits);
	expect_lossless("a.w64", "pcm", rate, channels, bits);
	expect_lossless("a.aiff", "pcm", rate, channels, bits);
	expect_lossless("a.flac", "flac", rate, channels, bits);
	expect_lossless("a.oga", "flac", rate, channels, bits);
	expect_lossless("a.m4a", "alac", rate, channels, bits);
}

static void it_reads_lossless_sources_bit_for_bit(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
		check_lossless(rates[i], i % 2 ? 1 : 2, 16);
		check_lossless(rates[i], i % 3 ? 2 : 1, 24);
	}
	check_lossless(44100, 6, 16);
	check_lossless(48000, 6, 24);
}

static void it_reads_float_sources_bit_for_bit(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i += 2) {
		int channels = i == 2 ? 6 : i == 4 ? 1 : 2;

		strange_wav("a.wav", rates[i], channels, 32);
		strange_run("ffmpeg -v error -y -i a.wav -c:a pcm_f32be a.aif -c:a pcm_f32le a.mka "
			    "-c:a pcm_f32le a.caf -c:a wavpack -sample_fmt fltp a.wv");
		expect_lossless("a.wav", "pcm", rates[i], channels, 32);
		expect_lossless("a.aif", "pcm", rates[i], channels, 32);
		expect_lossless("a.mka", "pcm", rates[i], channels, 32);
		expect_lossless("a.caf", "pcm", rates[i], channels, 32);
		expect_lossless("a.wv", "wavpack", rates[i], channels, 32);
	}
}

/* --- lossy -------------------------------------------------------------------- */

static void it_finds_where_lossy_sources_begin_and_end(void **state)
{
	static const int channels[] = {1, 2, 6};

	(void)state;
	for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
		int rate = rates[i], n = channels[i % 3];

		strange_wav("a.wav", rate, n, 16);
		strange_run("oggenc -Q -q 6 -o a.ogg a.wav 2>/dev/null");
		strange_run("opusenc --quiet --bitrate 160 a.wav a.opus 2>/dev/null");
		expect_lossy("a.ogg", "vorbis", rate, n);
		expect_opus("a.opus", rate, n);
		if (rate > 96000)
			continue;
		strange_run("ffmpeg -v error -y -i a.wav -c:a aac -b:a %dk a.m4a",
			    rate < 16000 ? 40 : 160);
		expect_lossy("a.m4a", "aac", rate, n);
	}
}

static void it_finds_where_mp3_begins_and_ends_by_lames_tag(void **state)
{
	(void)state;
	for (size_t i = 0; i < 6; i++) {
		int n = i % 2 ? 1 : 2;

		strange_wav("a.wav", rates[i], n, 16);
		strange_run("lame --quiet --resample %g -b 64 a.wav a.mp3 && "
			    "lame --quiet --resample %g -V 2 a.wav v.mp3",
			    rates[i] / 1000.0, rates[i] / 1000.0);
		expect_lossy("a.mp3", "mp3", rates[i], n);
		expect_lossy("v.mp3", "mp3", rates[i], n);
	}
}

static void it_finds_opus_in_any_container_in_mono_stereo_and_surround(void **state)
{
	(void)state;
	for (int n = 1; n <= 6; n += n == 1 ? 1 : 4) {
		strange_wav("a.wav", 48000, n, 16);
		strange_run(
			"ffmpeg -v error -y -i a.wav -c:a libopus -b:a %dk a.opus -c copy a.mka "
			"-c:a libopus -b:a %dk -strict -2 a.mp4 2>/dev/null",
			80 * n, 80 * n);
		strange_run("ffmpeg -v error -y -i a.wav -c:a libopus -b:a %dk a.webm", 80 * n);
		expect_opus("a.opus", 48000, n);
		expect_opus("a.mp4", 48000, n);
		expect_opus("a.webm", 48000, n);
		unlink("a.mka");
	}
}

/* Nothing in these says how much silence the encoder put in front. */
static void it_counts_what_is_there_where_nothing_is_said(void **state)
{
	struct decoder *d;

	(void)state;
	strange_wav("a.wav", 44100, 2, 16);
	strange_run("lame --quiet -t -b 128 a.wav a.mp3");
	strange_run("ffmpeg -v error -y -i a.wav -c:a aac a.aac -c:a mp2 a.mp2 -c:a ac3 a.avi");
	d = strange_open("a.mp3");
	assert_int_equal(decoder_get_facts(d)->delay, 0);
	assert_int_equal(decoder_get_facts(d)->samples % 1152, 0);
	assert_true(decoder_get_facts(d)->samples >= strange_samples(44100) + 1105);
	decoder_free(d);
	d = strange_open("a.aac");
	assert_string_equal(decoder_get_facts(d)->container, "adts");
	assert_int_equal(decoder_get_facts(d)->samples % 1024, 0);
	decoder_free(d);
	d = strange_open("a.mp2");
	assert_string_equal(decoder_get_facts(d)->codec, "mp2");
	assert_int_equal(decoder_get_facts(d)->samples % 1152, 0);
	decoder_free(d);
	d = strange_open("a.avi");
	assert_string_equal(decoder_get_facts(d)->codec, "ac3");
	decoder_free(d);
}

/* --- reads -------------------------------------------------------------------- */

static void expect_same(const char *path, const float *whole, struct decoder *d, int64_t first,
			int32_t count, bool exact)
{
	int sides = decoder_pcm_channels(d);
	float *part = strange_read(d, first, count), *again = strange_read(d, first, count);

	assert_memory_equal(part, again, (size_t)(count * sides) * sizeof(float));
	if (exact &&
	    memcmp(part, whole + first * sides, (size_t)(count * sides) * sizeof(float)) != 0)
		fail_msg("%s: [%lld, +%d) differs from the whole", path, (long long)first, count);
	free(part);
	free(again);
}

static const char *const kinds[] = {"k.wav", "k.flac", "k.alac.m4a", "k.wv",  "k.mp3",
				    "k.m4a", "k.ogg",  "k.opus",     "k.mka", "k.aac"};

static void make_kinds(void)
{
	strange_run("sox -n -r 44100 -b 16 -c 2 -R k.wav synth 23 pinknoise tremolo 3 90");
	strange_run("ffmpeg -v error -y -i k.wav k.flac -c:a alac k.alac.m4a -c:a wavpack k.wv "
		    "-c:a libmp3lame -b:a 40k k.mp3 -c:a aac -aac_pns 0 k.m4a -c:a aac k.aac "
		    "-c:a libvorbis k.mka");
	strange_run("oggenc -Q -o k.ogg k.wav && opusenc --quiet k.wav k.opus");
}

/* The samples depend on the place asked for and on nothing else. */
static void it_gives_the_same_samples_in_any_order(void **state)
{
	(void)state;
	make_kinds();
	for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
		struct decoder *d = strange_open(kinds[k]), *fresh;
		int32_t rate = decoder_get_facts(d)->sample_rate, count = 2 * rate + 77;
		size_t bytes = (size_t)count * (size_t)decoder_pcm_channels(d) * sizeof(float);
		float *late = strange_read(d, 12 * rate + 5, count);
		float *early = strange_read(d, 3 * rate, count);
		float *again = strange_read(d, 12 * rate + 5, count), *alone;

		assert_memory_equal(late, again, bytes);
		fresh = strange_open(kinds[k]);
		alone = strange_read(fresh, 3 * rate, count);
		if (memcmp(early, alone, bytes) != 0)
			fail_msg("%s: depends on what was read before", kinds[k]);
		free(late), free(early), free(again), free(alone);
		decoder_free(d);
		decoder_free(fresh);
	}
}

static void it_joins_lossless_segments_without_a_trace(void **state)
{
	(void)state;
	for (size_t k = 0; k < 4; k++) {
		struct decoder *d = strange_open(kinds[k]);
		int64_t samples = decoder_get_facts(d)->samples, at;
		int32_t segment = 5 * decoder_get_facts(d)->sample_rate;
		float *whole = strange_read(d, 0, (int32_t)samples);

		for (at = 0; at < samples; at += segment)
			expect_same(kinds[k], whole, d, at,
				    (int32_t)(samples - at < segment ? samples - at : segment),
				    true);
		free(whole);
		decoder_free(d);
	}
}

/* Pre-roll makes a cold start equal to the running decode. Without AAC's noise
   substitution: that noise is another one after every start. */
static double join_db(struct decoder *d, const float *whole, int32_t at, int32_t count)
{
	int sides = decoder_pcm_channels(d);
	float *part = strange_read(d, at, count);
	double noise = 1e-20, power = 1e-20;

	for (int i = 0; i < count * sides; i++) {
		noise += pow(part[i] - whole[at * sides + i], 2);
		power += pow(part[i], 2);
	}
	free(part);
	return 10 * log10(noise / power);
}

static void it_joins_lossy_segments_closely(void **state)
{
	(void)state;
	for (size_t k = 4; k < 8; k++) {
		struct decoder *d = strange_open(kinds[k]);
		int32_t rate = decoder_get_facts(d)->sample_rate;
		float *whole = strange_read(d, 0, 20 * rate);

		for (int32_t at = 5 * rate; at < 19 * rate; at += rate + rate / 7) {
			double db = join_db(d, whole, at, rate / 4);

			if (db > -80)
				fail_msg("%s: a join is heard at %.1f dB", kinds[k], db);
		}
		free(whole);
		decoder_free(d);
	}
}

static void it_gives_silence_outside_of_the_source(void **state)
{
	struct decoder *d = strange_open("k.flac");
	int64_t samples = decoder_get_facts(d)->samples;
	float *before = strange_read(d, -100, 200), *behind = strange_read(d, samples - 100, 200);
	float *start = strange_read(d, 0, 100), *far = strange_read(d, INT64_MAX - 5, 100);

	(void)state;
	for (int i = 0; i < 200; i++)
		assert_true(before[i] == 0 && behind[200 + i] == 0 && far[i] == 0);
	assert_memory_equal(before + 200, start, 200 * sizeof(float));
	assert_true(behind[1] != 0 || behind[3] != 0);
	free(before), free(behind), free(start), free(far);
	decoder_free(d);
}

static void it_works_on_two_slots_at_once(void **state)
{
	struct decoder *d = strange_open("k.flac");
	float *a = strange_read(d, 1000, 500), *b = strange_read(d, 1500, 500);
	const float *pcm;

	(void)state;
	assert_int_equal(decoder_ask(d, 0, 1000, 500), DRIFT_OK);
	assert_int_equal(decoder_ask(d, 1, 1500, 500), DRIFT_OK);
	assert_int_equal(decoder_ask(d, 1, 0, 5), DRIFT_EINVAL);
	assert_int_equal(decoder_wait(d, 0, &pcm), DRIFT_OK);
	assert_memory_equal(pcm, a, 1000 * sizeof(float));
	assert_int_equal(decoder_wait(d, 1, &pcm), DRIFT_OK);
	assert_memory_equal(pcm, b, 1000 * sizeof(float));
	assert_int_equal(decoder_wait(d, 1, &pcm), DRIFT_EINVAL);
	free(a), free(b);
	decoder_free(d);
}

/* --- facts -------------------------------------------------------------------- */

static const char *tag(const struct decoder *d, const char *key)
{
	const char *text = tagset_get(&decoder_get_facts(d)->tags, key);

	return text ? text : "";
}

static void expect_tagged(const char *path)
{
	struct decoder *d = strange_open(path);

	if (strcmp(tag(d, "TITLE"), "Träume") != 0 || strcmp(tag(d, "ARTIST"), "A & B") != 0 ||
	    strcmp(tag(d, "ALBUMARTIST"), "Various") != 0 ||
	    strcmp(tag(d, "TRACKNUMBER"), "3/12") != 0)
		fail_msg("%s: '%s' by '%s'", path, tag(d, "TITLE"), tag(d, "ARTIST"));
	assert_string_equal(tag(d, "ENCODER"), "");
	decoder_free(d);
}

static void it_reads_tags_under_one_name_from_every_format(void **state)
{
	static const char *const files[] = {"t.flac", "t.mp3", "t.m4a", "t.ogg", "t.opus", "t.mka"};

	(void)state;
	strange_wav("a.wav", 44100, 2, 16);
	for (int i = 0; i < 6; i++) {
		strange_run("ffmpeg -v error -y -i a.wav -metadata title=Träume -metadata "
			    "artist='A & B' -metadata album_artist=Various -metadata track=3/12 %s",
			    files[i]);
		expect_tagged(files[i]);
	}
}

static void it_gives_the_cover_as_it_is(void **state)
{
	static const char *const files[] = {"c.flac", "c.mp3", "c.m4a"};
	static uint8_t png[100000];
	size_t len;
	FILE *f;

	(void)state;
	strange_wav("a.wav", 44100, 2, 16);
	strange_run("ffmpeg -v error -y -f lavfi -i testsrc=s=64x64 -frames:v 1 c.png");
	f = fopen("c.png", "rb");
	assert_non_null(f);
	len = fread(png, 1, sizeof(png), f);
	fclose(f);
	for (int i = 0; i < 3; i++) {
		struct decoder *d;

		strange_run("ffmpeg -v error -y -i a.wav -i c.png -map 0 -map 1 -c:v copy "
			    "-disposition:v attached_pic %s",
			    files[i]);
		d = strange_open(files[i]);
		assert_int_equal(decoder_get_facts(d)->cover_bytes, len);
		assert_string_equal(decoder_get_facts(d)->cover_mime, "image/png");
		assert_memory_equal(decoder_get_cover(d), png, len);
		assert_string_not_equal(decoder_get_facts(d)->extension, "mp4");
		decoder_free(d);
	}
}

static void it_takes_the_sound_of_a_video(void **state)
{
	struct decoder *d;

	(void)state;
	strange_wav("a.wav", 44100, 2, 16);
	strange_run("ffmpeg -v error -y -f lavfi -i testsrc=s=64x64:d=1 -i a.wav -c:v mpeg4 -c:a "
		    "flac v.mkv -c:v mpeg4 -c:a libmp3lame v.avi -c:v mpeg4 -c:a aac v.mp4");
	d = strange_open("v.mkv");
	assert_string_equal(decoder_get_facts(d)->extension, "mkv");
	assert_string_equal(decoder_get_facts(d)->mime, "video/x-matroska");
	assert_int_equal(decoder_get_facts(d)->samples, strange_samples(44100));
	decoder_free(d);
	d = strange_open("v.avi");
	assert_string_equal(decoder_get_facts(d)->codec, "mp3");
	decoder_free(d);
	d = strange_open("v.mp4");
	assert_string_equal(decoder_get_facts(d)->mime, "video/mp4");
	decoder_free(d);
}

/* --- by an index --------------------------------------------------------------- */

#define SECONDS 120
#define PIECE 7001 /* samples of one read */

static struct source *open_in_process(const char *path, const struct buf *index)
{
	char why[SOURCE_REASON_MAX] = "";
	struct source *s = NULL;
	int fd = open(path, O_RDONLY | O_CLOEXEC); /* as long as the test lasts */
	enum drift_err err =
		index ? source_new_indexed(incoming_whole(fd), 1, NULL,
					   (const uint8_t *)index->data, index->len, &s, why)
		      : source_new(incoming_whole(fd), 1, NULL, &s, why);

	if (err != DRIFT_OK)
		fail_msg("%s: %s", path, why);
	return s;
}

static void read_in_process(struct source *s, int64_t first, float *out)
{
	assert_int_equal(source_read(s, first, PIECE, out), DRIFT_OK);
}

/* Backwards, so that nothing can be reached by reading on. */
static void expect_same_by_index(const char *path)
{
	static float want[2 * PIECE], got[2 * PIECE];
	struct source *walked = open_in_process(path, NULL), *jumped;
	struct buf index = {0};
	int64_t samples = source_get_facts(walked)->samples, packets = 0;
	int64_t pass = source_get_packets(walked)->walked;

	source_get_index(walked, &index);
	if (index.len == 0)
		fail_msg("%s: no index", path);
	packetidx_clear(&source_get_packets(walked)->index);
	jumped = open_in_process(path, &index);
	if (source_get_facts(jumped)->samples != samples)
		fail_msg("%s: %lld samples instead of %lld", path,
			 (long long)source_get_facts(jumped)->samples, (long long)samples);
	for (int64_t i = 9; i >= 0; i--) {
		int64_t at = i * (samples / 10) + 1234, before = source_get_packets(jumped)->walked;

		read_in_process(walked, at, want);
		read_in_process(jumped, at, got);
		if (memcmp(want, got, sizeof(float) * PIECE) != 0)
			fail_msg("%s: other samples at %lld", path, (long long)at);
		if (i > 4)
			packets += source_get_packets(jumped)->walked - before;
	}
	/* walked to, those five places would be 3.75 times the file's packets */
	if (packets > pass / 3)
		fail_msg("%s: %lld packets of %lld were read", path, (long long)packets,
			 (long long)pass);
	buf_clear(&index);
	source_free(jumped);
	source_free(walked);
}

static void it_reaches_any_sample_by_an_index(void **state)
{
	static const char *const files[] = {"i.mp3", "v.mp3",  "i.aac",	 "i.flac", "i.oga",
					    "i.ogg", "i.opus", "i.webm", "i.m4a",  "l.m4a",
					    "i.mka", "i.mov",  "i.avi",	 "i.caf"};

	(void)state;
	strange_run("sox -n -r 44100 -b 16 -c 1 -R i.wav synth %d pinknoise tremolo 3 90", SECONDS);
	strange_run("ffmpeg -v error -y -i i.wav -c:a aac i.aac -c:a aac i.m4a -c:a alac l.m4a "
		    "-c:a flac i.flac -c:a flac i.oga -c:a libvorbis i.webm -c:a libmp3lame i.mka "
		    "-c:a pcm_s16le i.mov -c:a libmp3lame i.avi -c:a pcm_s16be i.caf");
	strange_run("lame --quiet -b 128 i.wav i.mp3 && lame --quiet -V 3 -t i.wav v.mp3 && "
		    "oggenc -Q -o i.ogg i.wav && opusenc --quiet i.wav i.opus");
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		expect_same_by_index(files[i]);
}

static void it_takes_no_index_of_another_file(void **state)
{
	struct source *a = open_in_process("i.mp3", NULL), *b = open_in_process("v.mp3", NULL);
	int64_t samples = source_get_facts(b)->samples;
	struct buf index = {0};

	(void)state;
	source_free(b);
	source_get_index(a, &index);
	b = open_in_process("v.mp3", &index);
	assert_int_equal(source_get_facts(b)->samples, samples);
	source_free(b);
	for (size_t bit = 0; bit < 8 * 64; bit++) {
		index.data[bit / 8] = (char)(index.data[bit / 8] ^ 1 << bit % 8);
		b = open_in_process("i.mp3", &index);
		assert_true(source_get_facts(b)->samples > 0);
		source_free(b);
		index.data[bit / 8] = (char)(index.data[bit / 8] ^ 1 << bit % 8);
	}
	buf_clear(&index);
	source_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_reads_lossless_sources_bit_for_bit),
		cmocka_unit_test(it_reads_float_sources_bit_for_bit),
		cmocka_unit_test(it_finds_where_lossy_sources_begin_and_end),
		cmocka_unit_test(it_finds_where_mp3_begins_and_ends_by_lames_tag),
		cmocka_unit_test(it_finds_opus_in_any_container_in_mono_stereo_and_surround),
		cmocka_unit_test(it_counts_what_is_there_where_nothing_is_said),
		cmocka_unit_test(it_gives_the_same_samples_in_any_order),
		cmocka_unit_test(it_joins_lossless_segments_without_a_trace),
		cmocka_unit_test(it_joins_lossy_segments_closely),
		cmocka_unit_test(it_gives_silence_outside_of_the_source),
		cmocka_unit_test(it_works_on_two_slots_at_once),
		cmocka_unit_test(it_reads_tags_under_one_name_from_every_format),
		cmocka_unit_test(it_gives_the_cover_as_it_is),
		cmocka_unit_test(it_takes_the_sound_of_a_video),
		cmocka_unit_test(it_reaches_any_sample_by_an_index),
		cmocka_unit_test(it_takes_no_index_of_another_file),
	};

	warmup_run(); /* some tests read in this process */
	(void)strange_program(); /* while the working folder is still the caller's */
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, strange_setup, strange_teardown);
}
