/*
 * reprdigest.h - the digest of a whole file, told before it comes: kept with its upload, compared
 * once all bytes are there.
 *
 * Source: RFC 9530 section 3 (Repr-Digest).
 */
#ifndef DRIFT_INTAKE_REPRDIGEST_H
#define DRIFT_INTAKE_REPRDIGEST_H

#include "base/buf.h"
#include "base/conf.h"
#include "base/err.h"
#include "catalogue/db.h"
#include "catalogue/upload.h"
#include "http/http.h"

#include <stdbool.h>

/* Writes the request's Repr-Digest, if there is one, as metadata of an upload (JSON). False: it
   is not well-formed, or there is no memory, and the request is answered. */
bool reprdigest_read(struct http *h, struct buf *metadata) MUST_CHECK;

/*
 * Compares a whole upload, open to read, with what was told of it.
 *
 * Returns
 *   DRIFT_ECHECKSUM  it differs: u->error says so, the file is gone
 *   DRIFT_EDB, DRIFT_EIO, DRIFT_ENOMEM
 */
enum drift_err reprdigest_check(const struct conf *conf, struct db *db,
				struct upload *u) MUST_CHECK;

#endif
