/*
 * receive.h - a request's body into an upload's file.
 *
 * Constant memory; every acknowledged byte is on the disk. A long body is
 * acknowledged every second and every RECEIVE_STEP bytes, so that whatever
 * kills the program takes little of it away, and so that it can be heard meanwhile.
 */
#ifndef DRIFT_INTAKE_RECEIVE_H
#define DRIFT_INTAKE_RECEIVE_H

#include "base/conf.h"
#include "base/err.h"
#include "catalogue/db.h"
#include "catalogue/upload.h"
#include "http/http.h"
#include "http/tus.h"

#include <stddef.h>
#include <stdint.h>

#define RECEIVE_STEP ((int64_t)32 << 20) /* bytes */
#define RECEIVE_IDLE_MS 120000 /* a sender that is silent for so long has left */

/* Where bytes come from that are only a part of the request's body. */
struct receive_source {
	/* As http_read(), with 0 bytes at the end of the part; what else it returns ends it. */
	enum drift_err (*read)(void *context, void *data, size_t max, int wait_ms, size_t *got);
	void *context;
};

struct receive {
	const struct conf *conf; /* borrowed */
	const struct receive_source *source; /* NULL: the body is all of it. Borrowed */
	int64_t from; /* of the upload: where the body belongs */
	int64_t limit; /* the upload's bytes may reach this far, and no further */
	const struct digest_value *checksum; /* of the body; NULL for none. Borrowed */
	int64_t kept; /* out: up to here what came is kept; from when nothing is */
};

/*
 * Takes the body from r->from on; u is open there (upload_open()). r->kept says in the
 * end what is kept, whatever is returned: all that came, but nothing of a body that has
 * a checksum and fails it or breaks off. A body that is all of the upload leaves its
 * digest in u->sha256.
 *
 * Returns
 *   DRIFT_EMORE      the body ended before Content-Length, or nothing came for
 *                    RECEIVE_IDLE_MS
 *   DRIFT_ECLOSED    the client left
 *   DRIFT_ELARGE     there is more behind limit
 *   DRIFT_ECHECKSUM
 *   DRIFT_ENOMEM, what a source returns, and what upload_acknowledge() returns
 */
enum drift_err receive_body(struct http *h, struct db *db, struct upload *u,
			    struct receive *r) MUST_CHECK;

#endif
