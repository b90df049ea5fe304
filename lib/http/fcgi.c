#include "http/fcgi.h"

#include "base/io.h"

#include <errno.h>
#include <fcgiapp.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <unistd.h>

/*
 * How FCGX_Stream.data of a reader begins (libfcgi, FCGX_Stream_Data in fcgiapp.c; the
 * same in every release since 2.0). libfcgi reads ahead and has no call to ask whether
 * it still holds bytes, over which poll(2) knows nothing.
 */
struct reader {
	unsigned char *buff;
	int bufflen;
	unsigned char *memory;
	unsigned char *buff_stop; /* behind the last byte that was read */
};

struct fcgi {
	bool is_cgi;
	bool served; /* CGI: the one request was accepted */
	bool is_split; /* this process is there for one request */
	bool is_away; /* another one has the request */
	FCGX_Request request; /* FastCGI */
};

static volatile sig_atomic_t stopped;

/* accept(2) in libfcgi goes on after a signal: only a socket that is shut ends it. */
static void on_term(int number)
{
	(void)number;
	stopped = 1;
	shutdown(STDIN_FILENO, SHUT_RDWR);
}

static void catch_term(void)
{
	struct sigaction act = {.sa_handler = on_term, .sa_flags = SA_RESTART};

	sigaction(SIGTERM, &act, NULL);
	signal(SIGPIPE, SIG_IGN);
}

struct fcgi *fcgi_new(void)
{
	struct fcgi *f = calloc(1, sizeof(*f));

	if (!f)
		return NULL;
	f->is_cgi = FCGX_IsCGI();
	if (f->is_cgi) {
		/* the server ends a CGI by SIGTERM: the default is right */
		signal(SIGPIPE, SIG_IGN);
		return f;
	}
	if (FCGX_Init() != 0 || FCGX_InitRequest(&f->request, STDIN_FILENO, 0) != 0) {
		free(f);
		return NULL;
	}
	catch_term();
	return f;
}

void fcgi_free(struct fcgi *f)
{
	if (!f)
		return;
	if (!f->is_cgi)
		FCGX_Free(&f->request, 1);
	free(f);
}

bool fcgi_is_cgi(const struct fcgi *f)
{
	return f->is_cgi;
}

enum drift_err fcgi_accept(struct fcgi *f)
{
	if (f->is_cgi) {
		if (f->served)
			return DRIFT_ECLOSED;
		f->served = true;
		return DRIFT_OK;
	}
	if (stopped || FCGX_Accept_r(&f->request) < 0)
		return DRIFT_ECLOSED;
	return DRIFT_OK;
}

/* Apache's mod_cgid gives a socket, and one that is closed over bytes nobody read
   takes the answer along. So no more of the body is let in, and what is in is
   taken out. */
static void discard_body(void)
{
	char bytes[4096];

	if (shutdown(STDIN_FILENO, SHUT_RD) == 0)
		while (read(STDIN_FILENO, bytes, sizeof(bytes)) > 0)
			;
}

void fcgi_finish(struct fcgi *f)
{
	if (f->is_cgi)
		discard_body();
	else if (f->is_away)
		FCGX_Free(&f->request, 1);
	else
		FCGX_Finish_r(&f->request);
	f->is_away = false;
	if (f->is_split)
		_exit(EXIT_SUCCESS);
}

/* It ends with the program that it comes from, and has nothing to do with the socket
   on which that one listens. */
static void settle_in(pid_t parent)
{
	int nowhere = open("/dev/null", O_RDONLY);

	signal(SIGTERM, SIG_DFL);
	signal(SIGCHLD, SIG_DFL);
	if (prctl(PR_SET_PDEATHSIG, SIGTERM) < 0 || getppid() != parent || nowhere < 0 ||
	    dup2(nowhere, STDIN_FILENO) < 0)
		_exit(EXIT_FAILURE);
	close(nowhere);
}

bool fcgi_split(struct fcgi *f)
{
	pid_t parent = getpid(), pid;

	if (f->is_cgi || f->is_split)
		return true;
	signal(SIGCHLD, SIG_IGN); /* nobody waits for those that are split off */
	pid = fork();
	if (pid < 0)
		return true;
	if (pid == 0) {
		settle_in(parent);
		f->is_split = true;
		return true;
	}
	FCGX_Detach(&f->request); /* closing it here is not its end */
	f->is_away = true;
	return false;
}

