#include "wall/walls.h"

#include <errno.h>
#include <iconv.h>
#include <linux/landlock.h>
#include <seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/*
 * libavformat asks for the character sets of broadcasters' names (MPEG-TS), which glibc has in
 * files of their own: there is none behind the walls. This one is found instead of glibc's.
 */
iconv_t iconv_open(const char *to, const char *from)
{
	(void)to, (void)from;
	errno = EINVAL;
	return (iconv_t)-1;
}

static bool limit(__rlimit_resource_t resource, int64_t soft, int64_t hard)
{
	struct rlimit r = {(rlim_t)soft, (rlim_t)hard};

	return setrlimit(resource, &r) == 0;
}

static bool set_limits(const struct walls_limits *l)
{
	return limit(RLIMIT_DATA, l->memory_bytes, l->memory_bytes) &&
	       limit(RLIMIT_CPU, l->cpu_seconds, l->cpu_seconds_end) && limit(RLIMIT_FSIZE, 0, 0) &&
	       limit(RLIMIT_CORE, 0, 0) && limit(RLIMIT_NPROC, 0, 0) &&
	       limit(RLIMIT_NOFILE, l->descriptors, l->descriptors);
}

static bool set_process(void)
{
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	       prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0 &&
	       prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) == 0;
}

/* Every right that a kernel of that ABI can take away; Debian 12's header
   knows the first two only (Documentation/userspace-api/landlock.rst). */
struct ruleset {
	uint64_t files;
	uint64_t network; /* from ABI 4 */
	uint64_t scoped; /* abstract sockets and signals, from ABI 6 */
};

static size_t fill_ruleset(int abi, struct ruleset *r)
{
	unsigned bits = abi >= 5 ? 16 : abi >= 3 ? 15 : abi == 2 ? 14 : 13;

	*r = (struct ruleset){.files = ((uint64_t)1 << bits) - 1};
	if (abi >= 4)
		r->network = 3;
	if (abi >= 6)
		r->scoped = 3;
	return abi >= 6 ? sizeof(*r) : abi >= 4 ? 16 : 8;
}

/* A ruleset without one rule allows nothing. Returns the ABI, 0 for none. */
static int raise_landlock(void)
{
	struct ruleset rules;
	int abi =
		(int)syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	int fd;
	bool held;

	if (abi < 1)
		return 0;
	fd = (int)syscall(SYS_landlock_create_ruleset, &rules, fill_ruleset(abi, &rules), 0);
	if (fd < 0)
		return 0;
	held = syscall(SYS_landlock_restrict_self, fd, 0) == 0;
	close(fd);
	return held ? abi : 0;
}

/* What malloc, reading, answering and ending need. No stat: it takes names. */
static const int allowed[] = {
	SCMP_SYS(read),
	SCMP_SYS(pread64),
	SCMP_SYS(lseek),
	SCMP_SYS(recvmsg),
	SCMP_SYS(sendmsg),
	SCMP_SYS(close),
	SCMP_SYS(brk),
	SCMP_SYS(munmap),
	SCMP_SYS(mremap),
	SCMP_SYS(madvise),
	SCMP_SYS(futex),
	SCMP_SYS(clock_gettime), /* where the vDSO cannot read the clock, as the next two */
	SCMP_SYS(gettimeofday),
	SCMP_SYS(time),
	SCMP_SYS(getrandom),
	SCMP_SYS(exit_group),
	SCMP_SYS(rt_sigreturn),
	SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(restart_syscall),
	SCMP_SYS(getpid),
	SCMP_SYS(gettid),
};

static bool add_rules(scmp_filter_ctx filter)
{
	struct scmp_arg_cmp no_exec = SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0);
	struct scmp_arg_cmp complaint = SCMP_A0(SCMP_CMP_EQ, STDERR_FILENO);
	struct scmp_arg_cmp own = SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid());

	for (size_t i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++)
		if (seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed[i], 0) < 0)
			return false;
	/* abort() complains to /dev/null and signals itself: its signal says more
	   than SIGSYS would */
	return seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1, no_exec) == 0 &&
	       seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1, no_exec) == 0 &&
	       seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(writev), 1, complaint) == 0 &&
	       seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1, own) == 0;
}

#define BY_SECCOMP 1 /* SYS_SECCOMP of the kernel's siginfo.h; glibc 2.36 has no name for it */

static int32_t *last_words; /* where the number of a forbidden call is left */

/*
 * A call that is forbidden was not made; this says which one, and ends the process. SIGSYS is
 * blocked in its own handler: one more forbidden call, and the kernel kills, whatever else the
 * process may have blocked or overwritten (force_sig_info_to_task() in kernel/signal.c).
 */
static void tell_and_die(int sig, siginfo_t *info, void *context)
{
	(void)context;
	if (info->si_code == BY_SECCOMP)
		*last_words = info->si_syscall + 1;
	(void)syscall(SYS_getppid);
	_exit(128 + sig);
}

static bool set_handler(int32_t *forbidden)
{
	struct sigaction act = {.sa_sigaction = tell_and_die, .sa_flags = SA_SIGINFO};

	last_words = forbidden;
	sigfillset(&act.sa_mask);
	return sigaction(SIGSYS, &act, NULL) == 0;
}

static bool raise_seccomp(int32_t *forbidden)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_TRAP);
	bool held =
		filter && add_rules(filter) && set_handler(forbidden) && seccomp_load(filter) == 0;

	seccomp_release(filter);
	return held;
}

enum drift_err walls_raise(const struct walls_limits *limits, int32_t *forbidden,
			   char held[WALLS_TEXT_MAX])
{
	char landlock[24] = "no landlock";
	bool seccomp;
	int abi;

	if (!set_process() || !set_limits(limits))
		return DRIFT_EIO;
	abi = raise_landlock();
	if (abi > 0)
		snprintf(landlock, sizeof(landlock), "landlock %d", abi);
	seccomp = raise_seccomp(forbidden);
	snprintf(held, WALLS_TEXT_MAX, "%s, %s", seccomp ? "seccomp" : "no seccomp", landlock);
	return DRIFT_OK;
}
