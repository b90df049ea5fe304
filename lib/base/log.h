/*
 * log.h - lines on standard error, which every server and cron collects.
 *
 *     2026-03-01T12:00:00Z upload.fcgi[812] error: store: open …: No space …
 *
 * One line an event; control characters in it are replaced by '?', so that
 * no stranger's text can forge a line. Lines longer than 2,000 bytes are cut.
 */
#ifndef DRIFT_BASE_LOG_H
#define DRIFT_BASE_LOG_H

/* program: copied, at most 31 bytes. Without it lines say "drift". */
void log_init(const char *program);

void log_info(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_warning(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* An error with strerror(errno) behind it; errno is kept. */
void log_errno(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
