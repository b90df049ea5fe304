/*
 * delivery.h - a file of a track's version on its way to the listener.
 *
 * The web server sends the bytes wherever it can be told to (conf "handover"): by
 * X-Sendfile, or by an internal redirect to the version's capability path. Conditional
 * requests are decided here, by the file's size and time, which is what the servers
 * would look at too.
 */
#ifndef DRIFT_SERVE_DELIVERY_H
#define DRIFT_SERVE_DELIVERY_H

#include "base/buf.h"
#include "base/conf.h"
#include "base/err.h"
#include "catalogue/db.h"
#include "catalogue/store.h"
#include "catalogue/track.h"
#include "http/filebody.h"
#include "http/http.h"
#include "request/service.h"

#include <stdbool.h>
#include <stdint.h>

/* One request's; all is borrowed. */
struct delivery {
	struct http *h;
	struct db *db;
	const struct conf *conf;
	struct service *service; /* for its secret */
};

struct delivery delivery_of(struct service *s);

/* Has a new process go on with it, where the answer takes long: as service_split(). */
bool delivery_split(struct delivery *d) MUST_CHECK;

/*
 * Answers with a file.
 *
 * name  of a file in the version's folder
 * mime  under an internal redirect the server takes its own, by the name's extension
 * twin  path on this site, and query, under which this very request reaches the program as
 *       plain CGI, for a server that makes FastCGI wait for slow readers; NULL: none
 *
 * Headers that are set already go out with it. When it fails the request is
 * answered too (500, 503).
 */
void delivery_send(struct delivery *d, const struct track *t, const char *name, const char *mime,
		   const char *twin);

/* The same for what never changes under its URL: it may be kept for ever. */
void delivery_send_fixed(struct delivery *d, const struct track *t, const char *name,
			 const char *mime);

/*
 * Hands a request with a long answer to the program as plain CGI (twin), where the server
 * makes FastCGI wait for slow readers. False: the answer is the caller's.
 */
bool delivery_pass_on(struct delivery *d, int64_t bytes, const char *twin) MUST_CHECK;

/*
 * Answers with what is made as it is sent, by a process of its own where that can be.
 *
 * body  has a maker
 * twin  as above
 *
 * True: another process, forked from this one, is at it.
 */
bool delivery_send_made(struct delivery *d, const struct track *t, const struct filebody *body,
			const char *twin);

/*
 * Sends the client to a file under its capability, where others that the file names
 * lie beside it (302). When it fails the request is answered too.
 */
void delivery_send_elsewhere(struct delivery *d, const struct track *t, const char *name);

/*
 * The track's version under its capability: makes the link if it is not there.
 *
 * Returns DRIFT_EDB, DRIFT_EIO, DRIFT_ENOSPC.
 */
enum drift_err delivery_link(struct delivery *d, const struct track *t,
			     struct store_token *out) MUST_CHECK;

/* Answers with a few bytes that are made for the request; their tag comes from the content. */
void delivery_send_bytes(struct delivery *d, const struct track *t, const char *mime,
			 const struct buf *bytes);
/* Answers with JSON that is made for the request; its tag comes from the content. */
void delivery_send_json(struct delivery *d, const struct track *t, const struct buf *json);

#endif
