#include "http/multipart.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum state {
	BEFORE, /* the first delimiter */
	BODY,
	BEHIND, /* a delimiter: what follows says whether it is the last one */
	LAST, /* a "-" behind it */
	PADDING, /* blanks up to the line's end */
	LINE_END, /* its CR was there */
	HEAD,
};

/* --- the boundary ---------------------------------------------------------------------- */

static bool is_boundary(const char *text, size_t len)
{
	static const char good[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				   "'()+_,-./:=? ";

	return len > 0 && len <= MULTIPART_BOUNDARY_MAX && text[len - 1] != ' ' &&
	       strspn(text, good) >= len;
}

/* The value of boundary=; NULL: there is none. */
static const char *find_boundary(const char *type, size_t *len)
{
	for (const char *p = strchr(type, ';'); p; p = strchr(p, ';')) {
		p += 1 + strspn(p + 1, " \t");
		if (strncasecmp(p, "boundary=", 9) != 0)
			continue;
		p += 9;
		*len = *p == '"' ? strcspn(p + 1, "\"") : strcspn(p, "; \t");
		return *p == '"' ? p + 1 : p;
	}
	return NULL;
}

enum drift_err multipart_init(struct multipart *m, const char *type)
{
	size_t len = 0;
	const char *boundary = find_boundary(type, &len);

	if (!boundary || !is_boundary(boundary, len))
		return DRIFT_EINVAL;
	m->state = BEFORE;
	m->delimiter_len = (size_t)snprintf(m->delimiter, sizeof(m->delimiter), "\r\n--%.*s",
					    (int)len, boundary);
	m->matched = 2; /* the first one may stand at the very beginning */
	m->head_len = 0;
	m->part = (struct disposition){0};
	return DRIFT_OK;
}

/* --- a part's header fields -------------------------------------------------------------- */

/* HTML, 4.10.21.8: browsers and curl write these three so. */
static void decode_filename(char *text)
{
	static const struct {
		const char *code;
		char c;
	} codes[] = {{"%22", '"'}, {"%0D", '\r'}, {"%0A", '\n'}};
	char *to = text;

	for (const char *p = text; *p; p++) {
		*to = *p;
		for (size_t i = 0; *p == '%' && i < sizeof(codes) / sizeof(codes[0]); i++) {
			if (strncasecmp(p, codes[i].code, 3) == 0) {
				*to = codes[i].c;
				p += 2;
			}
		}
		to++;
	}
	*to = '\0';
}

/* One line of the head, without its end. False: a wrong disposition. */
static bool read_field(const char *line, struct disposition *out)
{
	static const char name[] = "Content-Disposition:";

	if (strncasecmp(line, name, sizeof(name) - 1) != 0)
		return true;
	return disposition_parse(line + sizeof(name) - 1, out) == DRIFT_OK;
}

/* The head ends in an empty line; it is cut at its lines' ends. */
static enum drift_err read_head(struct multipart *m)
{
	struct disposition part = {0};

	if (memchr(m->head, '\0', m->head_len))
		return DRIFT_EFORMAT;
	m->head[m->head_len] = '\0';
	for (char *line = m->head, *end; (end = strstr(line, "\r\n")); line = end + 2) {
		*end = '\0';
		if (!read_field(line, &part))
			return DRIFT_EFORMAT;
	}
	if (strcmp(part.type, "form-data") != 0 || !*part.name)
		return DRIFT_EFORMAT;
	decode_filename(part.filename);
	m->part = part;
	return DRIFT_OK;
}

static bool is_head_whole(const struct multipart *m)
{
	return (m->head_len == 2 && memcmp(m->head, "\r\n", 2) == 0) ||
	       (m->head_len >= 4 && memcmp(m->head + m->head_len - 4, "\r\n\r\n", 4) == 0);
}

static enum drift_err take_head(struct multipart *m, char c, enum multipart_event *out)
{
	enum drift_err err;

	if (m->head_len == MULTIPART_HEAD_MAX)
		return DRIFT_ELARGE;
	m->head[m->head_len++] = c;
	if (!is_head_whole(m))
		return DRIFT_OK;
	err = read_head(m);
	if (err)
		return err;
	m->state = BODY;
	m->matched = 0;
	*out = MULTIPART_PART;
	return DRIFT_OK;
}

/* --- what is between ------------------------------------------------------------------------ */

/* What stands behind a delimiter, up to the end of its line. */
static enum drift_err take_behind(struct multipart *m, char c, enum multipart_event *out)
{
	if (m->state == BEHIND && c == '-') {
		m->state = LAST;
	} else if (m->state == LAST && c == '-') {
		*out = MULTIPART_END;
	} else if (m->state == LINE_END && c == '\n') {
		m->state = HEAD;
		m->head_len = 0;
	} else if ((m->state == BEHIND || m->state == PADDING) && c == '\r') {
		m->state = LINE_END;
	} else if ((m->state == BEHIND || m->state == PADDING) && (c == ' ' || c == '\t')) {
		m->state = PADDING;
	} else {
		return DRIFT_EFORMAT;
	}
	return DRIFT_OK;
}

/* How far a piece is surely of the part: up to what may be the beginning of a delimiter. */
static size_t count_plain(const uint8_t *at, size_t len)
{
	const uint8_t *found = memchr(at, '\r', len);

	return found ? (size_t)(found - at) : len;
}

static void set_data(struct multipart *m, const void *data, size_t len, enum multipart_event *out)
{
	m->data = data;
	m->len = len;
	*out = MULTIPART_DATA;
}

/*
 * Goes on with a delimiter that has begun. A boundary has no CR in it, so none can begin within
 * another: what was no delimiter is of the part, and the byte that showed it is looked at anew.
 */
static void match(struct multipart *m, const uint8_t **at, size_t *len, enum multipart_event *out)
{
	while (*len > 0 && m->matched < m->delimiter_len &&
	       **at == (uint8_t)m->delimiter[m->matched]) {
		m->matched++;
		++*at;
		--*len;
	}
	if (m->matched == m->delimiter_len) {
		*out = m->state == BODY ? MULTIPART_PART_END : MULTIPART_MORE;
		m->state = BEHIND;
		m->matched = 0;
	} else if (*len > 0) {
		set_data(m, m->delimiter, m->matched, out);
		m->matched = 0;
	}
}

/* Bytes of a part, or before all of them. */
static void take_body(struct multipart *m, const uint8_t **at, size_t *len,
		      enum multipart_event *out)
{
	size_t plain = m->matched == 0 ? count_plain(*at, *len) : 0;

	if (plain == 0) {
		match(m, at, len, out);
		return;
	}
	set_data(m, *at, plain, out);
	*at += plain;
	*len -= plain;
}

/* Whatever comes before the first part belongs to none. */
static enum drift_err drop(struct multipart *m, enum multipart_event *event)
{
	if (m->state != BEFORE || *event != MULTIPART_DATA)
		return DRIFT_OK;
	*event = MULTIPART_MORE;
	m->head_len += m->len;
	return m->head_len > MULTIPART_HEAD_MAX ? DRIFT_ELARGE : DRIFT_OK;
}

static enum drift_err step(struct multipart *m, const uint8_t **at, size_t *len,
			   enum multipart_event *out)
{
	char c;

	if (m->state == BEFORE || m->state == BODY) {
		take_body(m, at, len, out);
		return drop(m, out);
	}
	c = (char)*(*at)++;
	--*len;
	return m->state == HEAD ? take_head(m, c, out) : take_behind(m, c, out);
}

enum drift_err multipart_next(struct multipart *m, const uint8_t **at, size_t *len,
			      enum multipart_event *out)
{
	enum multipart_event event = MULTIPART_MORE;
	enum drift_err err = DRIFT_OK;

	while (!err && *len > 0 && event == MULTIPART_MORE)
		err = step(m, at, len, &event);
	if (!err)
		*out = event;
	return err;
}
