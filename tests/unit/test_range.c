/* http/range: which bytes a Range header asks for */
#include "http/range.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define BYTES 1000

static void expect(const char *text, int64_t bytes, const struct ranges *want)
{
	struct ranges got = {.count = -1};
	enum range_answer answer = range_parse(text, bytes, &got);

	if (answer != RANGE_PARTS || got.count != want->count)
		fail_msg("%s: answer %d, %d parts", text, (int)answer, got.count);
	for (int i = 0; i < want->count; i++)
		if (got.part[i].first != want->part[i].first ||
		    got.part[i].last != want->part[i].last)
			fail_msg("%s: part %d is %lld-%lld", text, i, (long long)got.part[i].first,
				 (long long)got.part[i].last);
}

static void expect_one(const char *text, int64_t first, int64_t last)
{
	const struct ranges want = {{{first, last}}, 1};

	expect(text, BYTES, &want);
}

static void it_reads_one_part(void **state)
{
	(void)state;
	expect_one("bytes=0-0", 0, 0);
	expect_one("bytes=5-9", 5, 9);
	expect_one("BYTES=5-9", 5, 9);
	expect_one("bytes= 5-9 ", 5, 9);
	expect_one("bytes=,,5-9,", 5, 9);
	expect_one("bytes=990-", 990, 999);
	expect_one("bytes=-1", 999, 999);
	expect_one("bytes=-1000", 0, 999);
	expect_one("bytes=-5000", 0, 999);
	expect_one("bytes=0-99999999999999999999999999", 0, 999);
	expect_one("bytes=-99999999999999999999999999", 0, 999);
	expect_one("bytes=0-9223372036854775807", 0, 999);
	expect_one("bytes=00000000000000000000000005-9", 5, 9);
}

static void it_reads_parts_beyond_four_gigabytes(void **state)
{
	const struct ranges want = {{{5000000000, 5000000009}}, 1};

	(void)state;
	expect("bytes=5000000000-5000000009", INT64_C(6000000000), &want);
}

/* Of a file that grows the end may be any: what lies up to it is compared with other parts. */
static void it_counts_up_to_the_last_byte_that_a_file_can_have(void **state)
{
	const int64_t last = RANGE_BYTES_UNKNOWN - 1;
	const struct ranges whole = {{{0, last}}, 1}, end = {{{0, 1}, {last - 4, last}}, 2};
	struct ranges set;

	(void)state;
	expect("bytes=0-1,5-", RANGE_BYTES_UNKNOWN, &whole);
	expect("bytes=5-,0-1", RANGE_BYTES_UNKNOWN, &whole);
	expect("bytes=5-9223372036854775807,0-,7-", RANGE_BYTES_UNKNOWN, &whole);
	expect("bytes=-5,0-1", RANGE_BYTES_UNKNOWN, &end);
	assert_int_equal(range_parse("bytes=999999999999999999-", RANGE_BYTES_UNKNOWN, &set),
			 RANGE_UNSATISFIABLE);
	assert_int_equal(range_parse("bytes=-0", RANGE_BYTES_UNKNOWN, &set), RANGE_UNSATISFIABLE);
}

static void it_sorts_parts_and_joins_what_nearly_touches(void **state)
{
	const struct ranges apart = {{{0, 9}, {500, 599}, {999, 999}}, 3};
	const struct ranges joined = {{{0, 90}, {300, 320}}, 2};

	(void)state;
	expect("bytes=-1,500-599,0-9", BYTES, &apart);
	expect("bytes=300-310,80-90,0-9,305-320", BYTES, &joined);
	expect_one("bytes=100-199,300-399,150-350", 100, 399);
	expect_one("bytes=0-,0-,0-", 0, 999);
}

static void it_leaves_a_gap_that_is_worth_it(void **state)
{
	const struct ranges want = {{{0, 0}, {RANGE_GAP_BYTES + 1, RANGE_GAP_BYTES + 1}}, 2};
	char text[64];

	(void)state;
	snprintf(text, sizeof(text), "bytes=0-0,%d-%d", RANGE_GAP_BYTES + 1, RANGE_GAP_BYTES + 1);
	expect(text, BYTES, &want);
	snprintf(text, sizeof(text), "bytes=0-0,%d-%d", RANGE_GAP_BYTES, RANGE_GAP_BYTES);
	expect_one(text, 0, RANGE_GAP_BYTES);
}

static void it_drops_parts_behind_the_end(void **state)
{
	(void)state;
	expect_one("bytes=5-9,1000-,2000-3000,-0", 5, 9);
}

