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

#endif
