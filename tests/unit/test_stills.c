/* walled/demux on pictures that are no film: those of an audiobook's chapters, a song's one
   picture, and streams that are neither sound nor pictures */
#include "strange.h"

#include "mp4/remux.h"

static char reason[REMUX_REASON_MAX];

static enum drift_err go_on(void *context, double progress)
{
	(void)context, (void)progress;
	return DRIFT_OK;
}

/* As a job does it. */
static struct remux_result remux(const char *path, struct decoder *d)
{
	const struct decoder_facts *f = decoder_get_facts(d);
	struct remux_result r = {0};
	struct remux_order order = {
		.program = strange_program(),
		.limits = strange_limits,
		.children = 2,
		.file = "remux.mp4",
		.playlist = "remux.m3u8",
		.tick = go_on,
		.rate = f->sample_rate,
		.extent = {f->delay, f->samples, f->padding},
		.source = open(path, O_RDONLY | O_CLOEXEC),
		.fd = open("remux.mp4", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600),
	};

	order.limits.memory_mb *= 8;
	if (remux_run(&order, &r, reason) != DRIFT_OK)
		fail_msg("%s: %s", path, reason);
	close(order.source);
	close(order.fd);
	return r;
}

/* No film: not in its name, and its sound alone is repackaged. */
static struct decoder *expect_sound_alone(const char *path, const char *mime, const char *codec)
{
	struct decoder *d = strange_open(path);
	struct remux_result r = remux(path, d);

	assert_string_equal(decoder_get_facts(d)->video, "");
	if (strcmp(decoder_get_facts(d)->mime, mime) != 0)
		fail_msg("%s is %s", path, decoder_get_facts(d)->mime);
	assert_false(r.is_film);
	assert_string_equal(r.codec, codec);
	remux_clear(&r);
	return d;
}

/* The cover is the very first of them. */
static void expect_cover(struct decoder *d, const char *picture)
{
	static uint8_t want[100000];
	size_t len = strange_bytes(picture, want, sizeof(want));

	assert_int_equal(decoder_get_facts(d)->cover_bytes, len);
	assert_memory_equal(decoder_get_cover(d), want, len);
	decoder_free(d);
}

static void it_takes_a_chapters_pictures_for_a_cover(void **state)
{
	(void)state;
	strange_run(
		"sox -n -r 44100 -c 2 a.wav synth 60 sine 440 && ffmpeg -v error -y -f lavfi "
		"-i testsrc=s=64x64:r=1/10:d=60 -c:v mjpeg -q:v 2 p%%d.jpg -c:v png p%%d.png && "
		"ffmpeg -v error -y -framerate 1/10 -i p%%d.jpg -i a.wav -map 1 -map 0 "
		"-c:v copy -c:a aac -f mp4 book.m4a -c:v copy -c:a libopus book.mkv -c:v copy "
		"-c:a libmp3lame book.mov && ffmpeg -v error -y -framerate 1/10 -i p%%d.png "
		"-i a.wav -map 1 -map 0 -c:v copy -c:a flac -strict -2 book.mp4");
	expect_cover(expect_sound_alone("book.m4a", "audio/mp4", "mp4a.40.2"), "p1.jpg");
	expect_cover(expect_sound_alone("book.mkv", "audio/x-matroska", "Opus"), "p1.jpg");
	expect_cover(expect_sound_alone("book.mov", "video/quicktime", "mp4a.6b"), "p1.jpg");
	expect_cover(expect_sound_alone("book.mp4", "audio/mp4", "fLaC"), "p1.png");
}

/* A handful of pictures is no film in any codec. */
static void it_takes_no_handful_of_pictures_for_a_film(void **state)
{
	(void)state;
	strange_run("ffmpeg -v error -y -i a.wav -framerate 1 -loop 1 -t 3 -i p1.png -map 0 -map 1 "
		    "-c:v libx264 -pix_fmt yuv420p -c:a aac three.mp4");
	decoder_free(expect_sound_alone("three.mp4", "audio/mp4", "mp4a.40.2"));
}

static void it_prefers_a_real_cover(void **state)
{
	(void)state;
	strange_run("ffmpeg -v error -y -i book.m4a -i p3.png -map 0:a -map 0:v -map 1 -c copy "
		    "-disposition:v:1 attached_pic -f mp4 real.m4a");
	expect_cover(expect_sound_alone("real.m4a", "audio/mp4", "mp4a.40.2"), "p3.png");
}

/* Subtitles, fonts, a camera's time code: none is in the way. */
static void it_leaves_out_what_is_neither_seen_nor_heard(void **state)
{
	struct decoder *d;
	struct remux_result r;

	(void)state;
	strange_text("s.srt", "1\n00:00:00,000 --> 00:00:02,000\nHello.\n\n");
	strange_run("ffmpeg -v error -y -f lavfi -i testsrc2=s=160x96:r=25:d=4 -i a.wav -i s.srt "
		    "-t 4 -map 0 -map 1 -map 2 -c:v libx264 -pix_fmt yuv420p -c:a aac -c:s srt "
		    "-attach s.srt -metadata:s:t mimetype=font/ttf all.mkv -map 0 -map 1 -map 2 "
		    "-c:v libx264 -pix_fmt yuv420p -c:a aac -c:s mov_text "
		    "-metadata timecode=10:00:00:00 all.mov");
	for (int i = 0; i < 2; i++) {
		const char *path = i ? "all.mov" : "all.mkv";

		d = strange_open(path);
		r = remux(path, d);
		assert_string_equal(decoder_get_facts(d)->video, "h264");
		assert_true(r.is_film);
		remux_clear(&r);
		decoder_free(d);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_takes_a_chapters_pictures_for_a_cover),
		cmocka_unit_test(it_takes_no_handful_of_pictures_for_a_film),
		cmocka_unit_test(it_prefers_a_real_cover),
		cmocka_unit_test(it_leaves_out_what_is_neither_seen_nor_heard),
	};

	(void)strange_program(); /* while the working folder is still the caller's */
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, strange_setup, strange_teardown);
}
