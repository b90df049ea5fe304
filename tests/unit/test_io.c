#include "base/io.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#define BYTES 200003

static uint8_t content(int64_t at)
{
	return (uint8_t)(at * 7 ^ at >> 8);
}

static void fill(int fd)
{
	uint8_t *data = malloc(BYTES);

	assert_non_null(data);
	for (int i = 0; i < BYTES; i++)
		data[i] = content(i);
	assert_int_equal(io_pwrite_all(fd, data, BYTES, 0), DRIFT_OK);
	free(data);
}

static int temporary(void)
{
	FILE *file = tmpfile();
	int fd;

	assert_non_null(file);
	fd = dup(fileno(file));
	assert_true(fd >= 0);
	fclose(file);
	return fd;
}

/* A file that the system does not copy from into one on a disk. */
static int in_memory(void)
{
	int fd = memfd_create("test", 0);

	assert_true(fd >= 0);
	return fd;
}

static void it_adds_a_file_up_to_a_size(void **state)
{
	struct buf out = {0};
	int fd = temporary();

	(void)state;
	buf_add_text(&out, "x");
	assert_int_equal(io_add_file(fd, 0, &out), DRIFT_OK);
	assert_int_equal(out.len, 1);
	fill(fd);
	assert_int_equal(io_add_file(fd, BYTES - 1, &out), DRIFT_ELARGE);
	assert_int_equal(out.len, 1);
	assert_int_equal(io_add_file(fd, BYTES, &out), DRIFT_OK);
	assert_int_equal(out.len, 1 + BYTES);
	for (int i = 0; i < BYTES; i++)
		assert_int_equal((uint8_t)out.data[1 + i], content(i));
	buf_clear(&out);
	close(fd);
	assert_int_equal(io_add_file(fd, BYTES, &out), DRIFT_EIO);
}

static void check_copy(int from)
{
	const int64_t at = 1001, to_at = 37, bytes = BYTES - 2002;
	uint8_t *data = malloc(BYTES);
	int to = temporary();

	fill(from);
	assert_int_equal(io_copy(from, at, to, to_at, bytes), DRIFT_OK);
	assert_int_equal(lseek(to, 0, SEEK_END), to_at + bytes);
	assert_non_null(data);
	assert_int_equal(io_pread_all(to, data, (size_t)bytes, to_at), DRIFT_OK);
	for (int64_t i = 0; i < bytes; i++)
		assert_int_equal(data[i], content(at + i));
	errno = ENOENT;
	assert_int_equal(io_copy(from, BYTES - 5, to, 0, 6), DRIFT_EIO);
	assert_int_equal(errno, 0);
	free(data);
	close(to);
	close(from);
}

static void it_copies_a_part_of_a_file(void **state)
{
	(void)state;
	check_copy(temporary());
}

static void it_copies_to_another_file_system(void **state)
{
	(void)state;
	check_copy(in_memory());
}

static void it_says_what_failed(void **state)
{
	int from = temporary();

	(void)state;
	fill(from);
	assert_int_equal(io_copy(from, 0, -1, 0, 10), DRIFT_EIO);
	assert_int_equal(errno, EBADF);
	close(from);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_adds_a_file_up_to_a_size),
		cmocka_unit_test(it_copies_a_part_of_a_file),
		cmocka_unit_test(it_copies_to_another_file_system),
		cmocka_unit_test(it_says_what_failed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
