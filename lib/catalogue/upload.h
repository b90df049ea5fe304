/*
 * upload.h - a transfer that becomes a source: its row and its growing file.
 *
 * The row says what is acknowledged, the file holds at least that. One writer
 * at a time: the file's lock (flock) keeps two programs from writing at once,
 * the row's writer number tells a writer that another has come for its place.
 * A dead connection's program holds the lock until it notices; it looks at its number at
 * every acknowledgement and whenever nothing arrives.
 */
#ifndef DRIFT_CATALOGUE_UPLOAD_H
#define DRIFT_CATALOGUE_UPLOAD_H

#include "base/conf.h"
#include "base/err.h"
#include "base/uuid.h"
#include "catalogue/db.h"

#include <stdbool.h>
#include <stdint.h>

#define UPLOAD_LENGTH_UNKNOWN (-1)
#define UPLOAD_TAKE_MS 10000 /* how long a writer waits for the one before it */

enum upload_state {
	UPLOAD_RECEIVING,
	UPLOAD_STORING, /* whole; being probed and moved to its place */
	UPLOAD_STORED,
	UPLOAD_FAILED, /* not media: error says why */
};

struct upload {
	struct uuid id;
	struct uuid track; /* that it becomes a version of */
	int version;
	int64_t length; /* bytes; UPLOAD_LENGTH_UNKNOWN when deferred */
	int64_t received; /* bytes acknowledged, from 0 on without a gap */
	int64_t expires; /* seconds since 1970 */
	enum upload_state state;
	char error[512]; /* a sentence, once failed */
	int writer; /* number of the present writer */
	int fd; /* -1 unless opened */
};

/*
 * Makes a row, and the track's if none is given.
 *
 * key       of the catalogue's api_key
 * track     whose audio is replaced; NULL for a new track
 * length    bytes or UPLOAD_LENGTH_UNKNOWN
 * name      as the client calls the file: a title of last resort
 * metadata  a JSON object; "" for none
 *
 * Returns
 *   DRIFT_ENOENT  no such track
 *   DRIFT_ELARGE  length is over the limit
 *   DRIFT_EMEDIA  length is 0
 *   DRIFT_ENOSPC  the store has no room for so much
 *   DRIFT_EDB, DRIFT_EIO
 */
enum drift_err upload_create(const struct conf *conf, struct db *db, int64_t key,
			     const struct uuid *track, int64_t length, const char *name,
			     const char *metadata, struct upload *out) MUST_CHECK;

/* DRIFT_ENOENT, DRIFT_EGONE (expired), DRIFT_EDB. */
enum drift_err upload_get(struct db *db, const struct uuid *id, struct upload *out) MUST_CHECK;

bool upload_is_whole(const struct upload *u);

/* The length of an upload that was made without one; a second call with
   another length is DRIFT_EINVAL or DRIFT_ECONFLICT. Else as upload_create(). */
enum drift_err upload_set_length(const struct conf *conf, struct db *db, struct upload *u,
				 int64_t length) MUST_CHECK;

/*
 * Opens the file to write, once the writer before has left; the row is read
 * again, since that one may have acknowledged more.
 *
 * Returns DRIFT_ELOCKED when it does not leave within UPLOAD_TAKE_MS, or when
 * somebody else came for the place meanwhile; DRIFT_ECONFLICT when it has got all bytes;
 * DRIFT_ENOSPC, DRIFT_EIO, and what upload_get() returns. The file is the caller's to
 * upload_close().
 */
enum drift_err upload_open(const struct conf *conf, struct db *db, struct upload *u) MUST_CHECK;

/*
 * Opens the file of a whole upload to read, to do what its last writer did not
 * come to. Whoever is at it is left alone: DRIFT_ELOCKED after wait_ms.
 */
enum drift_err upload_open_whole(const struct conf *conf, struct db *db, struct upload *u,
				 int wait_ms) MUST_CHECK;

/* Gives the lock back; fine on what is not open. */
void upload_close(struct upload *u);

/* Reserves bytes at offset where the file system can; the file does not grow.
   DRIFT_ENOSPC, DRIFT_EIO. */
enum drift_err upload_reserve(const struct upload *u, int64_t offset, int64_t bytes) MUST_CHECK;

/* Gives back what is reserved behind the file's end. Only where nobody else can write to it:
   without locks another writer's bytes might just be added there. */
void upload_release(const struct upload *u);

/*
 * Acknowledges all bytes before `to`: they are on the disk first (fdatasync),
 * in the row then. With to == received it only asks whether this is still the writer.
 *
 * Returns DRIFT_ELOCKED when another writer has come, DRIFT_ENOENT when the upload
 * was deleted, DRIFT_ENOSPC, DRIFT_EIO, DRIFT_EDB: nothing more was acknowledged.
 */
enum drift_err upload_acknowledge(struct db *db, struct upload *u, int64_t to) MUST_CHECK;

/* The row says failed and why, the file is gone. */
void upload_fail(const struct conf *conf, struct db *db, struct upload *u, const char *reason);

/* Row and file are gone; a writer notices soon. */
enum drift_err upload_delete(const struct conf *conf, struct db *db,
			     const struct uuid *id) MUST_CHECK;

#endif
