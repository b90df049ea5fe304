/* mp4/remux of a file that still arrives: nothing is read before it is there, and what comes
   out is what the whole file has in it */
#include "strange.h"

#include "format/seekidx.h"
#include "mp4/remux.h"

#include <sys/stat.h>

#define STEP_MAX 50000 /* bytes that come at a time */

/* A file that gets its bytes when somebody waits for them. */
struct arrival {
	int whole, part; /* the file as it is sent, and as far as it is there */
	int64_t bytes, left; /* of it; that may still come */
	int64_t lowest_tail; /* the first byte that was asked for out of order */
	int64_t end; /* of what came in order */
	int told; /* how often it was said that the file has grown */
	int64_t good; /* bytes that were said to be good */
	struct fmp4_extent extent; /* of the whole */
};

static enum drift_err let_come(void *context, int64_t at, int64_t *end)
{
	struct arrival *a = context;
	char piece[STEP_MAX];
	size_t bytes = 1 + (size_t)rand() % STEP_MAX;
	ssize_t got;

	if ((a->left -= (int64_t)bytes) < 0)
		return DRIFT_ECLOSED;
	got = pread(a->whole, piece, bytes, at);
	assert_true(got > 0);
	assert_int_equal(pwrite(a->part, piece, (size_t)got, at), got);
	if (at > a->end && at < a->lowest_tail)
		a->lowest_tail = at;
	else if (at <= a->end && at + got > a->end)
		a->end = at + got;
	*end = at + got;
	return DRIFT_OK;
}

static enum drift_err go_on(void *context, double progress)
{
	(void)context;
	assert_true(progress >= 0 && progress <= 1.0);
	return DRIFT_OK;
}

/* What is said to be there is there: whole boxes end where it ends. */
static enum drift_err look(void *context, enum remux_growth growth,
			   const struct fragments *fragments, const struct fragments_file *file)
{
	struct arrival *a = context;
	struct buf sidecar = {0}, media = {0};
	struct seekidx idx;

	a->told++;
	assert_true(fragments->offset > a->good || growth == REMUX_ENDED);
	a->good = fragments->offset;
	assert_true(fragments_add_growing_sidecar(fragments, file, &sidecar));
	assert_int_equal(seekidx_parse((const uint8_t *)sidecar.data, sidecar.len, &idx), DRIFT_OK);
	assert_true(idx.flags & SEEKIDX_GROWING);
	assert_int_equal(seekidx_get(&idx, idx.entry_count - 1).offset, a->good);
	assert_int_equal(idx.pre_skip, a->extent.delay);
	assert_true(fragments_add_event(fragments, file, FRAGMENTS_GROW, &media));
	assert_non_null(strstr(buf_text(&media), "PLAYLIST-TYPE:EVENT"));
	assert_null(strstr(buf_text(&media), "ENDLIST"));
	buf_clear(&sidecar);
	buf_clear(&media);
	return DRIFT_OK;
}

static enum drift_err tell_extent(void *context, struct fmp4_extent *out)
{
	*out = ((struct arrival *)context)->extent;
	return DRIFT_OK;
}

static struct arrival begin(const char *path)
{
	struct arrival a = {.lowest_tail = INT64_MAX, .left = INT64_MAX};
	struct stat st;

	a.whole = open(path, O_RDONLY | O_CLOEXEC);
	a.part = open("part", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(a.whole >= 0 && a.part >= 0 && fstat(a.whole, &st) == 0);
	a.bytes = st.st_size;
	return a;
}

static enum drift_err run(struct arrival *a, const char *path, struct remux_result *out)
{
	struct decoder *d = strange_open(path);
	const struct decoder_facts *f = decoder_get_facts(d);
	const struct decoder_arriving source = {a->part, a->bytes, let_come, a};
	static char reason[REMUX_REASON_MAX];
	struct remux_order order = {
		.program = strange_program(),
		.limits = strange_limits,
		.arriving = &source,
		.children = 1,
		.rate = f->sample_rate,
		.extent = {.samples = f->samples},
		.file = "remux.mp4",
		.playlist = "remux.m3u8",
		.tick = go_on,
		.grown = look,
		.settled = tell_extent,
		.context = a,
	};
	enum drift_err err;

