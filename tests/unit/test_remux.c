/* mp4/remux through drift-decode: packets come through as they are, PCM comes
   through as it is, and the boxes around them are what they have to be */
#include "clicks.h"
#include "mp4made.h"
#include "strange.h"

#include "format/seekidx.h"
#include "mp4/remux.h"

#include <sys/stat.h>

static char reason[REMUX_REASON_MAX];

static enum drift_err go_on(void *context, double progress)
{
	double *before = context;

	assert_true(progress >= *before && progress <= 1.0);
	*before = progress;
	return DRIFT_OK;
}

/* What ingest would have stored of it. */
static void learn(const char *path, struct remux_order *order)
{
	struct decoder *d = strange_open(path);
	const struct decoder_facts *f = decoder_get_facts(d);

	order->rate = f->sample_rate;
	order->extent = (struct fmp4_extent){f->delay, f->samples, f->padding};
	decoder_free(d);
}

static enum drift_err remux_with(const char *path, const char *to, int children,
				 const struct fmp4_extent *extent, struct remux_result *out)
{
	double progress = 0;
	struct remux_order order = {
		.program = strange_program(),
		.limits = strange_limits,
		.children = children,
		.file = "remux.mp4",
		.playlist = "remux.m3u8",
		.tick = go_on,
		.context = &progress,
	};
	enum drift_err err;

	learn(path, &order);
	if (extent)
		order.extent = *extent;
	order.source = open(path, O_RDONLY | O_CLOEXEC);
	order.fd = open(to, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(order.source >= 0 && order.fd >= 0);
	err = remux_run(&order, out, reason);
	close(order.source);
	close(order.fd);
	return err;
}

static struct remux_result remux(const char *path, int children)
{
	struct remux_result r = {0};

	if (remux_with(path, "remux.mp4", children, NULL, &r) != DRIFT_OK)
		fail_msg("%s: %s", path, reason);
	return r;
}

/* --- packets ------------------------------------------------------------------ */

/* The packets of both files have the same bytes and, one line a packet, nothing is
   added or lost. */
static void expect_same_packets(const char *path)
{
	struct remux_result r = remux(path, 1);

	strange_run("ffmpeg -v error -y -i '%s' -i remux.mp4 -map 0:a:0 -c copy %s -f framehash "
		    "-hash md5 source.hash -map 1:a:0 -c copy -f framehash -hash md5 remux.hash && "
		    "for f in source remux; do grep -v '^#' $f.hash | cut -d, -f6 > $f.sums; "
		    "done; test $(wc -l < remux.sums) -gt 10 && cmp source.sums remux.sums",
		    path, strstr(path, ".aac") ? "-bsf:a aac_adtstoasc" : "");
	remux_clear(&r);
}

static void it_copies_packets_as_they_are(void **state)
{
	static const char *const files[] = {"a.flac", "a.oga",	 "a.mka",   "a.mp3",
					    "v.mp3",  "low.mp3", "a.m4a",   "a.aac",
					    "a.opus", "o.mka",	 "he.opus", "o.caf"};

	(void)state;
	strange_wav("a.wav", 44100, 2, 16);
	strange_run(
		"ffmpeg -v error -y -i a.wav a.flac -c:a flac a.oga -c:a flac a.mka -c:a aac a.m4a "
		"-c:a aac a.aac -c:a libopus o.mka -c:a libopus o.caf -c:a libmp3lame -ar 22050 "
		"low.mp3");
	strange_run("lame --quiet -b 128 a.wav a.mp3 && lame --quiet -V 2 a.wav v.mp3 && "
		    "opusenc --quiet a.wav a.opus && opusenc --quiet --framesize 60 a.wav he.opus");
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		expect_same_packets(files[i]);
}

/* What its encoder noted of the samples is still true of what comes out. */
static void it_keeps_flac_to_its_checksum(void **state)
{
	static const int bits[] = {16, 24};

	(void)state;
	for (size_t i = 0; i < sizeof(bits) / sizeof(bits[0]); i++) {
		struct remux_result r;

		strange_wav("m.wav", 48000, 2, bits[i]);
		strange_run("flac -s -f -8 m.wav -o m.flac");
		r = remux("m.flac", 1);
		strange_run("ffmpeg -v error -i remux.mp4 -f s%dle -c:a pcm_s%dle - | md5sum | "
			    "cut -c-32 > out.md5 && metaflac --show-md5sum m.flac | cmp - out.md5",
			    bits[i], bits[i]);
		remux_clear(&r);
	}
}

/* --- samples ------------------------------------------------------------------- */

static void expect_same_samples(const char *path, int rate, int channels, int bits)
{
	struct remux_result r = remux(path, 2);
	struct decoder *d = strange_open("remux.mp4");
	int sides = decoder_pcm_channels(d);
	int32_t samples = strange_samples(rate);
	const struct decoder_facts *f = decoder_get_facts(d);
	float *pcm;

	if (f->samples != samples || f->channels != channels || f->sample_rate != rate ||
	    strcmp(f->codec, "flac") != 0 || r.rounded != 0)
		fail_msg("%s: %lld samples, %d channels, %lld rounded", path, (long long)f->samples,
			 f->channels, (long long)r.rounded);
	pcm = strange_read(d, 0, samples);
	for (int32_t i = 0; i < samples * sides && channels <= 2; i++)
		if (pcm[i] != (float)strange_round(
				      strange_signal((double)(i / sides) / rate, i % sides), bits))
			fail_msg("%s: sample %d is not what it was", path, i / sides);
	free(pcm);
	decoder_free(d);
	remux_clear(&r);
	strange_run("ffmpeg -v error -y -i '%s' -i remux.mp4 -map 0:a:0 -f s32le -c:a pcm_s32le "
		    "source.pcm -map 1:a:0 -f s32le -c:a pcm_s32le remux.pcm && "
		    "cmp source.pcm remux.pcm",
		    path);
}

static void it_turns_pcm_into_flac_sample_for_sample(void **state)
{
	static const int rates[] = {8000, 44100, 48000, 88200, 96000, 192000};

	(void)state;
	for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
		for (int bits = 16; bits <= 24; bits += 8) {
			int channels = i % 2 ? 2 : bits == 16 ? 1 : 6;
			const char *width = bits == 16 ? "s16p" : "s32p";

			strange_wav("a.wav", rates[i], channels, bits);
			strange_run("ffmpeg -v error -y -i a.wav -c:a pcm_s%dbe a.aiff "
				    "-c:a alac -sample_fmt %s a.m4a -c:a wavpack -sample_fmt %s "
				    "a.wv -c:a pcm_s%dle a.mka",
				    bits, width, width, bits);
			expect_same_samples("a.wav", rates[i], channels, bits);
			expect_same_samples("a.aiff", rates[i], channels, bits);
			expect_same_samples("a.m4a", rates[i], channels, bits);
			expect_same_samples("a.wv", rates[i], channels, bits);
			expect_same_samples("a.mka", rates[i], channels, bits);
		}
	}
}

