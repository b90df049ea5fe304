#include "base/filelock.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

/* A file that two have opened. */
struct both {
	int one, other;
};

static struct both open_both(void)
{
	char path[] = "/tmp/drift-filelock-XXXXXX";
	struct both b = {.one = mkstemp(path), .other = open(path, O_RDWR)};

	assert_true(b.one >= 0 && b.other >= 0);
	unlink(path);
	return b;
}

static void close_both(struct both b)
{
	close(b.one);
	close(b.other);
}

static struct filelock bytes(int fd, int64_t at, int64_t count)
{
	return (struct filelock){fd, at, count};
}

static void sleep_ms(int milliseconds)
{
	const struct timespec pause = {.tv_nsec = milliseconds * 1000000L};

	nanosleep(&pause, NULL);
}

static void it_is_had_by_one_or_shared(void **state)
{
	struct both b = open_both();

	(void)state;
	assert_true(filelock_try(bytes(b.one, 10, 5)));
	assert_false(filelock_try(bytes(b.other, 14, 1)));
	assert_false(filelock_try_shared(bytes(b.other, 10, 1)));
	assert_true(filelock_try(bytes(b.other, 15, 1)));
	assert_true(filelock_is_taken(bytes(b.other, 0, 100)));
	filelock_leave(bytes(b.one, 12, 1));
	assert_true(filelock_try_shared(bytes(b.other, 12, 1)));
	assert_true(filelock_try_shared(bytes(b.one, 12, 1)));
	assert_false(filelock_is_taken(bytes(b.one, 12, 1)));
	assert_true(filelock_is_used(bytes(b.one, 12, 1)));
	assert_false(filelock_try(bytes(b.one, 12, 1)));
	close_both(b);
}

static void it_is_waited_for_so_long(void **state)
{
	struct both b = open_both();

	(void)state;
	assert_true(filelock_try(bytes(b.one, 0, 1)));
	assert_false(filelock_wait(bytes(b.other, 0, 1), 20));
	assert_false(filelock_wait_shared(bytes(b.other, 0, 1), 1));
	filelock_leave(bytes(b.one, 0, 1));
	assert_true(filelock_wait(bytes(b.other, 0, 1), 60000));
	close_both(b);
}

static void it_comes_when_a_process_ends_that_has_it(void **state)
{
	struct both b = open_both();
	pid_t pid;

	(void)state;
	assert_true(filelock_try(bytes(b.one, 7, 1)));
	pid = fork();
	if (pid == 0) {
		sleep_ms(50);
		_exit(0);
	}
	close(b.one); /* the other process shares it */
	assert_false(filelock_try(bytes(b.other, 7, 1)));
	assert_true(filelock_wait(bytes(b.other, 7, 1), 60000));
	waitpid(pid, NULL, 0);
	close(b.other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_had_by_one_or_shared),
		cmocka_unit_test(it_is_waited_for_so_long),
		cmocka_unit_test(it_comes_when_a_process_ends_that_has_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