/* The server waits for the end of all that a CGI program writes. */
static void leave_server(void)
{
	int nowhere = open("/dev/null", O_RDWR);

	if (setsid() < 0 || nowhere < 0 || dup2(nowhere, STDIN_FILENO) < 0 ||
	    dup2(nowhere, STDOUT_FILENO) < 0 || dup2(nowhere, STDERR_FILENO) < 0)
		_exit(EXIT_FAILURE);
	close(nowhere);
	signal(SIGTERM, SIG_DFL);
	signal(SIGCHLD, SIG_DFL);
}

bool fcgi_spawn(struct fcgi *f)
{
	pid_t parent = getpid(), pid;

	signal(SIGCHLD, SIG_IGN);
	pid = fork();
	if (pid != 0)
		return false;
	if (f->is_cgi) {
		leave_server();
	} else {
		settle_in(parent);
		close(f->request.ipcFd);
	}
	return true;
}

enum drift_err fcgi_pause(struct fcgi *f, int ms)
{
	struct pollfd end = {.fd = f->is_cgi ? STDOUT_FILENO : f->request.ipcFd};

	return poll(&end, 1, ms) > 0 ? DRIFT_ECLOSED : DRIFT_OK;
}

const char *fcgi_param(const struct fcgi *f, const char *name)
{
	return f->is_cgi ? getenv(name) : FCGX_GetParam(name, f->request.envp);
}

/* Something to read, or the end: DRIFT_EMORE when neither came in time. */
static enum drift_err wait_readable(int fd, int wait_ms)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	int n;

	do
		n = poll(&p, 1, wait_ms);
	while (n < 0 && errno == EINTR && !stopped);
	if (n == 0)
		return DRIFT_EMORE;
	return n < 0 ? DRIFT_ECLOSED : DRIFT_OK;
}

static enum drift_err read_cgi(void *data, size_t max, int wait_ms, size_t *got)
{
	enum drift_err err = wait_readable(STDIN_FILENO, wait_ms);
	ssize_t n;

	if (err)
		return err;
	do
		n = read(STDIN_FILENO, data, max);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return DRIFT_ECLOSED;
	*got = (size_t)n;
	return DRIFT_OK;
}

static bool would_wait(const FCGX_Stream *in)
{
	const struct reader *r = in->data;

	return in->rdNext == in->stop && in->stop == r->buff_stop;
}

static enum drift_err read_fcgi(struct fcgi *f, unsigned char *data, size_t max, int wait_ms,
				size_t *got)
{
	FCGX_Stream *in = f->request.in;
	enum drift_err err;
	int first, rest;

	if (would_wait(in)) {
		err = wait_readable(f->request.ipcFd, wait_ms);
		if (err)
			return err;
	}
	first = FCGX_GetChar(in);
	if (first < 0) {
		if (FCGX_GetError(in) != 0)
			return DRIFT_ECLOSED;
		*got = 0;
		return DRIFT_OK;
	}
	data[0] = (unsigned char)first;
	rest = (int)(in->stop - in->rdNext);
	if ((size_t)rest > max - 1)
		rest = (int)(max - 1);
	*got = 1 + (size_t)(rest > 0 ? FCGX_GetStr((char *)data + 1, rest, in) : 0);
	return DRIFT_OK;
}

enum drift_err fcgi_read(struct fcgi *f, void *data, size_t max, int wait_ms, size_t *got)
{
	if (max == 0) {
		*got = 0;
		return DRIFT_OK;
	}
	return f->is_cgi ? read_cgi(data, max, wait_ms, got)
			 : read_fcgi(f, data, max, wait_ms, got);
}

enum drift_err fcgi_write(struct fcgi *f, const void *data, size_t len)
{
	if (f->is_cgi)
		return io_write_all(STDOUT_FILENO, data, len) ? DRIFT_ECLOSED : DRIFT_OK;
	for (const char *p = data; len > 0;) {
		int piece = len > 65536 ? 65536 : (int)len;

		if (FCGX_PutStr(p, piece, f->request.out) != piece)
			return DRIFT_ECLOSED;
		p += piece;
		len -= (size_t)piece;
	}
	return DRIFT_OK;
}

enum drift_err fcgi_flush(struct fcgi *f)
{
	if (f->is_cgi)
		return DRIFT_OK; /* nothing is held back */
	return FCGX_FFlush(f->request.out) < 0 ? DRIFT_ECLOSED : DRIFT_OK;
}
