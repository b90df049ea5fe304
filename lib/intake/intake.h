/*
 * intake.h - what every request that brings bytes does: open the upload, take
 * the body, make a source of it once it is whole, and say how that went.
 */
#ifndef DRIFT_INTAKE_INTAKE_H
#define DRIFT_INTAKE_INTAKE_H

#include "base/conf.h"
#include "base/err.h"
#include "catalogue/db.h"
#include "catalogue/upload.h"
#include "http/http.h"
#include "http/tus.h"
#include "intake/receive.h"

#include <stdbool.h>
#include <stdint.h>

#define INTAKE_FINISH_MS 10000 /* a last request waits for one that is storing the file */

/* One request at work; all is borrowed until its end. */
struct intake {
	struct http *h;
	struct db *db;
	const struct conf *conf;
	int64_t key; /* whose request it is: the catalogue's number of the key */
};

/*
 * Takes the request's body as the bytes from u->received on. A length that was
 * unknown stays so, unless this body is the whole upload: then its end tells.
 *
 * u         not open; u->received says afterwards what is kept
 * checksum  of the body; NULL for none
 *
 * Returns
 *   DRIFT_ECONFLICT  the upload stands elsewhere by now: u->received says where
 *   and what upload_open(), receive_body() and ingest_run() return
 */
enum drift_err intake_next(const struct intake *in, struct upload *u,
			   const struct digest_value *checksum) MUST_CHECK;

/* Whose bytes, and how they are compared; all borrowed, all-zero is the body as it is. */
struct intake_body {
	const struct receive_source *source; /* NULL: the request's body */
	const struct digest_value *checksum; /* NULL: none */
};

/* The same from nothing on, with an end that says that the file is whole. */
enum drift_err intake_whole(const struct intake *in, struct upload *u,
			    const struct intake_body *body) MUST_CHECK;

/*
 * Takes the request's body as the bytes from any place on, whatever is there already.
 *
 * checksum  as above
 * to        end of what was received, on DRIFT_OK
 */
enum drift_err intake_piece(const struct intake *in, struct upload *u,
			    const struct digest_value *checksum, int64_t from,
			    int64_t *to) MUST_CHECK;

/* Reads Content-Digest (RFC 9530); checksum becomes storage, or NULL without one. False: it is not
   well-formed, and the request is answered. */
bool intake_read_digest(const struct intake *in, struct digest_value *storage,
			const struct digest_value **checksum) MUST_CHECK;

/*
 * Makes a source of an upload that has all its bytes; joins it first when it has none but
 * parts. Nothing for a part, when it is done, or when somebody is just at it (after wait_ms).
 */
enum drift_err intake_finish(const struct intake *in, struct upload *u, int wait_ms) MUST_CHECK;

/* Drift-Track, and what tus wants to know of an upload: on every answer. */
void intake_set_headers(const struct intake *in, const struct upload *u);

/* Upload-Limit; u: NULL where there is none yet. */
void intake_set_limit(const struct intake *in, const struct upload *u);

/* Removes the upload and answers so. */
void intake_delete(const struct intake *in, const struct uuid *id);

/* Answers err with the sentence that fits it; u may be NULL. */
void intake_fail(const struct intake *in, const struct upload *u, enum drift_err err);

#endif
