#include "media/wire.h"

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

/* Bytes of the character at t, 0 if it is none or a control character. The
   second byte's range shuts out overlong forms and surrogates (RFC 3629 4). */
static size_t character(const unsigned char *t, size_t left)
{
	size_t len = t[0] < 0x80 ? 1 : t[0] < 0xe0 ? 2 : t[0] < 0xf0 ? 3 : 4;

	if (len == 1)
		return t[0] >= 0x20 && t[0] != 0x7f;
	if (t[0] < 0xc2 || t[0] > 0xf4 || left < len)
		return 0;
	for (size_t i = 1; i < len; i++)
		if ((t[i] & 0xc0) != 0x80)
			return 0;
	if ((t[0] == 0xe0 && t[1] < 0xa0) || (t[0] == 0xed && t[1] > 0x9f) ||
	    (t[0] == 0xf0 && t[1] < 0x90) || (t[0] == 0xf4 && t[1] > 0x8f))
		return 0;
	return t[0] == 0xc2 && t[1] < 0xa0 ? 0 : len;
}

void wire_clean(char *text, size_t max)
{
	size_t from = 0, to = 0, end = strnlen(text, max), len;

	while (from < end) {
		len = character((const unsigned char *)text + from, end - from);
		memmove(text + to, text + from, len);
		to += len;
		from += len ? len : 1;
	}
	text[to < max ? to : max - 1] = '\0';
}
