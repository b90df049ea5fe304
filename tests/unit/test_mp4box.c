/* format/mp4box: boxes found by their type, and nothing read beyond what is there */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "format/mp4box.h"

#include <stdlib.h>
#include <string.h>

/* "free", "trak" with "abcd" in it, "trak" that is empty: written byte by byte */
static const uint8_t file[] = {0,   0, 0,  9,	'f', 'r', 'e', 'e', 1,	 0,
			       0,   0, 12, 't', 'r', 'a', 'k', 'a', 'b', 'c',
			       'd', 0, 0,  0,	8,   't', 'r', 'a', 'k'};

static void finds_the_first_of_its_type(void **state)
{
	struct mp4box out;

	(void)state;
	assert_true(mp4box_find((struct mp4box){file, sizeof(file)}, "trak", &out));
	assert_int_equal(out.len, 4);
	assert_memory_equal(out.data, "abcd", 4);
	assert_false(mp4box_find((struct mp4box){file, sizeof(file)}, "moov", &out));
}

static void goes_from_one_to_the_next(void **state)
{
	struct mp4box in = {file, sizeof(file)}, out;
	size_t at = 0;

	(void)state;
	assert_true(mp4box_next(in, "trak", &at, &out));
	assert_int_equal(at, 21);
	assert_true(mp4box_next(in, "trak", &at, &out));
	assert_int_equal(out.len, 0);
	assert_int_equal(at, sizeof(file));
	assert_false(mp4box_next(in, "trak", &at, &out));
}

/* in memory of that very size, so that a byte beyond it would be noticed by tools that look */
static void believes_no_short_file(void **state)
{
	struct mp4box out;

	(void)state;
	for (size_t len = 0; len < 21; len++) {
		uint8_t *cut = malloc(len + 1);

		assert_non_null(cut);
		memcpy(cut, file, len);
		assert_false(mp4box_find((struct mp4box){cut, len}, "trak", &out));
		free(cut);
	}
}

static void believes_no_wrong_size(void **state)
{
	static const uint32_t wrong[] = {0, 1, 7, 18, UINT32_MAX};
	uint8_t bad[17] = {0, 0, 0, 0, 'f', 'r', 'e', 'e', 1, 0, 0, 0, 8, 't', 'r', 'a', 'k'};
	struct mp4box out;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		for (int b = 0; b < 4; b++)
			bad[b] = (uint8_t)(wrong[i] >> (24 - 8 * b));
		assert_int_equal(mp4box_u32(bad), wrong[i]);
		assert_false(mp4box_find((struct mp4box){bad, sizeof(bad)}, "trak", &out));
	}
	bad[0] = bad[1] = bad[2] = 0;
	bad[3] = 9;
	assert_true(mp4box_find((struct mp4box){bad, sizeof(bad)}, "trak", &out));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_the_first_of_its_type),
		cmocka_unit_test(goes_from_one_to_the_next),
		cmocka_unit_test(believes_no_short_file),
		cmocka_unit_test(believes_no_wrong_size),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
