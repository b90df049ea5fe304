#include "base/turnstile.h"

#include "base/filelock.h"
#include "base/log.h"

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

/* A file system without locks has no limit. */
static struct filelock place(const struct turnstile *t, int i)
{
	return (struct filelock){.fd = t->fd, .at = i, .count = 1};
}

bool turnstile_try(struct turnstile *t)
{
	if (t->fd < 0)
		return true;
	for (int i = 0; t->place < 0 && i < t->places; i++)
		if (filelock_try(place(t, i)))
			t->place = i;
	return t->place >= 0;
}

bool turnstile_wait(struct turnstile *t, int milliseconds)
{
	int any = (int)(getpid() % t->places);

	if (turnstile_try(t))
		return true;
	if (filelock_wait(place(t, any), milliseconds))
		t->place = any;
	return t->place >= 0;
}

void turnstile_leave(struct turnstile *t)
{
	if (t->fd >= 0 && t->place >= 0)
		filelock_leave(place(t, t->place));
	t->place = -1;
}
