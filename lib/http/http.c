#include "http/http.h"

#include "base/log.h"
#include "http/fcgi.h"
#include "http/query.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define SEGMENTS_MAX 8
#define SEGMENT_MAX 255 /* bytes */
#define COOKIES_MAX 128 /* other programs of the host set theirs too */
#define HEADERS_MAX 32
#define NAME_MAX_BYTES 64
#define DETAIL_MAX 512

struct header {
	char name[NAME_MAX_BYTES];
	struct buf value;
};

struct http {
	struct fcgi *fcgi;
	/* the request */
	struct query query;
	bool query_failed; /* no memory to read it: every parameter is bad */
	char *path; /* PATH_INFO, cut at its slashes */
	const char *segment[SEGMENTS_MAX];
	int segments;
	int64_t left; /* bytes of the body still to come; -1: unknown */
	char *cookie_text; /* the Cookie header, cut into pairs */
	struct query_pair cookie[COOKIES_MAX];
	int cookies;
	struct buf site, origin;
	/* the answer */
	int status;
	struct header header[HEADERS_MAX];
	int headers;
	bool head_sent;
	http_page_fn *page; /* of failures; NULL: JSON */
};

struct http *http_new(void)
{
	struct http *h = calloc(1, sizeof(*h));

	if (!h)
		return NULL;
	h->fcgi = fcgi_new();
	if (!h->fcgi) {
		free(h);
		return NULL;
	}
	return h;
}

static void drop_headers(struct http *h)
{
	for (int i = 0; i < h->headers; i++)
		buf_clear(&h->header[i].value);
	h->headers = 0;
}

static void forget(struct http *h)
{
	query_clear(&h->query);
	free(h->path);
	h->path = NULL;
	drop_headers(h);
	free(h->cookie_text);
	h->cookie_text = NULL;
	h->cookies = 0;
	buf_clear(&h->site);
	buf_clear(&h->origin);
}

void http_free(struct http *h)
{
	if (!h)
		return;
	forget(h);
	fcgi_free(h->fcgi);
	free(h);
}

/* "/a/b" has two segments; a trailing slash adds none. */
static void split_path(struct http *h)
{
	const char *path = http_param(h, "PATH_INFO");
	char *rest, *segment;

	h->segments = 0;
	if (!path || *path != '/' || !path[1])
		return;
	h->path = strdup(path + 1);
	rest = h->path;
	if (!rest)
		h->segments = -1;
	while (rest && (segment = strsep(&rest, "/"))) {
		if (!*segment && !rest)
			break;
		if (h->segments == SEGMENTS_MAX || strlen(segment) > SEGMENT_MAX) {
			h->segments = -1;
			break;
		}
		h->segment[h->segments++] = segment;
	}
}

/* RFC 6265 section 4.2.1 */
static void split_cookies(struct http *h)
{
	const char *header = http_header(h, "Cookie");
	char *rest, *name, *value;

	h->cookie_text = header ? strdup(header) : NULL;
	rest = h->cookie_text;
	while (rest && (name = strsep(&rest, ";")) && h->cookies < COOKIES_MAX) {
		name += strspn(name, " \t");
		value = strchr(name, '=');
		if (!value)
			continue;
		*value++ = '\0';
		h->cookie[h->cookies++] = (struct query_pair){name, value};
	}
}

static void find_site(struct http *h)
{
	const char *script = http_param(h, "SCRIPT_NAME");
	const char *end = script ? strstr(script, "/cgi-bin/") : NULL;

	if (end)
		buf_add(&h->site, script, (size_t)(end - script));
}

