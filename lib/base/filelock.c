#include "base/filelock.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/time.h>

#define AGAIN_US 2000 /* an alarm that comes before the wait begins is not the last one */

static struct flock describe(struct filelock l, short type)
{
	return (struct flock){
		.l_type = type,
		.l_whence = SEEK_SET,
		.l_start = l.at,
		.l_len = l.count,
	};
}

static bool take(struct filelock l, int command, short type)
{
	struct flock lock = describe(l, type);

	return fcntl(l.fd, command, &lock) == 0 ||
	       (errno != EAGAIN && errno != EACCES && errno != EINTR);
}

bool filelock_try(struct filelock l)
{
	return take(l, F_OFD_SETLK, F_WRLCK);
}

bool filelock_try_shared(struct filelock l)
{
	return take(l, F_OFD_SETLK, F_RDLCK);
}

void filelock_leave(struct filelock l)
{
	(void)take(l, F_OFD_SETLK, F_UNLCK);
}

static bool is_in_the_way(struct filelock l, short type)
{
	struct flock lock = describe(l, type);

	return fcntl(l.fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

bool filelock_is_taken(struct filelock l)
{
	return is_in_the_way(l, F_RDLCK);
}

bool filelock_is_used(struct filelock l)
{
	return is_in_the_way(l, F_WRLCK);
}

static void on_alarm(int number)
{
	(void)number; /* that it came is enough: it ends the call */
}

static bool wait_for(struct filelock l, short type, int milliseconds)
{
	const struct sigaction act = {.sa_handler = on_alarm};
	const struct itimerval none = {0};
	const struct itimerval timer = {
		.it_value = {milliseconds / 1000, milliseconds % 1000 * 1000},
		.it_interval = {.tv_usec = AGAIN_US},
	};
	struct sigaction before;
	bool taken;

	sigaction(SIGALRM, &act, &before);
	setitimer(ITIMER_REAL, &timer, NULL);
	taken = take(l, F_OFD_SETLKW, type);
	setitimer(ITIMER_REAL, &none, NULL);
	sigaction(SIGALRM, &before, NULL);
	return taken;
}

bool filelock_wait(struct filelock l, int milliseconds)
{
	return wait_for(l, F_WRLCK, milliseconds);
}

bool filelock_wait_shared(struct filelock l, int milliseconds)
{
	return wait_for(l, F_RDLCK, milliseconds);
}
