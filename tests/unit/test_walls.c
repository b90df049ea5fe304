/* wall/walls: behind them nothing of the machine can be reached */
#include "wall/syscallname.h"
#include "wall/walls.h"
#include "walled/warmup.h"

#include <libavutil/log.h>

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define ALIVE 42 /* the act came back: nothing stopped it */
#define REFUSED 43 /* it came back as an error */

static const struct walls_limits limits = {
	.memory_bytes = 64 << 20,
	.cpu_seconds = 1,
	.cpu_seconds_end = 3,
	.descriptors = 16,
};

static int32_t *forbidden; /* in memory shared with the process */

/* What becomes of a process that does act() behind the walls: its exit code,
   or the signal that ended it, negative. */
static int fate(int (*act)(void))
{
	int status;
	pid_t pid;

	*forbidden = 0;
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		char text[WALLS_TEXT_MAX] = "";

		dup2(open("/dev/null", O_WRONLY), 2);
		warmup_run();
		if (walls_raise(&limits, forbidden, text) != DRIFT_OK)
			_exit(1);
		_exit(act());
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static bool has_seccomp(void)
{
	FILE *f = fopen("/proc/sys/kernel/seccomp/actions_avail", "r");
	char line[256] = "";

	if (f) {
		(void)!fgets(line, sizeof(line), f);
		fclose(f);
	}
	return strstr(line, "kill_process");
}

static int act_nothing(void)
{
	return ALIVE;
}

static int act_open(void)
{
	return open("/etc/passwd", O_RDONLY) < 0 ? REFUSED : ALIVE;
}

static int act_create(void)
{
	return open("/tmp/drift-walls", O_WRONLY | O_CREAT, 0600) < 0 ? REFUSED : ALIVE;
}

static int act_socket(void)
{
	return socket(AF_INET, SOCK_STREAM, 0) < 0 ? REFUSED : ALIVE;
}

static int act_fork(void)
{
	return fork() < 0 ? REFUSED : ALIVE;
}

static int act_exec(void)
{
	execl("/bin/true", "true", (char *)NULL);
	return REFUSED;
}

static int act_kill(void)
{
	return kill(getppid(), 0) < 0 ? REFUSED : ALIVE;
}

static int act_write(void)
{
	return write(2, "x", 1) < 0 ? REFUSED : ALIVE;
}

static int act_ptrace(void)
{
	return syscall(SYS_ptrace, 0, 0, 0, 0) < 0 ? REFUSED : ALIVE;
}

static int act_execute_memory(void)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS,
		       -1, 0);

	return p == MAP_FAILED ? REFUSED : ALIVE;
}

/* What a stranger's code might try, so that it outlives a forbidden call. */
static int act_defy(void)
{
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	(void)syscall(SYS_socket, AF_INET, SOCK_STREAM, 0);
	return ALIVE;
}

static int act_take_the_handler_away(void)
{
	signal(SIGSYS, SIG_IGN);
	return ALIVE;
}

static int act_eat(void)
{
	for (int i = 0; i < 65; i++) {
		char *p = malloc(1 << 20);

		if (!p)
			return REFUSED;
		memset(p, 1, 1 << 20);
	}
	return ALIVE;
}

static int act_loop(void)
{
	for (volatile uint64_t n = 0;; n++)
		;
	return ALIVE;
}

static int act_abort(void)
{
	abort();
}

static int act_tell_the_date(void)
{
	time_t t = 1714557600;
	struct tm utc, local;
	char text[64];

	if (!gmtime_r(&t, &utc) || !localtime_r(&t, &local))
		return REFUSED;
	if (!strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S %Z %c", &local))
		return REFUSED;
	return mktime(&local) == t && localtime(&t) ? ALIVE : REFUSED;
}

static int compare(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(int));
}

static int act_sort_many(void)
{
	static int many[5000];

	for (int i = 0; i < 5000; i++)
		many[i] = -i;
	qsort(many, 5000, sizeof(many[0]), compare);
	return ALIVE;
}

static int act_log(void)
{
	av_log(NULL, AV_LOG_ERROR, "%s %f", strerror(EIO), 1e300);
	return ALIVE;
}