	a->extent = (struct fmp4_extent){f->delay, f->samples, f->padding};
	if (strcmp(f->codec, "pcm") == 0 || strcmp(f->codec, "alac") == 0 || *f->video)
		a->extent.delay = 0;
	order.fd = open("remux.mp4", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	err = remux_run(&order, out, reason);
	if (err == DRIFT_EMEDIA)
		fail_msg("%s: %s", path, reason);
	close(order.fd);
	close(a->whole);
	close(a->part);
	decoder_free(d);
	return err;
}

static void expect_same_sound(const char *path, const char *how)
{
	struct remux_result r = {0};
	struct arrival a = begin(path);

	assert_int_equal(run(&a, path, &r), DRIFT_OK);
	if (a.told < 6)
		fail_msg("%s: it was told of %d times only", path, a.told);
	if (a.lowest_tail < INT64_MAX && strncmp(path, "late", 4) != 0)
		fail_msg("%s: byte %lld was wanted before its time", path,
			 (long long)a.lowest_tail);
	assert_int_equal(a.good, r.bytes);
	strange_run("ffmpeg -v error -y -i '%s' -i remux.mp4 -map 0:%s -f framehash -hash md5 "
		    "source.hash -map 1:%s -f framehash -hash md5 remux.hash && "
		    "for f in source remux; do grep -v '^#' $f.hash | cut -d, -f6 > $f.sums; "
		    "done; test $(wc -l < remux.sums) -gt 10 && cmp source.sums remux.sums",
		    path, how, how);
	remux_clear(&r);
}

static void compose(void)
{
	strange_wav("short.wav", 44100, 2, 16);
	strange_run("ffmpeg -v error -y -stream_loop 17 -i short.wav -metadata title=x a.wav "
		    "-c:a flac a.flac -c:a flac a.oga -c:a flac a.mka -c:a aac -movflags faststart "
		    "a.m4a -c:a aac late.m4a -c:a libopus o.mka -c:a alac late-alac.m4a "
		    "-c:a pcm_s24le pcm.mka -c:a pcm_s16be a.aiff -c:a wavpack a.wv "
		    "-c:a alac -movflags faststart alac.m4a");
	strange_run(
		"ffmpeg -v error -i a.wav -c:a aac a.aac -c:a libopus a.opus "
		"-id3v2_version 3 -write_id3v1 1 -metadata artist=y -c:a libmp3lame -q:a 2 a.mp3");
}

static void it_copies_packets_as_they_come(void **state)
{
	static const char *const files[] = {"a.flac", "a.oga", "a.mka",	 "a.mp3",   "a.m4a",
					    "a.aac",  "o.mka", "a.opus", "late.m4a"};

	(void)state;
	compose();
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		expect_same_sound(files[i], strcmp(files[i], "a.aac") == 0
						    ? "a:0 -c copy -bsf:a aac_adtstoasc"
						    : "a:0 -c copy");
}

static void it_encodes_samples_as_they_come(void **state)
{
	static const char *const files[] = {"a.wav", "a.aiff",	 "pcm.mka",
					    "a.wv",  "alac.m4a", "late-alac.m4a"};

	(void)state;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		expect_same_sound(files[i], "a:0 -af asetnsamples=4096:p=0 -c:a pcm_s32le");
}

static void it_repackages_films_as_they_come(void **state)
{
	(void)state;
	strange_run("ffmpeg -v error -y -f lavfi -i testsrc2=s=160x96:r=25:d=22 -i a.wav -map 0 "
		    "-map 1 -g 25 -c:v libx264 -preset ultrafast -c:a aac h.mkv && "
		    "ffmpeg -v error -y -i h.mkv -c copy late.mp4 -c:v copy -bsf:v "
		    "h264_mp4toannexb -c:a libmp3lame h.avi -c:v libvpx-vp9 -deadline realtime "
		    "-cpu-used 8 -g 25 -c:a libopus h.webm");
	expect_same_sound("h.mkv", "v:0 -c copy");
	expect_same_sound("h.webm", "v:0 -c copy");
	expect_same_sound("h.avi", "v:0 -f rawvideo");
	expect_same_sound("late.mp4", "v:0 -c copy");
}

static void it_ends_when_nothing_comes_any_more(void **state)
{
	struct remux_result r = {0};
	struct arrival a = begin("a.flac");

	(void)state;
	a.left = a.bytes / 2;
	assert_int_equal(run(&a, "a.flac", &r), DRIFT_ECLOSED);
	assert_true(a.told > 2);
	a = begin("a.flac");
	a.left = 100;
	assert_int_equal(run(&a, "a.flac", &r), DRIFT_ECLOSED);
	assert_int_equal(a.told, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_copies_packets_as_they_come),
		cmocka_unit_test(it_encodes_samples_as_they_come),
		cmocka_unit_test(it_repackages_films_as_they_come),
		cmocka_unit_test(it_ends_when_nothing_comes_any_more),
	};

	srand(4);
	(void)strange_program(); /* while the working folder is still the caller's */
	return cmocka_run_group_tests(tests, strange_setup, strange_teardown);
}
