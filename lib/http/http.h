/*
 * http.h - one request and its answer, over FastCGI or plain CGI.
 *
 * The programs see this only. fcgi.c (edge: the only place that includes
 * libfcgi) fills it; under plain CGI the same calls read the environment,
 * descriptor 0 and descriptor 1.
 */
#ifndef DRIFT_HTTP_HTTP_H
#define DRIFT_HTTP_HTTP_H

#include "base/buf.h"
#include "base/conf.h"
#include "base/err.h"
#include "http/problem.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct http; /* one program's loop: the present request and its answer */

/* Sets up SIGTERM (finish the present request, then end) and FastCGI or CGI.
   NULL when out of memory. */
struct http *http_new(void);
void http_free(struct http *h); /* NULL is fine */

/* Waits for a request. Anything but DRIFT_OK ends the loop (SIGTERM, or the
   one request of plain CGI is answered). */
enum drift_err http_accept(struct http *h) MUST_CHECK;

/* Sends what is still to be sent and forgets the request. */
void http_finish(struct http *h);

/*
 * Has a new process go on with the request, where the answer takes long: this one is
 * free for the next. As fcgi_split(): on false only http_finish() follows.
 */
bool http_split(struct http *h) MUST_CHECK;

/* Has a new process do what outlasts the request: as fcgi_spawn(). */
bool http_spawn(struct http *h) MUST_CHECK;

/* --- the request; texts are borrowed until http_finish() --------------- */

const char *http_method(const struct http *h); /* "GET" …, never NULL */
/* A CGI parameter ("PATH_INFO") or NULL. */
const char *http_param(const struct http *h, const char *name);
/* A request header by its field name ("If-None-Match") or NULL. */
const char *http_header(const struct http *h, const char *name);
/* Segments of PATH_INFO, decoded by the server: "/a/b" has 2. More than 8, or
   one longer than 255 bytes: the count is -1. A trailing slash adds none. */
int http_segments(const struct http *h);
const char *http_segment(const struct http *h, int i); /* NULL past the end */
/*
 * A query parameter, percent-decoded; NULL when absent. The first one wins.
 * A value with NUL or bad %XX reads as absent and http_query_bad() is true.
 */
const char *http_query(const struct http *h, const char *name);
bool http_query_bad(const struct http *h);
const char *http_cookie(const struct http *h, const char *name); /* or NULL */
/* The i-th cookie as it came; false past the end. */
bool http_cookie_at(const struct http *h, int i, const char **name, const char **value);
/* -1 when absent or malformed */
int64_t http_content_length(const struct http *h);
/* Does the program run for this one request only? */
bool http_is_cgi(const struct http *h);
/* What stands before "/cgi-bin/<program>.fcgi" in this site's URLs, "" at the
   root; to build links to the other programs. */
const char *http_site(const struct http *h);
/* scheme://host of the request, for absolute URLs; "" if the Host is odd. */
const char *http_origin(const struct http *h);

/*
 * Reads some of the body into data, as it arrives.
 *
 * got  bytes read; 0 at the end of the body
 *
 * Returns
 *   DRIFT_EMORE    nothing came for wait_ms (the caller may ask again)
 *   DRIFT_ECLOSED  the client left before the end
 */
enum drift_err http_read(struct http *h, void *data, size_t max, int wait_ms,
			 size_t *got) MUST_CHECK;

/* A whole small body into out (appended). DRIFT_ELARGE past max. */
enum drift_err http_read_body(struct http *h, size_t max, struct buf *out) MUST_CHECK;

/* --- the answer --------------------------------------------------------- */

/* Status 200 unless set. Headers before the body; CR and LF in a value are
   refused by dropping the header and logging it. */
void http_set_status(struct http *h, int status);
void http_set_header(struct http *h, const char *name, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Of the answer: all that were set. */
void http_forget_headers(struct http *h);

/* A whole answer. HEAD sends headers only, with the length of data. */
void http_send(struct http *h, const char *mime, const void *data, size_t len);
/* Headers and no body: 204, 304, 201 … */
void http_send_empty(struct http *h);
/* Headers that make the server find the body: X-Sendfile, or Location alone. */
void http_hand_over(struct http *h);
/* Pieces of a long body, after http_set_header(Content-Length); the first one
   sends the headers. DRIFT_ECLOSED when the client left. */
enum drift_err http_write(struct http *h, const void *data, size_t len) MUST_CHECK;
/* What was written goes out now, and not when a buffer is full. Likewise. */
enum drift_err http_flush(struct http *h) MUST_CHECK;
/* Waits for more to write; DRIFT_ECLOSED as soon as the server gives the client up, which it
   need not do before something is to be sent. */
enum drift_err http_pause(struct http *h, int ms) MUST_CHECK;

/*
 * application/problem+json (RFC 9457) for err: the status from one table, a
 * title of ours, and detail: one plain sentence, never a path, a query or a
 * stack. Drops headers set before (but keeps Tus-*, Upload-*, Drift-*, Allow,
 * Content-Range, Retry-After, WWW-Authenticate); adds Retry-After to 503 and WWW-Authenticate to
 * 401.
 */
void http_fail(struct http *h, enum drift_err err, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* The same with a problem type of its own. detail: one plain sentence. */
void http_fail_as(struct http *h, enum drift_err err, const struct problem *p, const char *detail);

/* Writes a whole HTML page that says what went wrong. */
typedef void http_page_fn(const struct http *h, const struct problem *p, const char *detail,
			  struct buf *out);
/* What fails from here on answers this request with a page instead of JSON. */
void http_fail_on_page(struct http *h, http_page_fn *page);
/* 204 and 405, with Allow. */
void http_send_options(struct http *h, const char *allow);
void http_fail_method(struct http *h, const char *allow);
/* Is it GET or HEAD? False: it is answered, OPTIONS and all others as above. */
bool http_admit_read(struct http *h) MUST_CHECK;

bool http_answered(const struct http *h);

#endif