/* Where the vDSO has no clock, these are system calls. */
static int act_ask_the_time(void)
{
	struct timeval now;

#ifdef SYS_time
	if (syscall(SYS_time, NULL) <= 0)
		return REFUSED;
#endif
	return syscall(SYS_gettimeofday, &now, NULL) == 0 ? ALIVE : REFUSED;
}

/* All memory is taken and given back more than once. */
static int act_eat_again_and_again(void)
{
	static void *piece[4096];

	for (int round = 0; round < 3; round++) {
		int n = 0;

		while (n < 4096 && (piece[n] = malloc(100000)))
			n++;
		if (n == 4096)
			return REFUSED;
		while (n)
			free(piece[--n]);
	}
	return ALIVE;
}

static void it_lets_a_quiet_process_live(void **state)
{
	(void)state;
	assert_int_equal(fate(act_nothing), ALIVE);
}

/* What a library puts off until first use was done before. */
static void it_lets_ordinary_work_be_done(void **state)
{
	(void)state;
	assert_int_equal(fate(act_tell_the_date), ALIVE);
	assert_int_equal(fate(act_sort_many), ALIVE);
	assert_int_equal(fate(act_log), ALIVE);
	assert_int_equal(fate(act_ask_the_time), ALIVE);
	assert_int_equal(fate(act_eat_again_and_again), ALIVE);
}

static void it_ends_whoever_reaches_outside(void **state)
{
	static const struct {
		int (*act)(void);
		const char *name;
		int32_t number; /* of the call that is told; -1: none */
	} acts[] = {
		{act_open, "open", SYS_openat},
		{act_create, "create", SYS_openat},
		{act_socket, "socket", SYS_socket},
		{act_fork, "fork", SYS_clone},
		{act_exec, "exec", SYS_execve},
		{act_kill, "kill", SYS_getppid},
		{act_ptrace, "ptrace", SYS_ptrace},
		{act_write, "write", SYS_write},
		{act_execute_memory, "exec memory", SYS_mmap},
		{act_take_the_handler_away, "signal", SYS_rt_sigaction},
		{act_defy, "blocked signals", -1},
	};

	/* without seccomp Landlock still refuses what has a name */
	size_t count = has_seccomp() ? sizeof(acts) / sizeof(acts[0]) : 2;
	int wanted = has_seccomp() ? -SIGSYS : REFUSED;

	(void)state;
	for (size_t i = 0; i < count; i++)
		if (fate(acts[i].act) != wanted)
			fail_msg("%s went through", acts[i].name);
		else if (has_seccomp() && *forbidden != acts[i].number + 1)
			fail_msg("%s is told as call %d", acts[i].name, *forbidden - 1);
}

static void it_caps_memory(void **state)
{
	(void)state;
	assert_int_equal(fate(act_eat), REFUSED);
}

static void it_caps_cpu_time(void **state)
{
	(void)state;
	assert_int_equal(fate(act_loop), -SIGXCPU);
}

static void it_lets_an_abort_be_seen_as_one(void **state)
{
	(void)state;
	assert_int_equal(fate(act_abort), -SIGABRT);
}

static void it_names_a_call_by_its_number(void **state)
{
	char name[SYSCALLNAME_MAX];

	(void)state;
	syscallname_get(SYS_openat, name);
	assert_string_equal(name, "openat");
	syscallname_get(99999, name);
	assert_string_equal(name, "number 99999");
	syscallname_get(INT32_MIN, name);
	assert_string_equal(name, "number -2147483648");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_lets_a_quiet_process_live),
		cmocka_unit_test(it_lets_ordinary_work_be_done),
		cmocka_unit_test(it_ends_whoever_reaches_outside),
		cmocka_unit_test(it_caps_memory),
		cmocka_unit_test(it_caps_cpu_time),
		cmocka_unit_test(it_lets_an_abort_be_seen_as_one),
		cmocka_unit_test(it_names_a_call_by_its_number),
	};

	forbidden = mmap(NULL, sizeof(*forbidden), PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (forbidden == MAP_FAILED)
		return 1;

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
