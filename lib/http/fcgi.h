/*
 * fcgi.h - bytes of a request in, bytes of an answer out, over FastCGI or plain
 * CGI (edge: the only place that includes libfcgi).
 *
 * How the server starts the program decides: descriptor 0 is a listening socket
 * (FastCGI: any number of requests) or the one request's body (CGI).
 */
#ifndef DRIFT_HTTP_FCGI_H
#define DRIFT_HTTP_FCGI_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fcgi; /* one program's loop; used by one thread; one exists at most */

/* Installs the SIGTERM handler: the present request is finished, then
   fcgi_accept() ends the loop. NULL when out of memory. */
struct fcgi *fcgi_new(void);
void fcgi_free(struct fcgi *f); /* NULL is fine */

bool fcgi_is_cgi(const struct fcgi *f);

/* Waits for a request. DRIFT_ECLOSED: there are no more. */
enum drift_err fcgi_accept(struct fcgi *f) MUST_CHECK;
/* Sends what is buffered and ends the request. */
void fcgi_finish(struct fcgi *f);

/*
 * Has a new process go on with the request, so that this one is free for the next.
 *
 * True: this is the process that goes on; it ends in fcgi_finish(). That is the present
 * one under plain CGI, and where no process can be made. False: the request is out
 * of these hands, and only fcgi_finish() follows. What the processes share (a
 * connection to the database) stays with the old one.
 */
bool fcgi_split(struct fcgi *f) MUST_CHECK;

/*
 * Has a new process do what outlasts the request, which stays with this one.
 *
 * True: this is the new process. It has nothing of the request, and is to end by _exit(); under
 * FastCGI it ends with the program that it comes from. False: this is the old one, or none could
 * be made. What the processes share stays with the old one.
 */
bool fcgi_spawn(struct fcgi *f) MUST_CHECK;

/* Waits; DRIFT_ECLOSED as soon as the server has closed its end. */
enum drift_err fcgi_pause(struct fcgi *f, int ms) MUST_CHECK;

/* A CGI variable (RFC 3875 section 4.1) or NULL; borrowed until fcgi_finish(). */
const char *fcgi_param(const struct fcgi *f, const char *name);

/*
 * Reads some of the body.
 *
 * got  0 at the end of the body
 *
 * Returns
 *   DRIFT_EMORE    nothing came for wait_ms
 *   DRIFT_ECLOSED  the client left
 */
enum drift_err fcgi_read(struct fcgi *f, void *data, size_t max, int wait_ms,
			 size_t *got) MUST_CHECK;

/* DRIFT_ECLOSED when the client left. */
enum drift_err fcgi_write(struct fcgi *f, const void *data, size_t len) MUST_CHECK;
enum drift_err fcgi_flush(struct fcgi *f) MUST_CHECK;

#endif
