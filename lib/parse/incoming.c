#include "parse/incoming.h"

#include <errno.h>
#include <unistd.h>

struct incoming incoming_whole(int fd)
{
	return (struct incoming){.fd = fd, .bytes = lseek(fd, 0, SEEK_END)};
}

bool incoming_is_whole(const struct incoming *in)
{
	return !in->wait;
}

/* Is the byte there, or does the file end before it? What was found once stays. */
static bool wait_for(struct incoming *in, int64_t at)
{
	int64_t end;

	if (!in->wait || at >= in->bytes || (at >= in->from && at < in->to))
		return true;
	if (!in->wait(in->context, at, &end) || end <= at)
		return false;
	in->from = at;
	in->to = end;
	return true;
}

ssize_t incoming_read(struct incoming *in, void *data, size_t max, int64_t at)
{
	ssize_t got;

	if (!wait_for(in, at)) {
		errno = EIO;
		return -1;
	}
	if (in->wait && at < in->bytes && (int64_t)max > in->to - at)
		max = (size_t)(in->to - at);
	do {
		got = pread(in->fd, data, max, at);
	} while (got < 0 && errno == EINTR);
	return got;
}

ssize_t incoming_fill(struct incoming *in, void *data, size_t max, int64_t at)
{
	size_t have = 0;
	ssize_t got = 1;

	while (got > 0 && have < max) {
		got = incoming_read(in, (char *)data + have, max - have, at + (int64_t)have);
		if (got > 0)
			have += (size_t)got;
	}
	return got < 0 ? -1 : (ssize_t)have;
}
