#include "base/filehash.h"

#include "base/io.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define BYTES 200000

static int file_of_zeroes(void)
{
	static const char zeroes[BYTES];
	char path[] = "/tmp/drift-filehash-XXXXXX";
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	unlink(path);
	assert_int_equal(io_write_all(fd, zeroes, BYTES), DRIFT_OK);
	return fd;
}

static void it_is_the_same_however_it_goes_on(void **state)
{
	/* head -c 200000 /dev/zero | sha256sum */
	static const char want[] =
		"4cbbd9be0cba685835755f827758705db5a413c5494c34262cd25946a73e7582";
	static const double ways[][5] = {
		{1, 1, 1, 1, 1}, {0, 0.5, 0.2, 0.9, 1}, {1e-9, 0.3, 0.30001, 0.99999, 2}};
	int fd = file_of_zeroes();

	(void)state;
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		char text[FILEHASH_TEXT_MAX];
		struct filehash h;

		assert_int_equal(filehash_init(&h, fd, BYTES), DRIFT_OK);
		for (int k = 0; k < 5; k++)
			assert_int_equal(filehash_advance(&h, ways[i][k]), DRIFT_OK);
		filehash_finish(&h, text);
		assert_string_equal(text, want);
		filehash_clear(&h);
	}
	close(fd);
}

static void it_says_when_the_file_is_shorter(void **state)
{
	int fd = file_of_zeroes();
	struct filehash h;

	(void)state;
	assert_int_equal(filehash_init(&h, fd, BYTES + 1), DRIFT_OK);
	assert_int_equal(filehash_advance(&h, 0.9), DRIFT_OK);
	assert_int_equal(filehash_advance(&h, 1), DRIFT_EMORE);
	filehash_clear(&h);
	filehash_clear(&h);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_the_same_however_it_goes_on),
		cmocka_unit_test(it_says_when_the_file_is_shorter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
