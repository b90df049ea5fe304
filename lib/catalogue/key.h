/*
 * key.h - who may do what: the API key of a request.
 */
#ifndef DRIFT_CATALOGUE_KEY_H
#define DRIFT_CATALOGUE_KEY_H

#include "catalogue/db.h"
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
bool key_admit(struct http *h, struct db *db, const char *scope, int64_t *key) MUST_CHECK;

/* The same of a key that came another way; NULL: there is none (401). Borrowed. */
bool key_admit_text(struct http *h, struct db *db, const char *text, const char *scope,
		    int64_t *key) MUST_CHECK;

/* Does the request's head have a key of whatever sort? */
bool key_is_sent(const struct http *h);

#endif
