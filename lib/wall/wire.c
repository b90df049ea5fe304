#include "wall/wire.h"

#include "base/utf8.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

union control {
	struct cmsghdr align;
	char bytes[CMSG_SPACE(sizeof(int))];
};

static void attach(struct msghdr *m, union control *c, int fd)
{
	struct cmsghdr *h;

	m->msg_control = c->bytes;
	m->msg_controllen = sizeof(c->bytes);
	h = CMSG_FIRSTHDR(m);
	h->cmsg_level = SOL_SOCKET;
	h->cmsg_type = SCM_RIGHTS;
	h->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(h), &fd, sizeof(fd));
}

enum drift_err wire_send(int socket, const void *message, size_t size, int fd)
{
	union control control = {0};
	struct iovec part = {(void *)(uintptr_t)message, size};
	struct msghdr m = {.msg_iov = &part, .msg_iovlen = 1};
	ssize_t sent;

	if (fd >= 0)
		attach(&m, &control, fd);
	do {
		sent = sendmsg(socket, &m, MSG_NOSIGNAL);
	} while (sent < 0 && errno == EINTR);
	if (sent < 0)
		return errno == EPIPE || errno == ECONNRESET ? DRIFT_ECLOSED : DRIFT_EIO;
	return DRIFT_OK;
}

static int attached(struct msghdr *m)
{
	const struct cmsghdr *h = CMSG_FIRSTHDR(m);
	int fd = -1;

	if (h && h->cmsg_level == SOL_SOCKET && h->cmsg_type == SCM_RIGHTS &&
	    h->cmsg_len == CMSG_LEN(sizeof(fd)))
		memcpy(&fd, CMSG_DATA(h), sizeof(fd));
	return fd;
}

enum drift_err wire_receive(int socket, void *message, size_t max, size_t *got, int *fd)
{
	union control control;
	struct iovec part = {message, max};
	struct msghdr m = {.msg_iov = &part, .msg_iovlen = 1};
	ssize_t len;

	if (fd) {
		m.msg_control = control.bytes;
		m.msg_controllen = sizeof(control.bytes);
	}
	do {
		len = recvmsg(socket, &m, MSG_CMSG_CLOEXEC);
	} while (len < 0 && errno == EINTR);
	if (len == 0 || (len < 0 && errno == ECONNRESET))
		return DRIFT_ECLOSED;
	if (len < 0 || m.msg_flags & MSG_TRUNC)
		return DRIFT_EIO;
	if (fd)
		*fd = attached(&m);
	*got = (size_t)len;
	return DRIFT_OK;
}

int32_t *wire_forbidden(uint8_t *memory)
{
	return (int32_t *)(void *)(memory + WIRE_FORBIDDEN_AT);
}

/* U+0000 to U+001F, U+007F to U+009F */
static bool is_control(const char *t)
{
	unsigned char first = (unsigned char)t[0];

	return first < 0x20 || first == 0x7f || (first == 0xc2 && (unsigned char)t[1] < 0xa0);
}

/* A line break between words is a space there, and so is any other control character. */
static size_t add_space(char *text, size_t to)
{
	if (to == 0 || text[to - 1] == ' ')
		return to;
	text[to] = ' ';
	return to + 1;
}

void wire_clean(char *text, size_t max)
{
	size_t from = 0, to = 0, end = strnlen(text, max - 1), len;

	text[end] = '\0';
	while (from < end) {
		len = utf8_length(text + from);
		if (len && is_control(text + from)) {
			to = add_space(text, to);
		} else {
			memmove(text + to, text + from, len);
			to += len;
		}
		from += len ? len : 1;
	}
	text[to] = '\0';
}
