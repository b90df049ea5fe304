#include "wall/child.h"

#include "base/clock.h"
#include "base/log.h"
#include "wall/syscallname.h"
#include "wall/wire.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PREPARED_MAX 2 /* programs */
#define LAST_BREATH_MS 2000 /* between a closed socket and the exit */

/* Out of the way of 0, 1 and 2, which the child's own descriptors will take. */
static int above_standard(int fd)
{
	int moved;

	if (fd < 0 || fd > 2)
		return fd;
	moved = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	close(fd);
	return moved;
}

/* Its size is sealed: a child that shrank it could kill us with SIGBUS. */
static int open_memory(void)
{
	int fd = above_standard(memfd_create("drift-decode", MFD_CLOEXEC | MFD_ALLOW_SEALING));

	if (fd < 0)
		return -1;
	if (ftruncate(fd, (off_t)WIRE_MEMORY_BYTES) < 0 ||
	    fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

static int add_actions(posix_spawn_file_actions_t *actions, int socket, int memory)
{
	int err = posix_spawn_file_actions_adddup2(actions, socket, WIRE_SOCKET);

	if (err == 0)
		err = posix_spawn_file_actions_adddup2(actions, memory, WIRE_MEMORY);
	if (err == 0)
		err = posix_spawn_file_actions_addopen(actions, 2, "/dev/null", O_WRONLY, 0);
	if (err == 0)
		err = posix_spawn_file_actions_addclosefrom_np(actions, 3);
	return err;
}

/* Whatever the parent ignores or blocks, the child must die of. */
static int set_signals(posix_spawnattr_t *attr)
{
	sigset_t none, all;
	int err;

	sigemptyset(&none);
	sigfillset(&all);
	err = posix_spawnattr_setsigmask(attr, &none);
	if (err == 0)
		err = posix_spawnattr_setsigdefault(attr, &all);
	if (err == 0)
		err = posix_spawnattr_setflags(attr,
					       POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	return err;
}

static int spawn(const char *program, int socket, int memory, pid_t *pid)
{
	char name[] = "drift-decode";
	char *argv[] = {name, NULL}, *environment[] = {NULL};
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	int err = posix_spawn_file_actions_init(&actions);

	if (err != 0)
		return err;
	err = posix_spawnattr_init(&attr);
	if (err == 0) {
		err = add_actions(&actions, socket, memory);
		if (err == 0)
			err = set_signals(&attr);
		if (err == 0)
			err = posix_spawn(pid, program, &actions, &attr, argv, environment);
		posix_spawnattr_destroy(&attr);
	}
	posix_spawn_file_actions_destroy(&actions);
	return err;
}

static enum drift_err start_with(struct child *c, const char *program, const int pair[2],
				 int memory)
{
	void *map = mmap(NULL, WIRE_MEMORY_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, memory, 0);

	if (map == MAP_FAILED) {
		log_errno("decoder: map %zu bytes", WIRE_MEMORY_BYTES);
		return DRIFT_EIO;
	}
	c->memory = map;
	errno = spawn(program, pair[1], memory, &c->pid);
	if (errno != 0) {
		c->pid = 0;
		log_errno("decoder: start %s", program);
		return DRIFT_EIO;
	}
	return DRIFT_OK;
}

static enum drift_err start(struct child *c, const char *program)
{
	int pair[2] = {-1, -1}, memory = open_memory();
	enum drift_err err = DRIFT_EIO;

	if (memory < 0 || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0) {
		log_errno("decoder: make the descriptors of a child");
	} else {
		pair[0] = above_standard(pair[0]);
		pair[1] = above_standard(pair[1]);
		c->socket = pair[0];
		err = start_with(c, program, pair, memory);
	}
	if (pair[1] >= 0)
		close(pair[1]);
	if (memory >= 0)
		close(memory);
	if (err == DRIFT_OK)
		c->handle = (int)syscall(SYS_pidfd_open, c->pid, 0);
	return err;
}

/* Closes what belongs to it here, without a word to it. */
static void leave(struct child *c)
{
	if (c->socket >= 0)
		close(c->socket);
	if (c->handle >= 0)
		close(c->handle);
	if (c->memory)
		munmap((void *)(uintptr_t)c->memory, WIRE_MEMORY_BYTES);
	*c = CHILD_NONE;
}

/* Those that were started ahead: one of each program. */
static struct prepared {
	struct child child;
	char program[PATH_MAX]; /* "": there is none */
} prepared[PREPARED_MAX];

/* NULL: all are of other programs. */
static struct prepared *find_prepared(const char *program)
{
	for (int i = 0; i < PREPARED_MAX; i++)
		if (strcmp(prepared[i].program, program) == 0)
			return &prepared[i];
	return NULL;
}

void child_prepare(const char *program)
{
	struct prepared *p = find_prepared(program);

	if (p)
		leave(&p->child);
	else
		p = find_prepared("");
	if (!p)
		return;
	p->child = CHILD_NONE;
	if (start(&p->child, program) == DRIFT_OK)
		snprintf(p->program, sizeof(p->program), "%s", program);
	else
		p->program[0] = '\0';
}

void child_forget(void)
{
	for (int i = 0; i < PREPARED_MAX; i++)
		if (*prepared[i].program) {
			leave(&prepared[i].child);
			prepared[i].program[0] = '\0';
		}
}

/* Is one there that was started ahead, and lives? */
static bool take_prepared(struct child *c, const char *program)
{
	struct prepared *p = find_prepared(program);
	struct pollfd end = {.events = 0};

	if (!p)
		return false;
	p->program[0] = '\0';
	end.fd = p->child.socket;
	if (poll(&end, 1, 0) > 0) {
		leave(&p->child);
		return false;
	}
	*c = p->child;
	return true;
}

enum drift_err child_start(struct child *c, const char *program)
{
	return take_prepared(c, program) ? DRIFT_OK : start(c, program);
}

enum drift_err child_hear(struct child *c, void *message, size_t max, size_t *got,
			  int64_t *patience_ms)
{
	struct pollfd p = {.fd = c->socket, .events = POLLIN};
	int64_t until =
		clock_ms() + (*patience_ms < CHILD_SILENCE_MS ? *patience_ms : CHILD_SILENCE_MS);
	int64_t before = clock_ms(), left;
	int ready;

	do {
		left = until - clock_ms();
		ready = left > 0 ? poll(&p, 1, (int)left) : 0;
	} while (ready < 0 && errno == EINTR);
	*patience_ms -= clock_ms() - before;
	if (ready == 0)
		return DRIFT_EMORE;
	if (ready < 0 || wire_receive(c->socket, message, max, got, NULL) != DRIFT_OK)
		return DRIFT_ECLOSED;
	return DRIFT_OK;
}

/* It wrote the number itself, so that it may be a lie: it is believed for a name and no more. */
static void explain_forbidden(const struct child *c, char *reason, size_t max)
{
	int32_t number = *wire_forbidden(c->memory);
	char name[SYSCALLNAME_MAX] = "unknown";

	if (number > 0)
		syscallname_get(number - 1, name);
	log_error("decoder: its walls ended it at the system call %s, which they forbid", name);
	snprintf(reason, max,
		 "the server stopped reading the file at a step that it does not allow (%s); the "
		 "fault is the server's and not the file's",
		 name);
}

static void explain_ended(int sig, char *reason, size_t max)
{
	log_error("decoder: it was ended by signal %d", sig);
	snprintf(reason, max,
		 "the server was made to stop reading the file (signal %d); the fault is the "
		 "server's and not the file's",
		 sig);
}

/* Signals that a host ends its processes with, not what a process does to itself. */
static bool is_of_host(int sig)
{
	return sig == SIGKILL || sig == SIGTERM || sig == SIGINT || sig == SIGHUP || sig == SIGQUIT;
}

/* The log hears what happened to the child, whoever sent the file what that means. */
static void explain_fault(int status, char *reason, size_t max)
{
	int sig = WIFSIGNALED(status) ? WTERMSIG(status) : 0;

	if (sig == SIGXCPU)
		log_warning("child: it took more CPU time than decode_seconds allows");
	else if (sig)
		log_warning("child: it was ended by signal %d", sig);
	else
		log_warning("child: it ended too soon, with status %d", WEXITSTATUS(status));
	snprintf(reason, max, "%s", sig == SIGXCPU ? CHILD_SLOW : CHILD_BROKEN);
}

static enum drift_err explain(const struct child *c, int status, char *reason, size_t max)
{
	int sig = WIFSIGNALED(status) ? WTERMSIG(status) : 0;

	if (sig == SIGSYS)
		explain_forbidden(c, reason, max);
	else if (is_of_host(sig))
		explain_ended(sig, reason, max);
	else
		explain_fault(status, reason, max);
	return sig == SIGSYS || is_of_host(sig) ? DRIFT_EIO : DRIFT_EMEDIA;
}

static void kill_it(const struct child *c)
{
	if (c->handle >= 0)
		(void)syscall(SYS_pidfd_send_signal, c->handle, SIGKILL, NULL, 0);
	else
		kill(c->pid, SIGKILL);
}

/* Its status, without killing it if it ends within wait_ms. */
static bool reap(struct child *c, int64_t wait_ms, int *status)
{
	const struct timespec pause = {.tv_nsec = 2000000};
	int64_t until = clock_ms() + wait_ms;
	pid_t got;

	while ((got = waitpid(c->pid, status, WNOHANG)) == 0 && clock_ms() < until)
		nanosleep(&pause, NULL);
	if (got == 0) {
		kill_it(c);
		do {
			got = waitpid(c->pid, status, 0);
		} while (got < 0 && errno == EINTR);
	}
	c->pid = 0;
	return got > 0;
}

enum drift_err child_end(struct child *c, bool silent, char *reason, size_t reason_max)
{
	int status = 0;

	if (c->pid == 0) {
		snprintf(reason, reason_max, "%s", CHILD_BROKEN);
		return DRIFT_EMEDIA;
	}
	/* its socket is closed now: it sees that, if it still runs */
	close(c->socket);
	c->socket = -1;
	if (!reap(c, silent ? 0 : LAST_BREATH_MS, &status)) {
		snprintf(reason, reason_max, "%s", CHILD_BROKEN);
	} else if (silent) {
		log_warning("child: it said nothing for %d seconds", CHILD_SILENCE_MS / 1000);
		snprintf(reason, reason_max, "%s", CHILD_SLOW);
	} else {
		return explain(c, status, reason, reason_max);
	}
	return DRIFT_EMEDIA;
}

void child_clear(struct child *c)
{
	int status;

	if (c->socket >= 0)
		close(c->socket);
	if (c->pid != 0) {
		kill(c->pid, SIGKILL);
		(void)reap(c, 0, &status);
	}
	if (c->memory)
		munmap(c->memory, WIRE_MEMORY_BYTES);
	*c = CHILD_NONE;
}

void child_allow_cpu(const struct child *c, int64_t seconds)
{
	struct rlimit limit;

	if (prlimit(c->pid, RLIMIT_CPU, NULL, &limit) < 0)
		return;
	limit.rlim_cur = (rlim_t)seconds;
	if (prlimit(c->pid, RLIMIT_CPU, &limit, NULL) < 0)
		log_errno("decoder: allow %lld CPU seconds", (long long)seconds);
}
