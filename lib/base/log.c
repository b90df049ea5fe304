#include "base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LINE_MAX_BYTES 2000

/* Who speaks: set once at start, before any thread. */
static char speaker[32] = "drift";

void log_init(const char *program)
{
	snprintf(speaker, sizeof(speaker), "%s", program);
}

/* One write(2) a line, so that lines of several processes do not mix. */
static void emit(const char *level, const char *fmt, va_list ap, const char *reason)
{
	char line[LINE_MAX_BYTES + 2], when[32];
	struct timespec now;
	struct tm utc;
	size_t len;
	int n;

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &utc);
	strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", &utc);
	n = snprintf(line, LINE_MAX_BYTES, "%s %s[%ld] %s", when, speaker, (long)getpid(), level);
	len = (size_t)n;
	n = vsnprintf(line + len, LINE_MAX_BYTES - len, fmt, ap);
	if (n > 0)
		len += (size_t)n;
	if (len >= LINE_MAX_BYTES)
		len = LINE_MAX_BYTES - 1;
	if (reason) {
		n = snprintf(line + len, LINE_MAX_BYTES - len, ": %s", reason);
		if (n > 0)
			len += (size_t)n;
		if (len >= LINE_MAX_BYTES)
			len = LINE_MAX_BYTES - 1;
	}
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)line[i] < 0x20 || line[i] == 0x7F)
			line[i] = '?';
	line[len++] = '\n';
	if (write(STDERR_FILENO, line, len) < 0)
		return; /* nowhere left to say it */
}

void log_info(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	emit("", fmt, ap, NULL);
	va_end(ap);
}

void log_warning(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	emit("warning: ", fmt, ap, NULL);
	va_end(ap);
}

void log_error(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	emit("error: ", fmt, ap, NULL);
	va_end(ap);
}

void log_errno(const char *fmt, ...)
{
	int saved = errno;
	va_list ap;

	va_start(ap, fmt);
	emit("error: ", fmt, ap, strerror(saved));
	va_end(ap);
	errno = saved;
}
