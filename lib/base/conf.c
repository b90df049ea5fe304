#include "base/conf.h"

#include "base/log.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FALLBACK_PATH "/etc/drift/drift.conf"
#define BLANKS " \t\r\n\v\f"

enum type { TEXT, INTEGER, YESNO, HANDOVER };

struct row {
	const char *key;
	enum type type;
	size_t at; /* offset in struct conf */
	const char *fallback; /* NULL: must be given */
	int64_t min, max; /* of an INTEGER */
	const char *unit;
};

#define AT(field) offsetof(struct conf, field)

static const struct row table[] = {
	{"web_dsn", TEXT, AT(web_dsn), NULL, 0, 0, "libpq conninfo"},
	{"worker_dsn", TEXT, AT(worker_dsn), NULL, 0, 0, "libpq conninfo"},
	{"store", TEXT, AT(store), NULL, 0, 0, "folder"},
	{"media", TEXT, AT(media), NULL, 0, 0, "folder"},
	{"decode_program", TEXT, AT(decode_program), "/usr/local/lib/drift/drift-decode", 0, 0,
	 "path"},
	{"lock", TEXT, AT(lock), "/var/tmp/drift-transcoder.lock", 0, 0, "path"},
	{"handover", HANDOVER, AT(handover), "auto", 0, 0, "auto, sendfile, redirect or copy"},
	{"max_upload_bytes", INTEGER, AT(max_upload_bytes), "21474836480", 1, INT64_MAX, "bytes"},
	{"upload_expires_hours", INTEGER, AT(upload_expires_hours), "48", 1, 8760, "hours"},
	{"max_duration_hours", INTEGER, AT(max_duration_hours), "24", 1, 240, "hours"},
	{"opus_kbits", INTEGER, AT(opus_kbits), "320", 32, 510, "kbit/s"},
	{"opus_vbr", YESNO, AT(opus_vbr), "no", 0, 0, "yes or no"},
	{"threads", INTEGER, AT(threads), "0", 0, 256, "threads"},
	{"lease_seconds", INTEGER, AT(lease_seconds), "60", 5, 3600, "seconds"},
	{"job_attempts", INTEGER, AT(job_attempts), "3", 1, 100, "attempts"},
	{"decode_memory_mb", INTEGER, AT(decode_memory_mb), "256", 64, 16384, "MiB"},
	{"decode_seconds", INTEGER, AT(decode_seconds), "600", 10, 86400,
	 "CPU seconds per hour of audio"},
	{"private_hours", INTEGER, AT(private_hours), "12", 1, 8760, "hours"},
};

#define ROWS ((int)(sizeof(table) / sizeof(table[0])))

struct reading {
	const char *path;
	struct conf *conf;
	int line; /* from 1 */
	bool given[sizeof(table) / sizeof(table[0])];
	bool failed;
};

static bool set_text(char *field, const char *value)
{
	return snprintf(field, CONF_TEXT_MAX, "%s", value) < CONF_TEXT_MAX;
}

static bool set_integer(int64_t *field, const struct row *row, const char *value)
{
	char *end;
	int64_t v;

	errno = 0;
	v = strtoimax(value, &end, 10);
	if (errno || end == value || *end || v < row->min || v > row->max)
		return false;
	*field = v;
	return true;
}

static bool set_yesno(bool *field, const char *value)
{
	if (strcmp(value, "yes") != 0 && strcmp(value, "no") != 0)
		return false;
	*field = strcmp(value, "yes") == 0;
	return true;
}

static bool set_handover(enum conf_handover *field, const char *value)
{
	static const char *const words[] = {"auto", "sendfile", "redirect", "copy"};

	for (int i = 0; i < 4; i++) {
		if (strcmp(value, words[i]) == 0) {
			*field = (enum conf_handover)i;
			return true;
		}
	}
	return false;
}

static bool set(struct conf *conf, const struct row *row, const char *value)
{
	void *field = (char *)conf + row->at;

	switch (row->type) {
	case TEXT:
		return set_text(field, value);
	case INTEGER:
		return set_integer(field, row, value);
	case YESNO:
		return set_yesno(field, value);
	case HANDOVER:
		return set_handover(field, value);
	}
	return false;
}