static void it_refuses_what_is_all_behind_the_end(void **state)
{
	static const char *const texts[] = {"bytes=1000-", "bytes=1000-2000", "bytes=-0",
					    "bytes=1000-,5000-", "bytes=99999999999999999999999-"};
	struct ranges set;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_int_equal(range_parse(texts[i], BYTES, &set), RANGE_UNSATISFIABLE);
	assert_int_equal(range_parse("bytes=0-", 0, &set), RANGE_UNSATISFIABLE);
	assert_int_equal(range_parse("bytes=-5", 0, &set), RANGE_UNSATISFIABLE);
}

static void it_ignores_what_is_not_well_formed(void **state)
{
	static const char *const texts[] = {
		"",	      "bytes",	      "bytes=",	       "bytes=,",
		"bytes=-",    "bytes=a-b",    "bytes=9-5",     "bytes=5",
		"bytes=5-9x", "bytes=--5",    "bytes=5--9",    "bytes=0-1;2-3",
		"items=0-1",  " bytes=0-1",   "bytes=0-1 2-3", "bytes=0x1-2",
		"bytes=+1-2", "bytes=0-1,9-5"};
	struct ranges set = {.count = 77};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (range_parse(texts[i], BYTES, &set) != RANGE_WHOLE)
			fail_msg("\"%s\" is taken", texts[i]);
	assert_int_equal(range_parse(NULL, BYTES, &set), RANGE_WHOLE);
	assert_int_equal(set.count, 77);
}

/* "bytes=0-0,1000-1000,2000-2000,..." */
static char *write_parts(int count, int step)
{
	char *text = malloc((size_t)count * 24 + 8);
	size_t len = (size_t)sprintf(text, "bytes=");

	for (int i = 0; i < count; i++)
		len += (size_t)sprintf(text + len, "%s%d-%d", i ? "," : "", i * step, i * step);
	return text;
}

static void it_gives_the_whole_file_for_too_many_parts(void **state)
{
	char *many = write_parts(1000, 1000), *most = write_parts(RANGE_PARTS_MAX, 1000);
	char *more = write_parts(RANGE_PARTS_MAX + 1, 1000);
	struct ranges set;

	(void)state;
	assert_int_equal(range_parse(many, 10000000, &set), RANGE_WHOLE);
	assert_int_equal(range_parse(more, 10000000, &set), RANGE_WHOLE);
	assert_int_equal(range_parse("bytes=0-,0-,0-,0-,0-,0-,0-,0-,0-,0-,0-", BYTES, &set),
			 RANGE_WHOLE);
	assert_int_equal(range_parse(most, 10000000, &set), RANGE_PARTS);
	assert_int_equal(set.count, RANGE_PARTS_MAX);
	free(many);
	free(more);
	free(most);
}

/* Against a map of bytes, with a generator that is the same every time. */
static void it_never_sends_a_byte_twice_nor_leaves_one_out(void **state)
{
	uint32_t seed = 1;

	(void)state;
	for (int round = 0; round < 2000; round++) {
		char text[512] = "bytes=", wanted[BYTES] = {0};
		struct ranges set;
		int64_t before = -1;

		for (int i = 0; i < 8; i++) {
			int first = (int)((seed = seed * 1664525 + 1013904223) >> 8) % BYTES;
			int last = first + (int)((seed = seed * 1664525 + 1013904223) >> 8) % 60;

			sprintf(text + strlen(text), "%s%d-%d", i ? ", " : "", first, last);
			for (int at = first; at <= last && at < BYTES; at++)
				wanted[at] = 1;
		}
		assert_int_equal(range_parse(text, BYTES, &set), RANGE_PARTS);
		for (int i = 0; i < set.count; i++) {
			assert_true(set.part[i].first > before + RANGE_GAP_BYTES || i == 0);
			assert_true(set.part[i].last >= set.part[i].first);
			before = set.part[i].last;
			memset(wanted + set.part[i].first, 0, (size_t)range_bytes(&set.part[i]));
		}
		assert_true(before < BYTES);
		assert_null(memchr(wanted, 1, BYTES));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_reads_one_part),
		cmocka_unit_test(it_reads_parts_beyond_four_gigabytes),
		cmocka_unit_test(it_counts_up_to_the_last_byte_that_a_file_can_have),
		cmocka_unit_test(it_sorts_parts_and_joins_what_nearly_touches),
		cmocka_unit_test(it_leaves_a_gap_that_is_worth_it),
		cmocka_unit_test(it_drops_parts_behind_the_end),
		cmocka_unit_test(it_refuses_what_is_all_behind_the_end),
		cmocka_unit_test(it_ignores_what_is_not_well_formed),
		cmocka_unit_test(it_gives_the_whole_file_for_too_many_parts),
		cmocka_unit_test(it_never_sends_a_byte_twice_nor_leaves_one_out),
	};

	return cmocka_run_group_tests_name("range", tests, NULL, NULL);
}
