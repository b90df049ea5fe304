#include "base/turnstile.h"

#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

static int count_cores(void)
{
	cpu_set_t cores;

	return sched_getaffinity(0, sizeof(cores), &cores) == 0 ? CPU_COUNT(&cores) : 1;
}

struct turnstile turnstile_open(const char *path, int places)
{
	struct turnstile t = {
		.fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600),
		.places = places > 0 ? places : count_cores(),
		.place = -1,
	};

	if (t.fd < 0)
		log_errno("turnstile: open %s", path);
	return t;
}

void turnstile_close(struct turnstile *t)
{
	if (t->fd >= 0)
		close(t->fd);
	t->fd = -1;
	t->place = -1;
}

/* False when somebody else has it. A file system without locks has no limit. */
static bool lock(const struct turnstile *t, short type, int place)
{
	struct flock l = {
		.l_type = type,
		.l_whence = SEEK_SET,
		.l_start = place,
		.l_len = 1,
	};

	return fcntl(t->fd, F_OFD_SETLK, &l) == 0 || (errno != EAGAIN && errno != EACCES);
}

bool turnstile_try(struct turnstile *t)
{
	if (t->fd < 0)
		return true;
	for (int i = 0; t->place < 0 && i < t->places; i++)
		if (lock(t, F_WRLCK, i))
			t->place = i;
	return t->place >= 0;
}

void turnstile_leave(struct turnstile *t)
{
	if (t->fd >= 0 && t->place >= 0)
		(void)lock(t, F_UNLCK, t->place);
	t->place = -1;
}
