/* mp4/remux on moving pictures: those that browsers play come through as they are,
   others as H.264; sound that they refuse becomes AAC, and stays in its place */
#include "strange.h"

#include "format/seekidx.h"
#include "mp4/filmcodec.h"
#include "mp4/remux.h"

#define RATE 48000

static char reason[REMUX_REASON_MAX];
static uint8_t file[16 << 20];

static enum drift_err go_on(void *context, double progress)
{
	(void)context;
	assert_true(progress >= 0 && progress <= 1);
	return DRIFT_OK;
}

static enum drift_err remux_to(const char *path, struct remux_result *out)
{
	struct remux_order order = {
		.program = strange_program(),
		.limits = strange_limits,
		.children = 2,
		.file = "remux.mp4",
		.playlist = "remux.m3u8",
		.tick = go_on,
	};
	struct decoder *d = strange_open(path);
	const struct decoder_facts *f = decoder_get_facts(d);
	enum drift_err err;

	order.rate = f->sample_rate;
	order.extent = (struct fmp4_extent){f->delay, f->samples, f->padding};
	order.limits.memory_mb *= 8;
	decoder_free(d);
	order.source = open(path, O_RDONLY | O_CLOEXEC);
	order.fd = open("remux.mp4", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(order.source >= 0 && order.fd >= 0);
	err = remux_run(&order, out, reason);
	close(order.source);
	close(order.fd);
	return err;
}

static struct remux_result remux(const char *path)
{
	struct remux_result r = {0};