static void take_pair(struct reading *r, const char *key, const char *value)
{
	for (int i = 0; i < ROWS; i++) {
		if (strcmp(key, table[i].key) != 0)
			continue;
		r->given[i] = true;
		if (!set(r->conf, &table[i], value)) {
			log_error("conf: %s: line %d: %s takes %s, not '%s'", r->path, r->line, key,
				  table[i].unit, value);
			r->failed = true;
		}
		return;
	}
	log_error("conf: %s: line %d: unknown key %s", r->path, r->line, key);
	r->failed = true;
}

/* In place: blanks around the text go. */
static char *trim(char *text)
{
	char *end;

	text += strspn(text, BLANKS);
	end = text + strlen(text);
	while (end > text && strchr(BLANKS, end[-1]))
		*--end = '\0';
	return text;
}

/* What follows the first '=' is the value to the line's end: a conninfo has '=', ';' and '#'
   in it, in passwords too. */
static void take_line(struct reading *r, char *line)
{
	char *key = trim(line), *equals = strchr(key, '=');

	if (!*key || *key == '#' || *key == ';')
		return;
	if (*key == '[') {
		log_error("conf: %s: line %d: no %s: the file has no sections", r->path, r->line,
			  key);
		r->failed = true;
	} else if (!equals) {
		log_error("conf: %s: line %d is not 'key = value'", r->path, r->line);
		r->failed = true;
	} else {
		*equals = '\0';
		take_pair(r, trim(key), trim(equals + 1));
	}
}

static void take_file(struct reading *r, FILE *in)
{
	char *line = NULL;
	size_t room = 0;

	for (r->line = 1; getline(&line, &room, in) >= 0; r->line++)
		take_line(r, line);
	if (ferror(in)) {
		log_errno("conf: read %s", r->path);
		r->failed = true;
	}
	free(line);
}

enum drift_err conf_read(const char *path, struct conf *out)
{
	struct conf conf = {0};
	struct reading r = {.path = path, .conf = &conf};
	FILE *in;

	for (int i = 0; i < ROWS; i++)
		if (table[i].fallback && !set(&conf, &table[i], table[i].fallback))
			return DRIFT_EINVAL;
	in = fopen(path, "re");
	if (!in) {
		log_errno("conf: %s", path);
		return DRIFT_ENOENT;
	}
	take_file(&r, in);
	fclose(in);
	for (int i = 0; i < ROWS; i++) {
		if (!table[i].fallback && !r.given[i]) {
			log_error("conf: %s: %s is missing", path, table[i].key);
			r.failed = true;
		}
	}
	if (r.failed)
		return DRIFT_EINVAL;
	*out = conf;
	return DRIFT_OK;
}

enum drift_err conf_load(struct conf *out)
{
	const char *path = getenv("DRIFT_CONF");
	char own[PATH_MAX];
	ssize_t len;
	char *slash;

	if (path && *path)
		return conf_read(path, out);
	len = readlink("/proc/self/exe", own, sizeof(own) - 16);
	if (len > 0) {
		own[len] = '\0';
		slash = strrchr(own, '/');
		if (slash) {
			memcpy(slash + 1, "drift.conf", sizeof("drift.conf"));
			if (access(own, R_OK) == 0)
				return conf_read(own, out);
		}
	}
	return conf_read(FALLBACK_PATH, out);
}

struct conf_path conf_program(const struct conf *conf, const char *name)
{
	const char *slash = strrchr(conf->decode_program, '/');
	int folder = slash ? (int)(slash - conf->decode_program) + 1 : 0;
	struct conf_path path;

	snprintf(path.text, sizeof(path.text), "%.*s%s", folder, conf->decode_program, name);
	return path;
}

bool conf_row(int i, const char **key, const char **fallback, const char **unit)
{
	if (i < 0 || i >= ROWS)
		return false;
	*key = table[i].key;
	*fallback = table[i].fallback ? table[i].fallback : "";
	*unit = table[i].unit;
	return true;
}
