/* walled/chain through drift-decode: Ogg files of several streams, one after the other, as
   other people's programs give them when they are put together */
#include "strange.h"

#define LINKS 3

static const double seconds[LINKS] = {2.3, 0.4, 1.717};

/* Link i of a kind: %d.opus, %d.ogg; noise of its own. */
static void make_links(const char *kind)
{
	for (int i = 0; i < LINKS; i++) {
		strange_run("sox -n -r 44100 -b 16 -c 2 -R l.wav synth %g pinknoise tremolo %d 90 "
			    "vol 0.5",
			    seconds[i], 3 + i);
		if (strcmp(kind, "opus") == 0)
			strange_run("opusenc --quiet --bitrate 96 l.wav %d.opus", i);
		else
			strange_run("oggenc -Q -q 5 -s %d l.wav -o %d.ogg", 77 + i, i);
	}
	strange_run("cat 0.%s 1.%s 2.%s > chain.%s", kind, kind, kind, kind);
}

#define ALL (-1) /* end: where it ends */

/* [first, end) of link i alone; the length of all of it to *samples. */
static float *read_link(int i, const char *kind, int64_t first, int64_t end, int64_t *samples)
{
	char path[32];
	struct decoder *d;
	float *pcm;

	snprintf(path, sizeof(path), "%d.%s", i, kind);
	d = strange_open(path);
	*samples = decoder_get_facts(d)->samples;
	if (end == ALL)
		end = *samples;
	pcm = strange_read(d, first, (int32_t)(end - first));
	decoder_free(d);
	return pcm;
}

/* [first, end) of link i is at that place of the chain, to the last bit. */
static void expect_link_at(struct decoder *chain, int64_t at, int i, const char *kind,
			   int64_t first, int64_t end, int64_t *samples)
{
	float *alone = read_link(i, kind, first, end, samples), *part;
	int64_t count = (end == ALL ? *samples : end) - first;

	part = strange_read(chain, at + first, (int32_t)count);
	assert_memory_equal(part, alone, (size_t)count * 2 * sizeof(float));
	free(alone);
	free(part);
}

/* The end of link 0, all of link 1 and the beginning of link 2 in one read. */
static void expect_read_across(struct decoder *chain, const char *kind, const int64_t at[LINKS])
{
	int64_t samples, before = at[1] - 1000, count = at[2] + 500 - before;
	float *across = strange_read(chain, before, (int32_t)count);
	float *end = read_link(0, kind, before, ALL, &samples);
	float *middle = read_link(1, kind, 0, ALL, &samples);
	float *begin = read_link(2, kind, 0, 500, &samples);

	assert_memory_equal(across, end, (size_t)1000 * 2 * sizeof(float));
	assert_memory_equal(across + (size_t)1000 * 2, middle,
			    (size_t)(at[2] - at[1]) * 2 * sizeof(float));
	assert_memory_equal(across + (at[2] - before) * 2, begin, (size_t)500 * 2 * sizeof(float));
	free(across);
	free(end);
	free(middle);
	free(begin);
}

static void check_chain(const char *kind)
{
	int64_t at[LINKS], all = 0, samples;
	struct decoder *d;
	char path[32];

	make_links(kind);
	snprintf(path, sizeof(path), "chain.%s", kind);
	d = strange_open(path);
	for (int i = 0; i < LINKS; i++) {
		at[i] = all;
		expect_link_at(d, at[i], i, kind, 0, ALL, &samples);
		all += samples;
	}
	assert_int_equal(decoder_get_facts(d)->samples, all);
	assert_string_equal(decoder_get_facts(d)->container, "ogg-chain");
	expect_link_at(d, at[2], 2, kind, 20001, 30002, &samples);
	expect_link_at(d, at[0], 0, kind, 50000, 60000, &samples);
	expect_read_across(d, kind, at);
	assert_int_equal(decoder_get_damaged(d), 0);
	decoder_free(d);
}

static void it_plays_opus_streams_one_after_the_other(void **state)
{
	(void)state;
	check_chain("opus");
}

static void it_plays_vorbis_streams_one_after_the_other(void **state)
{
	(void)state;
	check_chain("ogg");
}

/* The offset of the last page, which says that it is. */
static long last_page(const char *path)
{
	static char data[1 << 20];
	FILE *f = fopen(path, "rb");
	long last = 0, bytes;

	assert_non_null(f);
	bytes = (long)fread(data, 1, sizeof(data), f);
	fclose(f);
	for (long i = 0; i + 4 <= bytes; i++)
		if (memcmp(data + i, "OggS", 4) == 0)
			last = i;
	return last;
}

static void it_sees_the_next_stream_where_one_does_not_say_that_it_ends(void **state)
{
	struct decoder *d;
	int64_t first, second;

	(void)state;
	make_links("opus");
	assert_int_equal(truncate("0.opus", last_page("0.opus")), 0);
	strange_run("cat 0.opus 2.opus > chain.opus");
	free(read_link(0, "opus", 0, ALL, &first));
	d = strange_open("chain.opus");
	expect_link_at(d, first, 2, "opus", 0, ALL, &second);
	assert_int_equal(decoder_get_facts(d)->samples, first + second);
	decoder_free(d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_plays_opus_streams_one_after_the_other),
		cmocka_unit_test(it_plays_vorbis_streams_one_after_the_other),
		cmocka_unit_test(it_sees_the_next_stream_where_one_does_not_say_that_it_ends),
	};

	(void)strange_program(); /* while the working folder is still the caller's */
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, strange_setup, strange_teardown);
}