	if (remux_to(path, &r) != DRIFT_OK)
		fail_msg("%s: %s", path, reason);
	return r;
}

/* A key frame every second, B-frames where the codec has them. */
static void compose(const char *path, const char *pictures, const char *sound)
{
	strange_run(
		"ffmpeg -v error -y -f lavfi -i testsrc2=s=160x96:r=25:d=5.2 -stream_loop 3 "
		"-i a.wav -t 4.9 -map 0:v -map 1:a -g 25 -pix_fmt yuv420p %s %s '%s' 2>/dev/null",
		pictures, sound, path);
}

/* --- pictures --------------------------------------------------------------------- */

/* One line a packet; framing that a container wants is taken off on both sides. */
static void expect_same_packets(const char *path, const char *stream, const char *filter)
{
	strange_run("ffmpeg -v error -y -i '%s' -i remux.mp4 -map 0:%s -c copy %s -f framehash "
		    "-hash md5 a.hash -map 1:%s -c copy %s -f framehash -hash md5 b.hash && "
		    "for f in a b; do grep -v '^#' $f.hash | cut -d, -f6 > $f.sums; "
		    "done; test $(wc -l < a.sums) -gt 50 && cmp a.sums b.sums",
		    path, stream, strstr(path, ".avi") ? "" : filter, stream, filter);
}

static void expect_copy(const char *path, const char *codec, const char *filter)
{
	struct remux_result r = remux(path);

	if (strncmp(r.codec, codec, strlen(codec)) != 0)
		fail_msg("%s became %s", path, r.codec);
	assert_true(r.is_film);
	assert_int_equal(r.width, 160);
	assert_int_equal(r.height, 96);
	expect_same_packets(path, "v:0", filter);
	remux_clear(&r);
}

/* Where the setup moves from the first packet to the head. */
static void expect_same_pictures(const char *path, const char *codec)
{
	struct remux_result r = remux(path);

	if (strncmp(r.codec, codec, strlen(codec)) != 0)
		fail_msg("%s became %s", path, r.codec);
	strange_run(
		"ffmpeg -v error -y -i '%s' -i remux.mp4 -map 0:v -f framehash -hash md5 a.hash "
		"-map 1:v -f framehash -hash md5 b.hash && "
		"for f in a b; do grep -v '^#' $f.hash | cut -d, -f6 > $f.sums; done; "
		"test $(wc -l < a.sums) -gt 50 && cmp a.sums b.sums",
		path);
	remux_clear(&r);
}

static void it_copies_pictures_that_browsers_play(void **state)
{
	(void)state;
	strange_wav("a.wav", RATE, 2, 16);
	compose("h.mp4", "-c:v libx264", "-c:a aac");
	compose("h.mkv", "-c:v libx264", "-c:a ac3");
	compose("h.mov", "-c:v libx264", "-c:a pcm_s16le");
	compose("h.avi", "-c:v libx264 -bf 0", "-c:a libmp3lame");
	compose("e.mp4", "-c:v libx265 -x265-params log-level=none -tag:v hev1", "-c:a aac");
	compose("e.avi", "-c:v libx265 -x265-params bframes=0:log-level=none -tag:v HEVC",
		"-c:a libmp3lame");
	compose("9.webm", "-c:v libvpx-vp9 -deadline realtime -cpu-used 8", "-c:a libvorbis");
	compose("1.webm", "-c:v libsvtav1 -preset 12", "-c:a libopus");
	expect_copy("h.mp4", "avc1.64", "-bsf:v h264_mp4toannexb");
	expect_copy("h.mkv", "avc1.64", "-bsf:v h264_mp4toannexb");
	expect_copy("h.mov", "avc1.64", "-bsf:v h264_mp4toannexb");
	expect_copy("h.avi", "avc1.64", "-bsf:v h264_mp4toannexb");
	expect_copy("e.mp4", "hvc1.1.6.L", "-bsf:v hevc_mp4toannexb");
	expect_same_pictures("e.avi", "hvc1.1.6.L");
	expect_copy("9.webm", "vp09.00.", "");
	expect_copy("1.webm", "av01.0.", "");
}

/* As many frames, and the same to the eye: 30 dB of PSNR. */
static void expect_h264(const char *path)
{
	struct remux_result r = remux(path);

	if (strncmp(r.codec, "avc1.64", 7) != 0)
		fail_msg("%s became %s", path, r.codec);
	strange_run("ffmpeg -v info -i remux.mp4 -i '%s' -lavfi '[0:v]settb=1/25,setpts=N[a];"
		    "[1:v]settb=1/25,setpts=N[b];[a][b]psnr' -f null - 2>&1 | sed -n "
		    "'s/.*average:\\([0-9]*\\).*/\\1/p' > psnr && "
		    "test $(cat psnr) -ge 30",
		    path);
	strange_run("for f in remux.mp4 '%s'; do ffprobe -v error -select_streams v -count_frames "
		    "-show_entries stream=nb_read_frames -of csv=p=0 $f | grep -o '[0-9]*'; done | "
		    "uniq | "
		    "wc -l | grep -qx 1",
		    path);
	remux_clear(&r);
}

static void it_makes_h264_of_pictures_that_they_refuse(void **state)
{
	(void)state;
	compose("4.avi", "-c:v mpeg4 -vtag XVID -bf 2 -q:v 3", "-c:a libmp3lame");
	compose("2.mkv", "-c:v mpeg2video -bf 2 -q:v 3", "-c:a ac3");
	compose("8.webm", "-c:v libvpx -b:v 2M -deadline realtime -cpu-used 8", "-c:a libvorbis");
	expect_h264("4.avi");
	expect_h264("2.mkv");
	expect_h264("8.webm");
	compose("1.avi", "-c:v mpeg1video -q:v 3", "-c:a mp2");
	compose("3.mov", "-c:v h263 -s 176x144 -q:v 3", "-c:a libmp3lame");
	compose("ms3.avi", "-c:v msmpeg4 -q:v 3", "-c:a libmp3lame");
	compose("ms2.mkv", "-c:v msmpeg4v2 -q:v 3", "-c:a libmp3lame");
	compose("f.mkv", "-c:v flv1 -q:v 3", "-c:a libmp3lame");
	expect_h264("1.avi");
	expect_h264("3.mov");
	expect_h264("ms3.avi");
	expect_h264("ms2.mkv");
	expect_h264("f.mkv");
}

/* Old cameras' films: JPEGs at the speed of a film, with twice the colours. */
static void it_makes_h264_of_motion_jpeg(void **state)
{
	(void)state;
	compose("j.avi", "-c:v mjpeg -pix_fmt yuvj422p -q:v 2", "-c:a pcm_u8");
	compose("j.mov", "-c:v mjpeg -pix_fmt yuvj420p -q:v 2", "-c:a pcm_s16be");
	compose("j.mkv", "-c:v mjpeg -pix_fmt yuvj444p -q:v 2", "-c:a libmp3lame");
	expect_h264("j.avi");
	expect_h264("j.mov");
	expect_h264("j.mkv");
}

static void it_leaves_out_pictures_that_it_does_not_know(void **state)
{
	struct remux_result r = {0};
	struct decoder *d;

	(void)state;
	compose("t.mkv", "-c:v huffyuv", "-c:a aac");
	d = strange_open("t.mkv");
	assert_string_equal(decoder_get_facts(d)->video, "");
	assert_string_equal(decoder_get_facts(d)->mime, "video/x-matroska");
	decoder_free(d);
	r = remux("t.mkv");
	assert_false(r.is_film);
	assert_string_equal(r.codec, "mp4a.40.2");
	remux_clear(&r);
}

/* Larger than Drift encodes, beside sound that goes without them. */
static void it_leaves_out_pictures_of_which_no_film_can_be_made(void **state)
{
	struct remux_result r = {0};

	(void)state;
	strange_run("ffmpeg -v error -y -f lavfi -i color=s=9000x16:r=10:d=2 -i a.wav -c:v mjpeg "
		    "-c:a flac -shortest wide.mkv");
	r = remux("wide.mkv");
	assert_false(r.is_film);
	assert_string_equal(r.codec, "fLaC");
	remux_clear(&r);
}

static void it_takes_the_first_stream_of_each_kind_and_no_cover(void **state)
{
	struct remux_result r;

	(void)state;
	strange_run(
		"ffmpeg -v error -y -i h.mp4 -i e.mp4 -map 0 -map 1 -c copy two.mkv && ffmpeg "
		"-v error -y -i a.wav -f lavfi -i color=s=64x64:d=0.04 -map 0 -map 1 -c:v mjpeg "
		"-disposition:v attached_pic -c:a flac cover.flac -c:v mjpeg -disposition:v "
		"attached_pic -c:a aac cover.m4a");
	expect_copy("two.mkv", "avc1.64", "-bsf:v h264_mp4toannexb");
	strange_run("ffprobe -v error -show_entries stream=codec_type -of csv=p=0 remux.mp4 | "
		    "tr -d '\\n' | grep -qx videoaudio");
	r = remux("cover.flac");
	assert_false(r.is_film);
	assert_string_equal(r.codec, "fLaC");
	remux_clear(&r);
	r = remux("cover.m4a");
	assert_false(r.is_film);
	remux_clear(&r);
}

/* --- sound -------------------------------------------------------------------------- */

static void it_copies_sound_that_browsers_play(void **state)
{
	struct remux_result r = remux("h.mp4");

	(void)state;
	expect_same_packets("h.mp4", "a:0", "");
	remux_clear(&r);
	r = remux("1.webm");
	assert_non_null(strstr(r.codec, ",Opus"));
	expect_same_packets("1.webm", "a:0", "");
	remux_clear(&r);
	compose("f.mkv", "-c:v libx264", "-c:a flac -sample_fmt s16");
	r = remux("f.mkv");
	assert_non_null(strstr(r.codec, ",fLaC"));
	expect_same_packets("f.mkv", "a:0", "");
	remux_clear(&r);
}

/* The loops of a.wav are heard where they were: 15 dB, which one sample off would miss
   at the end of the rising tone. */
static void expect_sound_in_place(const char *path)
{
	struct remux_result r = remux(path);
	struct decoder *source = strange_open(path), *made = strange_open("remux.mp4");
	int64_t samples = decoder_get_facts(made)->samples;
	double signal = 0, noise = 0;
	int32_t count = 4 * RATE;
	float *a = strange_read(source, 0, count), *b = strange_read(made, 0, count);

	assert_non_null(strstr(r.codec, ",mp4a.40.2"));
	assert_true(llabs(samples - decoder_get_facts(source)->samples) <= 1024);
	for (int32_t i = 0; i < 2 * count; i++) {
		signal += (double)a[i] * a[i];
		noise += (double)(a[i] - b[i]) * (a[i] - b[i]);
	}
	if (noise * 30 > signal)
		fail_msg("%s: %.1f dB", path, 10 * log10(signal / noise));
	free(a);
	free(b);
	decoder_free(source);
	decoder_free(made);
	remux_clear(&r);
}

static void it_makes_aac_of_sound_that_they_refuse(void **state)
{
	(void)state;
	compose("d.mkv", "-c:v libx264", "-c:a dca -strict -2");
	compose("e.mkv", "-c:v libx264", "-c:a eac3");
	compose("v.mkv", "-c:v libx264", "-c:a libvorbis");
	expect_sound_in_place("h.mkv");
	expect_sound_in_place("h.mov");
	expect_sound_in_place("h.avi");
	expect_sound_in_place("d.mkv");
	expect_sound_in_place("e.mkv");
	expect_sound_in_place("v.mkv");
}

static double first_time(const char *path, const char *stream)
{
	double got;
	FILE *f;

	strange_run("ffprobe -v error -select_streams %s -show_entries packet=pts_time -of csv=p=0 "
		    "%s | head -1 > start",
		    stream, path);
	f = fopen("start", "r");
	assert_non_null(f);
	assert_int_equal(fscanf(f, "%lf", &got), 1);
	fclose(f);
	return got;
}

/* Seconds from the first packet of sound to the first one of pictures; Matroska rounds
   them to 1 ms. */
static double lead_of_sound(const char *path)
{
	return first_time(path, "v") - first_time(path, "a");
}

static void expect_same_lead(const char *path)
{
	struct remux_result r = remux(path);
	double was = lead_of_sound(path), is = lead_of_sound("remux.mp4");

	if (fabs(was - is) > 0.0011)
		fail_msg("%s: %f s became %f s", path, was, is);
	remux_clear(&r);
}

static void it_keeps_pictures_and_sound_together(void **state)
{
	(void)state;
	strange_run("ffmpeg -v error -y -i h.mp4 -itsoffset 1 -i h.mp4 -map 0:v -map 1:a -c copy "
		    "late.mkv && ffmpeg -v error -y -itsoffset 1 -i h.mp4 -i h.mp4 -map 0:v -map "
		    "1:a -c copy early.mkv");
	assert_true(lead_of_sound("late.mkv") < -0.9);
	assert_true(lead_of_sound("early.mkv") > 0.9);
	expect_same_lead("h.mp4");
	expect_same_lead("late.mkv");
	expect_same_lead("early.mkv");
	expect_same_lead("1.webm");
}

/* --- the index ------------------------------------------------------------------------ */

static void it_indexes_fragments_that_begin_with_key_frames(void **state)
{
	static const int starts[] = {0, 1, 2, 4};
	struct remux_result r = remux("h.mp4");
	struct seekidx index;
	size_t bytes = strange_bytes("remux.mp4", file, sizeof(file));

	(void)state;
	assert_int_equal(seekidx_parse((const uint8_t *)r.sidecar.data, r.sidecar.len, &index),
			 DRIFT_OK);
	assert_string_equal(index.codec, "avc1");
	assert_int_equal(index.timescale, RATE);
	assert_int_equal(index.bytes, bytes);
	assert_memory_equal(index.setup, file, index.setup_bytes);
	assert_int_equal(index.entry_count, sizeof(starts) / sizeof(starts[0]));
	for (uint32_t i = 0; i < index.entry_count; i++) {
		struct seekidx_entry e = seekidx_get(&index, i);

		assert_int_equal(e.sample, starts[i] * RATE);
		assert_memory_equal(file + e.offset + 4, "moof", 4);
		strange_run("(head -c %u remux.mp4; tail -c +%llu remux.mp4) > part.mp4 && ffprobe "
			    "-v error -select_streams v -show_entries packet=flags -of csv=p=0 "
			    "part.mp4 | head -1 | grep -q K",
			    index.setup_bytes, (unsigned long long)e.offset + 1);
	}
	assert_non_null(strstr(buf_text(&r.master), "RESOLUTION=160x96\nremux.m3u8\n"));
	assert_non_null(strstr(buf_text(&r.master), "CODECS=\"avc1."));
	remux_clear(&r);
}

/* Players that know no edit list move a fragment to where the playlist says: all of them
   alike, from their own times. */
static void expect_own_times(const char *path)
{
	struct remux_result r = remux(path);
	size_t bytes = strange_bytes("remux.mp4", file, sizeof(file));
	struct seekidx index;
	double scale = 0, first = 0;

	assert_int_equal(seekidx_parse((const uint8_t *)r.sidecar.data, r.sidecar.len, &index),
			 DRIFT_OK);
	for (size_t i = 0; i + 24 < bytes; i++) {
		const uint8_t *b = file + i;
		uint32_t v = (uint32_t)b[16] << 24 | (uint32_t)b[17] << 16 | (uint32_t)b[18] << 8 |
			     b[19];

		if (scale == 0 && memcmp(b, "mdhd", 4) == 0)
			scale = v; /* of the pictures: they are the first track */
	}
	for (uint32_t i = 0; i < index.entry_count; i++) {
		struct seekidx_entry e = seekidx_get(&index, i);
		const uint8_t *b = file + e.offset;
		double own = 0;

		while (memcmp(b, "tfdt", 4) != 0)
			b++;
		for (int k = 0; k < 8; k++)
			own = own * 256 + b[8 + k];
		own /= scale;
		first = i ? first : own;
		if (fabs(own - first - (double)e.sample / RATE) > 0.0011)
			fail_msg("%s: fragment %u at %f instead of %f", path, i,
				 (double)e.sample / RATE, own - first);
	}
	remux_clear(&r);
}

/* An empty edit is more than Chromium understands: the first times are later instead. */
static void it_says_by_times_what_begins_later(void **state)
{
	static const char *const files[] = {"late.mkv", "early.mkv", "h.mkv"};

	(void)state;
	for (size_t k = 0; k < sizeof(files) / sizeof(files[0]); k++) {
		struct remux_result r = remux(files[k]);
		size_t bytes = strange_bytes("remux.mp4", file, sizeof(file));
		int edits = 0;

		for (size_t i = 0; i + 12 < bytes; i++)
			if (memcmp(file + i, "elst", 4) == 0) {
				assert_int_equal(file[i + 11], 1);
				edits++;
			}
		assert_in_range(edits, 1, 2);
		remux_clear(&r);
	}
}

static void it_tells_the_fragments_own_times(void **state)
{
	(void)state;
	expect_own_times("h.mp4");
	expect_own_times("h.mkv");
	expect_own_times("h.avi");
	expect_own_times("early.mkv");
	expect_own_times("4.avi");
	expect_own_times("9.webm");
}

/* What the child wrote is read by its parent, which believes nothing of it. */
static void it_reads_no_byte_behind_a_broken_init_segment(void **state)
{
	struct remux_result r = remux("h.mp4");
	size_t bytes = strange_bytes("remux.mp4", file, sizeof(file));
	struct seekidx index;
	struct filmcodec c;

	(void)state;
	assert_int_equal(seekidx_parse((const uint8_t *)r.sidecar.data, r.sidecar.len, &index),
			 DRIFT_OK);
	assert_true(index.setup_bytes < bytes);
	for (uint32_t len = 0; len < index.setup_bytes; len++) {
		uint8_t *part = malloc(len + 1);

		memcpy(part, file, len);
		assert_int_equal(filmcodec_read(part, len, &c), DRIFT_EFORMAT);
		free(part);
	}
	for (uint32_t bit = 0; bit < 8 * index.setup_bytes; bit++) {
		file[bit / 8] = (uint8_t)(file[bit / 8] ^ 1 << bit % 8);
		if (filmcodec_read(file, index.setup_bytes, &c) == DRIFT_OK)
			assert_true(strlen(c.pictures) + strlen(c.sound) < REMUX_CODEC_MAX - 1);
		file[bit / 8] = (uint8_t)(file[bit / 8] ^ 1 << bit % 8);
	}
	assert_int_equal(filmcodec_read(file, index.setup_bytes, &c), DRIFT_OK);
	remux_clear(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_copies_pictures_that_browsers_play),
		cmocka_unit_test(it_makes_h264_of_pictures_that_they_refuse),
		cmocka_unit_test(it_makes_h264_of_motion_jpeg),
		cmocka_unit_test(it_leaves_out_pictures_that_it_does_not_know),
		cmocka_unit_test(it_leaves_out_pictures_of_which_no_film_can_be_made),
		cmocka_unit_test(it_takes_the_first_stream_of_each_kind_and_no_cover),
		cmocka_unit_test(it_copies_sound_that_browsers_play),
		cmocka_unit_test(it_makes_aac_of_sound_that_they_refuse),
		cmocka_unit_test(it_keeps_pictures_and_sound_together),
		cmocka_unit_test(it_indexes_fragments_that_begin_with_key_frames),
		cmocka_unit_test(it_says_by_times_what_begins_later),
		cmocka_unit_test(it_tells_the_fragments_own_times),
		cmocka_unit_test(it_reads_no_byte_behind_a_broken_init_segment),
	};

	(void)strange_program(); /* while the working folder is still the caller's */
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, strange_setup, strange_teardown);
}
