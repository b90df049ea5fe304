/* serve/seek: where to begin, from a sidecar in a file */
#include "serve/seek.h"

#include "base/buf.h"
#include "format/seekidx.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define SETUP 141
#define PAGE 20127
#define SAMPLES 2400100 /* 50 s and a little */
#define ENTRIES 101

static char path[] = "/tmp/drift-seek-XXXXXX";

static void write_file(const void *data, size_t len)
{
	FILE *f = fopen(path, "wb");

	assert_non_null(f);
	assert_int_equal(fwrite(data, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
}

static void write_sidecar(uint64_t samples)
{
	static const uint8_t setup[SETUP] = "OggS";
	struct buf entries = {0}, file = {0};
	struct seekidx idx = {.codec = "Opus",
			      .flags = SEEKIDX_EXACT,
			      .timescale = 48000,
			      .pre_skip = 312,
			      .samples = samples,
			      .bytes = SETUP + ENTRIES * PAGE,
			      .setup = setup,
			      .setup_bytes = SETUP,
			      .entry_count = ENTRIES};

	for (uint64_t i = 0; i < ENTRIES; i++)
		seekidx_add(&entries, (struct seekidx_entry){24000 * i, SETUP + PAGE * i});
	idx.entries = (const uint8_t *)entries.data;
	seekidx_write(&idx, &file);
	assert_true(buf_ok(&file));
	write_file(file.data, file.len);
	buf_clear(&entries);
	buf_clear(&file);
}

static int make_file(void **state)
{
	int fd = mkstemp(path);

	(void)state;
	return fd < 0 ? -1 : close(fd);
}

static int remove_file(void **state)
{
	(void)state;
	return unlink(path);
}

static struct seek_point find(double seconds)
{
	struct seek_point p;

	assert_int_equal(seek_find(path, seconds, &p), DRIFT_OK);
	return p;
}

static void it_finds_the_page_of_every_moment(void **state)
{
	(void)state;
	write_sidecar(SAMPLES);
	for (uint64_t sample = 0; sample < SAMPLES; sample += 997) {
		struct seek_point p = find((double)sample / 48000);

		assert_int_equal(p.target, sample);
		assert_int_equal(p.sample, sample / 24000 * 24000);
		assert_int_equal(p.offset, SETUP + PAGE * (sample / 24000));
		assert_int_equal(p.setup_bytes, SETUP);
		assert_int_equal(p.timescale, 48000);
		assert_int_equal(p.samples, SAMPLES);
		assert_int_equal(p.bytes, SETUP + ENTRIES * PAGE);
	}
}

static void it_takes_the_nearest_sample(void **state)
{
	(void)state;
	write_sidecar(SAMPLES);
	assert_int_equal(find(0.49999999).target, 24000);
	assert_int_equal(find(0.49999999).sample, 24000);
	assert_int_equal(find(0.49998).target, 23999);
	assert_int_equal(find(0.49998).sample, 0);
}

static void it_stays_at_the_last_sample_behind_the_end(void **state)
{
	(void)state;
	write_sidecar(SAMPLES);
	assert_int_equal(find(SAMPLES / 48000.0).target, SAMPLES - 1);
	assert_int_equal(find(1e300).target, SAMPLES - 1);
	assert_int_equal(find(INFINITY).target, SAMPLES - 1);
	assert_int_equal(find(1e300).sample, 24000 * (ENTRIES - 1));
}

static void it_finds_the_last_entry_where_the_length_is_not_known(void **state)
{
	(void)state;
	write_sidecar(0);
	assert_int_equal(find(1e300).sample, 24000 * (ENTRIES - 1));
	assert_int_equal(find(7.6).sample, 360000);
}

/* AAC in MP4: the delay is in the timeline, and a decoder needs what is before. */
static void it_adds_the_delay_and_the_preroll_of_mp4(void **state)
{
	static const uint8_t setup[8] = "\0\0\0\x08ftyp";
	struct buf entries = {0}, file = {0};
	struct seekidx idx = {.codec = "mp4a",
			      .timescale = 44100,
			      .pre_skip = 1024,
			      .samples = 4410000,
			      .bytes = 100000,
			      .setup = setup,
			      .setup_bytes = sizeof(setup),
			      .entry_count = 10};
	struct seek_point p;

	(void)state;
	for (uint64_t i = 0; i < idx.entry_count; i++)
		seekidx_add(&entries, (struct seekidx_entry){441000 * i, 8 + 9000 * i});
	idx.entries = (const uint8_t *)entries.data;
	seekidx_write(&idx, &file);
	write_file(file.data, file.len);
	buf_clear(&entries);
	buf_clear(&file);
	p = find((441000 - 1024) / 44100.0); /* the first sample of the second fragment */
	assert_int_equal(p.sample, 441000);
	assert_int_equal(p.offset, 9008);
	assert_int_equal(p.preroll, 9000);
	assert_int_equal(p.trim, 441000);
	p = find(15);
	assert_int_equal(p.offset, 9008);
	assert_int_equal(p.preroll, 0);
	assert_int_equal(p.trim, 15 * 44100 + 1024 - 441000);
	assert_int_equal(find(0).trim, 1024);
}

static void it_refuses_a_file_that_is_no_sidecar(void **state)
{
	struct seek_point p = {.target = 5};

	(void)state;
	write_file("OggS", 4);
	assert_int_equal(seek_find(path, 1, &p), DRIFT_EIO);
	write_file("", 0);
	assert_int_equal(seek_find(path, 1, &p), DRIFT_EIO);
	assert_int_equal(seek_find("/tmp/drift-seek-nonexistent", 1, &p), DRIFT_EIO);
	assert_int_equal(p.target, 5);
}

static void it_reads_seconds(void **state)
{
	static const struct {
		const char *text;
		double seconds;
	} good[] = {{"0", 0},	 {"90", 90}, {"90.5", 90.5},
		    {".5", 0.5}, {"7.", 7},  {"007.250", 7.25}};
	double got;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_int_equal(seek_parse_seconds(good[i].text, &got), DRIFT_OK);
		assert_true(got == good[i].seconds);
	}
}

static void it_reads_nothing_else_as_seconds(void **state)
{
	static const char *const bad[] = {"",	 ".",	"-1",	"+1",	 " 1",	"1 ", "nan",  "NaN",
					  "inf", "1e9", "0x10", "1.2.3", "1,5", "1s", "1:30", "-0"};
	double got = 5;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (seek_parse_seconds(bad[i], &got) != DRIFT_EINVAL)
			fail_msg("\"%s\" is taken", bad[i]);
	assert_int_equal(seek_parse_seconds(NULL, &got), DRIFT_EINVAL);
	assert_true(got == 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_finds_the_page_of_every_moment),
		cmocka_unit_test(it_takes_the_nearest_sample),
		cmocka_unit_test(it_stays_at_the_last_sample_behind_the_end),
		cmocka_unit_test(it_finds_the_last_entry_where_the_length_is_not_known),
		cmocka_unit_test(it_adds_the_delay_and_the_preroll_of_mp4),
		cmocka_unit_test(it_refuses_a_file_that_is_no_sidecar),
		cmocka_unit_test(it_reads_seconds),
		cmocka_unit_test(it_reads_nothing_else_as_seconds),
	};

	return cmocka_run_group_tests_name("seek", tests, make_file, remove_file);
}
