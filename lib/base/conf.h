/*
 * conf.h - the configuration file: every setting, its type and its default.
 *
 * One `key = value` a line, no sections; a line that begins with '#' or ';' is a
 * comment, behind a value there is none. Documented in etc/drift.conf;
 * tests/unit/test_conf.c holds table and file to each other. Only the file's path
 * comes from the environment.
 */
#ifndef DRIFT_BASE_CONF_H
#define DRIFT_BASE_CONF_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

#define CONF_TEXT_MAX 1024 /* bytes of a value, NUL included */

enum conf_handover {
	CONF_HANDOVER_AUTO, /* by SERVER_SOFTWARE */
	CONF_HANDOVER_SENDFILE, /* X-Sendfile: an absolute path */
	CONF_HANDOVER_REDIRECT, /* Location: a path on this site */
	CONF_HANDOVER_COPY, /* the program sends the bytes: last resort */
};

struct conf {
	char web_dsn[CONF_TEXT_MAX]; /* libpq conninfo of the programs */
	char worker_dsn[CONF_TEXT_MAX]; /* libpq conninfo of the transcoder */
	char store[CONF_TEXT_MAX]; /* folder of sources and artifacts */
	char media[CONF_TEXT_MAX]; /* served folder of the token links */
	char decode_program[CONF_TEXT_MAX]; /* path of drift-decode */
	char lock[CONF_TEXT_MAX]; /* file; one transcoder a host */
	enum conf_handover handover;
	int64_t max_upload_bytes; /* largest source taken */
	int64_t upload_expires_hours; /* an unfinished upload is kept that long */
	int64_t max_duration_hours; /* longest source taken, of audio */
	int64_t opus_kbits; /* kbit/s of stereo; mono gets half */
	bool opus_vbr; /* no: hard CBR, every byte known beforehand */
	int64_t threads; /* that encode; 0: as many as there are cores */
	int64_t lease_seconds; /* a job without heartbeat is free after it */
	int64_t job_attempts; /* then it is failed */
	int64_t decode_memory_mb; /* MiB of data one walled child may have */
	int64_t decode_seconds; /* CPU seconds of a child per hour of audio */
	int64_t private_hours; /* a private track's media link lives that long */
};

/*
 * Reads the file at path over the defaults; logs each fault with its line.
 *
 * Returns
 *   DRIFT_ENOENT   no such file, or not readable
 *   DRIFT_EINVAL   an unknown key, a value of the wrong form or out of range,
 *                  or a key without default that is missing
 */
enum drift_err conf_read(const char *path, struct conf *out) MUST_CHECK;

/*
 * Finds the file and reads it: $DRIFT_CONF, else drift.conf in the program's
 * own folder (a shared host; .htaccess denies it to the web), else
 * /etc/drift/drift.conf.
 */
enum drift_err conf_load(struct conf *out) MUST_CHECK;

/* Path of another of our programs, which stands beside drift-decode. */
struct conf_path {
	char text[CONF_TEXT_MAX];
};
struct conf_path conf_program(const struct conf *conf, const char *name);

/* The i-th key, its default as text ("" for none) and its unit, for the test
   that compares the table with etc/drift.conf. False past the end. */
bool conf_row(int i, const char **key, const char **fallback, const char **unit);

#endif