/* Float that came from integers is exact; what 24 bits cannot hold is counted. */
static void it_says_what_flac_could_not_hold(void **state)
{
	struct remux_result r;

	(void)state;
	strange_wav("a.wav", 48000, 2, 24);
	strange_run("ffmpeg -v error -y -i a.wav -c:a pcm_f32le f.wav -c:a pcm_u8 u.wav");
	expect_same_samples("f.wav", 48000, 2, 24);
	strange_wav("a.wav", 48000, 2, 32);
	r = remux("a.wav", 1);
	assert_true(r.rounded > 10000);
	assert_int_equal(r.packing.bits, 24);
	remux_clear(&r);
	r = remux("u.wav", 1);
	assert_int_equal(r.packing.bits, 16);
	assert_int_equal(r.rounded, 0);
	remux_clear(&r);
}

static void it_encodes_to_the_same_bytes_with_any_number_of_children(void **state)
{
	(void)state;
	strange_run("sox -n -r 44100 -b 16 -c 2 -R a.wav synth 64 pinknoise tremolo 3 90");
	for (int children = 1; children <= 5; children++) {
		struct remux_result r = {0};
		char name[16];

		snprintf(name, sizeof(name), "%d.mp4", children);
		assert_int_equal(remux_with("a.wav", name, children, NULL, &r), DRIFT_OK);
		remux_clear(&r);
		strange_run("cmp 1.mp4 %s", name);
	}
	/* and they are the frames of one encoder that never stopped */
	strange_run("ffmpeg -v error -y -i a.wav -c:a flac -frame_size 4096 a.flac && "
		    "for f in 1.mp4 a.flac; do ffmpeg -v error -i $f -c copy -f framehash "
		    "-hash md5 - | grep -v '^#' | sed 's/.*, //' > $f.hash; done; "
		    "cmp 1.mp4.hash a.flac.hash");
}

