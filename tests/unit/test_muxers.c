/* the walls against what other people's muxers write beside the sound: each file is taken, has its
   length and its sound in their place, and can be repackaged for a player */
#include "strange.h"

#include <inttypes.h>

#define RATE 44100
#define FROM 10000 /* samples that are compared */
#define COUNT 20000
#define MS 48 /* samples: edit lists and Matroska count in milliseconds */

struct made {
	const char *path;
	int32_t beyond; /* samples that may be there after the signal, where no end is told */
	int32_t before; /* samples before the signal: encoder delay that the file does not tell */
	const char *command; /* makes path of a.wav, a.m4a, v.mp4 and what stands before it */
};

static const struct made dated[] = {
	{"d.m4a", MS, 0, "$F a.m4a -c copy -metadata creation_time=2024-05-01T10:00:00Z d.m4a"},
	{"d.mov", MS, 0, "$F a.m4a -c copy -metadata creation_time=2024-05-01T10:00:00Z d.mov"},
	{"d.mkv", 2048, 1024,
	 "$F a.m4a -c copy -metadata creation_time=2024-05-01T10:00:00Z d.mkv"},
	{"d.webm", 960, 0,
	 "$F a.wav -c:a libopus -metadata creation_time=1999-12-31T23:59:59Z d.webm"},
	{"d.mp4", MS, 0, "$F v.mp4 -c copy -metadata creation_time=2038-05-01T10:00:00Z d.mp4"},
};

static void make(const struct made *m)
{
	strange_run("F='ffmpeg -v error -y -nostdin -i'; %s", m->command);
}

/* How well pcm is the signal at its place, in the first channel: 1 is perfect. */
static double likeness(const float *pcm, int32_t first, int rate, int sides)
{
	double both = 0, mine = 1e-9, theirs = 1e-9;

	for (int32_t i = 0; i < COUNT; i++) {
		double want = strange_signal((double)(first + i) / rate, 0);
		double got = pcm[i * sides];

		both += want * got;
		mine += want * want;
		theirs += got * got;
	}
	return both / sqrt(mine * theirs);
}

static void expect_sound(const struct made *m)
{
	struct decoder *d = strange_open(m->path);
	const struct decoder_facts *f = decoder_get_facts(d);
	int64_t beyond = f->samples - strange_samples(f->sample_rate);
	float *pcm = strange_read(d, FROM, COUNT);
	double like = likeness(pcm, FROM - m->before, f->sample_rate, decoder_pcm_channels(d));

	if (beyond < -MS || beyond > m->beyond)
		fail_msg("%s: %" PRId64 " samples beyond the signal", m->path, beyond);
	if (like < 0.9)
		fail_msg("%s: another sound is in this place (%.3f)", m->path, like);
	assert_int_equal(decoder_get_damaged(d), 0);
	free(pcm);
	decoder_free(d);
}

static enum drift_err ask(struct decoder *d, const struct packing *p, int64_t from)
{
	int64_t samples = decoder_get_facts(d)->samples, most = decoder_encode_max(p);

	if (p->way == PACKING_FILM)
		return decoder_ask_film(d, 0);
	if (p->way == PACKING_COPY)
		return decoder_ask_copy(d, 0, from, INT64_MAX);
	return decoder_ask_encode(d, 0, from,
				  (int32_t)(samples - from < most ? samples - from : most));
}

/* All packets of a player's MP4, to the end. */
static void expect_packets(const struct made *m)
{
	struct decoder *d = NULL;
	int fd = open(m->path, O_RDONLY | O_CLOEXEC);
	const struct packing *p;
	struct decoder_packets got = {0};
	int64_t from = 0;

	if (decoder_new_repackaging(strange_program(), &strange_limits, fd, 1, &d, strange_reason,
				    sizeof(strange_reason)) != DRIFT_OK)
		fail_msg("%s: %s", m->path, strange_reason);
	close(fd);
	p = decoder_get_packing(d);
	while (!got.ended && (p->way != PACKING_FLAC || from < decoder_get_facts(d)->samples)) {
		assert_int_equal(ask(d, p, from), DRIFT_OK);
		if (decoder_wait_packets(d, 0, &got) != DRIFT_OK)
			fail_msg("%s: %s", m->path, decoder_get_reason(d));
		for (uint32_t i = 0; i < got.count; i++)
			from += got.entry[i].samples;
	}
	if (p->way != PACKING_FILM && from < strange_samples(RATE) - 2048)
		fail_msg("%s: its packets hold %" PRId64 " samples", m->path, from);
	decoder_free(d);
}

static void expect_all(const struct made *m, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		make(&m[i]);
		expect_sound(&m[i]);
		expect_packets(&m[i]);
	}
}

#define EXPECT_ALL(table) expect_all(table, sizeof(table) / sizeof((table)[0]))

static void it_takes_files_that_are_dated(void **state)
{
	(void)state;
	EXPECT_ALL(dated);
}

static int setup(void **state)
{
	if (strange_setup(state) != 0)
		return -1;
	strange_wav("a.wav", RATE, 2, 16);
	strange_run("ffmpeg -v error -y -i a.wav -c:a aac -b:a 192k a.m4a");
	strange_run("ffmpeg -v error -y -f lavfi -i testsrc=s=64x64:r=25:d=1.24 -i a.m4a "
		    "-c:v libx264 -preset ultrafast -pix_fmt yuv420p -c:a copy v.mp4");
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_takes_files_that_are_dated),
	};

	(void)strange_program(); /* while the working folder is still the caller's */
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, setup, strange_teardown);
}