static void find_origin(struct http *h)
{
	static const char good[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				   "0123456789.-:[]";
	const char *host = http_header(h, "Host");
	const char *https = http_param(h, "HTTPS");
	const char *scheme = http_param(h, "REQUEST_SCHEME");
	bool secure =
		(https && strcasecmp(https, "on") == 0) || (scheme && strcmp(scheme, "https") == 0);

	if (host && *host && strspn(host, good) == strlen(host))
		buf_addf(&h->origin, "%s://%s", secure ? "https" : "http", host);
}

enum drift_err http_accept(struct http *h)
{
	enum drift_err err = fcgi_accept(h->fcgi);

	if (err)
		return err;
	h->status = 200;
	h->head_sent = false;
	h->page = NULL;
	h->query_failed = query_parse(http_param(h, "QUERY_STRING"), &h->query) != DRIFT_OK;
	split_path(h);
	split_cookies(h);
	find_site(h);
	find_origin(h);
	h->left = http_content_length(h);
	return DRIFT_OK;
}

void http_finish(struct http *h)
{
	if (!h->head_sent)
		http_fail(h, DRIFT_EIO, "The program has no answer.");
	fcgi_finish(h->fcgi);
	forget(h);
}

bool http_split(struct http *h)
{
	if (fcgi_split(h->fcgi))
		return true;
	h->head_sent = true; /* by somebody else */
	return false;
}

bool http_spawn(struct http *h)
{
	return fcgi_spawn(h->fcgi);
}

/* The request. */

const char *http_method(const struct http *h)
{
	const char *method = http_param(h, "REQUEST_METHOD");

	return method ? method : "";
}

const char *http_param(const struct http *h, const char *name)
{
	return fcgi_param(h->fcgi, name);
}

/* RFC 3875 section 4.1.18; type and length of the body have no prefix. */
const char *http_header(const struct http *h, const char *name)
{
	char param[NAME_MAX_BYTES + 5] = "HTTP_";
	size_t len = strlen(name);

	if (len >= NAME_MAX_BYTES)
		return NULL;
	for (size_t i = 0; i <= len; i++)
		param[5 + i] = name[i] == '-' ? '_' : (char)toupper((unsigned char)name[i]);
	if (strcmp(param + 5, "CONTENT_TYPE") == 0 || strcmp(param + 5, "CONTENT_LENGTH") == 0)
		return http_param(h, param + 5);
	return http_param(h, param);
}

int http_segments(const struct http *h)
{
	return h->segments;
}

const char *http_segment(const struct http *h, int i)
{
	return i >= 0 && i < h->segments ? h->segment[i] : NULL;
}

const char *http_query(const struct http *h, const char *name)
{
	return query_get(&h->query, name);
}

bool http_query_bad(const struct http *h)
{
	return h->query.bad || h->query_failed;
}

const char *http_cookie(const struct http *h, const char *name)
{
	for (int i = 0; i < h->cookies; i++)
		if (strcmp(h->cookie[i].name, name) == 0)
			return h->cookie[i].value;
	return NULL;
}

bool http_cookie_at(const struct http *h, int i, const char **name, const char **value)
{
	if (i < 0 || i >= h->cookies)
		return false;
	*name = h->cookie[i].name;
	*value = h->cookie[i].value;
	return true;
}

int64_t http_content_length(const struct http *h)
{
	const char *text = http_param(h, "CONTENT_LENGTH");
	size_t len = text ? strlen(text) : 0;

	if (len == 0 || len > 18 || strspn(text, "0123456789") != len)
		return -1;
	return strtoimax(text, NULL, 10);
}

bool http_is_cgi(const struct http *h)
{
	return fcgi_is_cgi(h->fcgi);
}

const char *http_site(const struct http *h)
{
	return buf_text(&h->site);
}

const char *http_origin(const struct http *h)
{
	return buf_text(&h->origin);
}

enum drift_err http_read(struct http *h, void *data, size_t max, int wait_ms, size_t *got)
{
	enum drift_err err;
	size_t n = 0;

	if (h->left >= 0 && (int64_t)max > h->left)
		max = (size_t)h->left;
	err = fcgi_read(h->fcgi, data, max, wait_ms, &n);
	if (err)
		return err;
	if (n == 0 && h->left > 0)
		return DRIFT_ECLOSED;
	if (h->left > 0)
		h->left -= (int64_t)n;
	*got = n;
	return DRIFT_OK;
}

enum drift_err http_read_body(struct http *h, size_t max, struct buf *out)
{
	char piece[4096];
	size_t taken = 0, got = 0;
	enum drift_err err;

	if (h->left > 0 && (uint64_t)h->left > max)
		return DRIFT_ELARGE;
	do {
		err = http_read(h, piece, sizeof(piece), 30000, &got);
		if (err)
			return err == DRIFT_EMORE ? DRIFT_ECLOSED : err;
		taken += got;
		if (taken > max)
			return DRIFT_ELARGE;
		buf_add(out, piece, got);
	} while (got > 0);
	return buf_ok(out) ? DRIFT_OK : DRIFT_ENOMEM;
}

/* The answer. */

void http_set_status(struct http *h, int status)
{
	h->status = status;
}

static void remove_header(struct http *h, int i)
{
	buf_clear(&h->header[i].value);
	h->headers--;
	memmove(&h->header[i], &h->header[i + 1], (size_t)(h->headers - i) * sizeof(h->header[0]));
}

void http_set_header(struct http *h, const char *name, const char *fmt, ...)
{
	struct buf value = {0};
	char text[4096];
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (len < 0 || (size_t)len >= sizeof(text) || strpbrk(text, "\r\n") ||
	    strlen(name) >= NAME_MAX_BYTES || h->headers == HEADERS_MAX) {
		log_warning("http: header %s was dropped: too long, too many or with a line end",
			    name);
		return;
	}
	for (int i = h->headers - 1; i >= 0; i--)
		if (strcasecmp(h->header[i].name, name) == 0 && strcasecmp(name, "Set-Cookie") != 0)
			remove_header(h, i);
	buf_add(&value, text, (size_t)len);
	snprintf(h->header[h->headers].name, NAME_MAX_BYTES, "%s", name);
	h->header[h->headers++].value = value;
}

void http_forget_headers(struct http *h)
{
	drop_headers(h);
}

static enum drift_err send_head(struct http *h)
{
	struct buf head = {0};
	enum drift_err err;

	h->head_sent = true;
	buf_addf(&head, "Status: %d %s\r\n", h->status, problem_title(h->status));
	for (int i = 0; i < h->headers; i++)
		buf_addf(&head, "%s: %s\r\n", h->header[i].name, buf_text(&h->header[i].value));
	buf_add_text(&head, "\r\n");
	err = buf_ok(&head) ? fcgi_write(h->fcgi, head.data, head.len) : DRIFT_ECLOSED;
	buf_clear(&head);
	return err;
}

void http_send(struct http *h, const char *mime, const void *data, size_t len)
{
	http_set_header(h, "Content-Type", "%s", mime);
	http_set_header(h, "Content-Length", "%zu", len);
	if (send_head(h) != DRIFT_OK || strcmp(http_method(h), "HEAD") == 0)
		return;
	if (fcgi_write(h->fcgi, data, len) != DRIFT_OK)
		return; /* the client left: nobody to tell */
}

void http_send_empty(struct http *h)
{
	if (h->status != 204 && h->status != 304)
		http_set_header(h, "Content-Length", "0");
	if (send_head(h) != DRIFT_OK)
		return; /* the client left: nobody to tell */
}

void http_hand_over(struct http *h)
{
	if (send_head(h) != DRIFT_OK)
		return; /* the client left: nobody to tell */
}

enum drift_err http_write(struct http *h, const void *data, size_t len)
{
	enum drift_err err = h->head_sent ? DRIFT_OK : send_head(h);

	if (!err && strcmp(http_method(h), "HEAD") != 0)
		err = fcgi_write(h->fcgi, data, len);
	return err ? err : fcgi_flush(h->fcgi);
}

enum drift_err http_flush(struct http *h)
{
	return fcgi_flush(h->fcgi);
}

enum drift_err http_pause(struct http *h, int ms)
{
	return fcgi_pause(h->fcgi, ms);
}

static bool is_kept_on_failure(const char *name)
{
	static const char *const prefixes[] = {"Tus-", "Upload-", "Drift-", "Access-Control-"};
	static const char *const names[] = {"Accept-Patch", "Allow", "Content-Range", "Retry-After",
					    "WWW-Authenticate"};

	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
		if (strncasecmp(name, prefixes[i], strlen(prefixes[i])) == 0)
			return true;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcasecmp(name, names[i]) == 0)
			return true;
	return false;
}