/* --- the sidecar and the playlists ------------------------------------------------ */

static void it_indexes_every_fragment(void **state)
{
	static const double starts[] = {0, 0.5, 1, 2, 4, 9, 19, 29, 39, 49, 59};
	static uint8_t file[64 << 20];
	struct remux_result r = remux("a.wav", 2);
	struct seekidx index;
	size_t bytes = strange_bytes("remux.mp4", file, sizeof(file));

	(void)state;
	assert_int_equal(seekidx_parse((const uint8_t *)r.sidecar.data, r.sidecar.len, &index),
			 DRIFT_OK);
	assert_string_equal(index.codec, "fLaC");
	assert_int_equal(index.flags, SEEKIDX_EXACT);
	assert_int_equal(index.timescale, 44100);
	assert_int_equal(index.samples, 64 * 44100);
	assert_int_equal(index.bytes, bytes);
	assert_int_equal(r.bytes, bytes);
	assert_memory_equal(index.setup, file, index.setup_bytes);
	assert_int_equal(index.entry_count, sizeof(starts) / sizeof(starts[0]));
	for (uint32_t i = 0; i < index.entry_count; i++) {
		struct seekidx_entry e = seekidx_get(&index, i);
		int64_t grid = (int64_t)(starts[i] * 44100);

		assert_true((int64_t)e.sample >= grid && (int64_t)e.sample < grid + PACKING_BLOCK);
		assert_memory_equal(file + e.offset + 4, "moof", 4);
	}
	remux_clear(&r);
}

/* Sums the EXTINFs and follows the ranges through the file. */
static void it_lists_every_byte_and_every_sample(void **state)
{
	struct remux_result r = remux("a.wav", 2);
	const char *at = buf_text(&r.media);
	long long bytes, offset, next = 0;
	double seconds, sum = 0;
	int segments = 0;

	(void)state;
	assert_non_null(strstr(at, "#EXT-X-VERSION:7\n"));
	assert_non_null(strstr(at, "#EXT-X-TARGETDURATION:10\n"));
	assert_non_null(strstr(at, "#EXT-X-PLAYLIST-TYPE:VOD\n"));
	assert_non_null(strstr(at, "#EXT-X-MAP:URI=\"remux.mp4\",BYTERANGE=\""));
	while ((at = strstr(at, "#EXTINF:"))) {
		assert_int_equal(sscanf(at, "#EXTINF:%lf,\n#EXT-X-BYTERANGE:%lld@%lld\nremux.mp4\n",
					&seconds, &bytes, &offset),
				 3);
		assert_true(segments++ == 0 || offset == next);
		next = offset + bytes;
		sum += seconds;
		at++;
	}
	assert_int_equal(segments, 11);
	assert_int_equal(next, r.bytes);
	assert_true(fabs(sum - 64) < 1e-6);
	assert_string_equal(buf_text(&r.media) + r.media.len - 15, "#EXT-X-ENDLIST\n");
	assert_non_null(strstr(buf_text(&r.master), "CODECS=\"fLaC\"\nremux.m3u8\n"));
	remux_clear(&r);
}

/* --- ends -------------------------------------------------------------------------- */

static void expect_ends(const char *path, const char *codec)
{
	struct remux_result r = remux(path, 1);
	struct remux_order source = {0}, artifact = {0};

	learn(path, &source);
	learn("remux.mp4", &artifact);
	if (memcmp(&source.extent, &artifact.extent, sizeof(source.extent)) != 0)
		fail_msg("%s: %lld + %lld + %lld became %lld + %lld + %lld", path,
			 (long long)source.extent.delay, (long long)source.extent.samples,
			 (long long)source.extent.padding, (long long)artifact.extent.delay,
			 (long long)artifact.extent.samples, (long long)artifact.extent.padding);
	assert_string_equal(r.codec, codec);
	remux_clear(&r);
}

