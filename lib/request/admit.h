/*
 * admit.h - who may do what: the API key of a request, and the track that it names.
 */
#ifndef DRIFT_REQUEST_ADMIT_H
#define DRIFT_REQUEST_ADMIT_H

#include "catalogue/db.h"
#include "catalogue/track.h"
#include "http/http.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * Checks the key of the present request, "Authorization: Bearer KEY" or
 * "X-Api-Key: KEY".
 *
 * scope  "listen" < "upload" < "admin"
 * key    the key's id; written on true only
 *
 * False: the request is answered (401, 403, or 503 when the database is away).
 */
bool admit_key(struct http *h, struct db *db, const char *scope, int64_t *key) MUST_CHECK;

/* The same of a key that came another way; NULL: there is none (401). Borrowed. */
bool admit_key_text(struct http *h, struct db *db, const char *text, const char *scope,
		    int64_t *key) MUST_CHECK;

/* Does the request's head have a key of whatever sort? */
bool key_is_sent(const struct http *h);

/*
 * Finds the track that the first segment of the request's path names, for somebody who
 * wants to hear it.
 *
 * out  written on true only; its version is 0 while nothing of it is stored
 *
 * False: the request is answered (404; 401 or 403 for a private track without a key;
 * 503 while the database is away).
 */
bool admit_track(struct http *h, struct db *db, struct track *out) MUST_CHECK;

#endif