static bool has_header(const struct http *h, const char *name)
{
	for (int i = 0; i < h->headers; i++)
		if (strcasecmp(h->header[i].name, name) == 0)
			return true;
	return false;
}

static void send_problem(struct http *h, const struct problem *p, const char *detail)
{
	struct buf body = {0};
	const char *mime = h->page ? "text/html; charset=utf-8" : "application/problem+json";

	if (h->page)
		h->page(h, p, detail, &body);
	else
		problem_write(p, detail, &body);
	http_send(h, mime, buf_text(&body), body.len);
	buf_clear(&body);
}

static void fail(struct http *h, enum drift_err err, const struct problem *p, const char *detail)
{
	if (h->head_sent || err == DRIFT_ECLOSED) {
		h->head_sent = true;
		return; /* too late, or nobody reads it */
	}
	for (int i = h->headers - 1; i >= 0; i--)
		if (!is_kept_on_failure(h->header[i].name))
			remove_header(h, i);
	h->status = p->status;
	if (p->status == 401 && !has_header(h, "WWW-Authenticate"))
		http_set_header(h, "WWW-Authenticate", "Bearer realm=\"drift\"");
	if (p->status == 503 && !has_header(h, "Retry-After"))
		http_set_header(h, "Retry-After", "5");
	http_set_header(h, "Cache-Control", "no-store");
	send_problem(h, p, detail);
}

void http_fail(struct http *h, enum drift_err err, const char *fmt, ...)
{
	const struct problem p = problem_of(err);
	char detail[DETAIL_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(detail, sizeof(detail), fmt, ap);
	va_end(ap);
	fail(h, err, &p, detail);
}

void http_fail_as(struct http *h, enum drift_err err, const struct problem *p, const char *detail)
{
	fail(h, err, p, detail);
}

void http_fail_on_page(struct http *h, http_page_fn *page)
{
	h->page = page;
}

void http_send_options(struct http *h, const char *allow)
{
	http_set_header(h, "Allow", "%s", allow);
	http_set_status(h, 204);
	http_send_empty(h);
}

void http_fail_method(struct http *h, const char *allow)
{
	http_set_header(h, "Allow", "%s", allow);
	http_fail(h, DRIFT_EMETHOD, "This method is not known here; see Allow.");
}

bool http_admit_read(struct http *h)
{
	static const char allow[] = "GET, HEAD, OPTIONS";
	const char *method = http_method(h);

	if (strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0)
		return true;
	if (strcmp(method, "OPTIONS") == 0)
		http_send_options(h, allow);
	else
		http_fail_method(h, allow);
	return false;
}

bool http_answered(const struct http *h)
{
	return h->head_sent;
}