/* The edit list says to a reader of MP4 what the source's own words said. */
static void it_keeps_delay_and_padding_in_the_edit_list(void **state)
{
	(void)state;
	expect_ends("a.flac", "fLaC");
	expect_ends("a.mp3", "mp4a.6b");
	expect_ends("low.mp3", "mp4a.69");
	expect_ends("a.m4a", "mp4a.40.2");
	expect_ends("a.opus", "Opus");
}

/* iTunes counts in the rate of the core; the file that is made, in what is heard. */
static void it_keeps_the_ends_of_aac_with_sbr(void **state)
{
	const struct clicks core = {22050, 2, 66000, 2, {22050, 44100}};
	const struct clicks heard = {44100, 2, 132000, 2, {44100, 88200}};
	const struct mp4made_caf table = {2048, 132000, 3010, 158, false};
	struct mp4made made = {
		.adts = "c.aac",
		.core = 22050,
		.channels = 2,
		.object = MP4MADE_HE,
		.media_scale = 22050,
		.movie_scale = 22050,
		.packet = 1024,
		.itunes = " 00000000 00000400 00000230 00000000000101D0",
	};

	(void)state;
	clicks_wav("c.wav", &core);
	strange_run("ffmpeg -v error -y -i c.wav -c:a aac -b:a 64k c.aac");
	for (int i = 0; i < 2; i++) {
		made.compatible = i == 1;
		mp4made_write("sbr.m4a", &made);
		expect_ends("sbr.m4a", "mp4a.40.5");
		clicks_expect("remux.mp4", &heard);
	}
	mp4made_write_caf("sbr.caf", &made, &table);
	expect_ends("sbr.caf", "mp4a.40.5");
	clicks_expect("remux.mp4", &heard);
}

/* --- what cannot be ------------------------------------------------------------------ */

static void it_refuses_what_no_browser_takes_in_mp4(void **state)
{
	struct remux_result r = {0};

	(void)state;
	strange_wav("a.wav", 44100, 2, 16);
	strange_run("oggenc -Q -o a.ogg a.wav");
	assert_int_equal(remux_with("a.ogg", "x.mp4", 1, NULL, &r), DRIFT_EMEDIA);
	assert_string_equal(reason, "no browser takes vorbis in MP4");
}

static void it_refuses_a_source_that_is_not_the_catalogues(void **state)
{
	const struct fmp4_extent extent = {.samples = 12345};
	struct remux_result r = {0};

	(void)state;
	strange_run("ffmpeg -v error -y -i a.wav a.flac");
	assert_int_equal(remux_with("a.flac", "x.mp4", 1, &extent, &r), DRIFT_EMEDIA);
	assert_string_equal(reason, "it is not as long as it was when it was uploaded");
}

/* What is damaged is left to the player; nothing is lost around it. */
static void it_copies_a_damaged_flac_file(void **state)
{
	(void)state;
	strange_run("sox -n -r 44100 -b 16 -c 2 -R n.wav synth 20 pinknoise && "
		    "flac -s -f n.wav -o n.flac && dd if=/dev/urandom of=n.flac bs=1000 seek=500 "
		    "count=2 conv=notrunc status=none && truncate -s -3000 n.flac");
	{
		struct remux_result r = remux("n.flac", 1);

		remux_clear(&r);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_copies_packets_as_they_are),
		cmocka_unit_test(it_keeps_flac_to_its_checksum),
		cmocka_unit_test(it_keeps_delay_and_padding_in_the_edit_list),
		cmocka_unit_test(it_keeps_the_ends_of_aac_with_sbr),
		cmocka_unit_test(it_turns_pcm_into_flac_sample_for_sample),
		cmocka_unit_test(it_says_what_flac_could_not_hold),
		cmocka_unit_test(it_encodes_to_the_same_bytes_with_any_number_of_children),
		cmocka_unit_test(it_indexes_every_fragment),
		cmocka_unit_test(it_lists_every_byte_and_every_sample),
		cmocka_unit_test(it_refuses_what_no_browser_takes_in_mp4),
		cmocka_unit_test(it_refuses_a_source_that_is_not_the_catalogues),
		cmocka_unit_test(it_copies_a_damaged_flac_file),
	};

	(void)strange_program(); /* while the working folder is still the caller's */
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, strange_setup, strange_teardown);
}
