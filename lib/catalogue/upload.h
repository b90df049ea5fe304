/*
 * upload.h - a transfer that becomes a source: its row and its growing file.
 *
 * The row says which bytes are acknowledged, in whatever order they came; the file holds
 * at least those. No two writers are at the same bytes: locks of the file (of ranges, by
 * open file description) keep two programs from writing them at once, numbers in the
 * catalogue tell a writer that another has come for its place. A dead connection's
 * program holds its lock until it notices; it looks at its number at every
 * acknowledgement and whenever nothing arrives.
 */
#ifndef DRIFT_CATALOGUE_UPLOAD_H
#define DRIFT_CATALOGUE_UPLOAD_H

#include "base/conf.h"
#include "base/err.h"
#include "base/uuid.h"
#include "catalogue/db.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UPLOAD_LENGTH_UNKNOWN (-1)
#define UPLOAD_END_UNKNOWN                                                                         \
	INT64_MAX /* of bytes of which no more is known than where they begin                      \
		   */
#define UPLOAD_TAKE_MS 10000 /* how long a writer waits for the one before it */

enum upload_kind {
	UPLOAD_SINGLE,
	UPLOAD_PART, /* belongs to no track, until it is joined with others */
	UPLOAD_JOINED,
};

enum upload_state {
	UPLOAD_RECEIVING,
	UPLOAD_STORING, /* whole; being probed and moved to its place */
	UPLOAD_STORED,
	UPLOAD_FAILED, /* not media: error says why */
};

struct upload {
	struct uuid id;
	enum upload_kind kind;
	struct uuid track; /* that it becomes a version of; all-zero of a part */
	int version;
	int64_t length; /* bytes; UPLOAD_LENGTH_UNKNOWN when deferred */
	int64_t received; /* bytes acknowledged, from 0 on without a gap */
	int64_t reach; /* end of the last byte acknowledged, behind gaps too */
	int64_t expires; /* seconds since 1970 */
	enum upload_state state;
	char error[512]; /* a sentence, once failed, or after a fault of this host */
	char sha256[65]; /* hexadecimal, if one request brought all of it; else "" */
	bool is_probe_due; /* said by an acknowledgement: see inspect.h */
	int writer; /* number of its present opener; 0 unless opened */
	int fd; /* -1 unless opened */
};

/* What a client says of a new upload; all borrowed. */
struct upload_wish {
	int64_t key; /* of the catalogue's api_key: whose it is */
	const struct uuid *track; /* whose audio is replaced; NULL for a new track */
	int64_t length; /* bytes or UPLOAD_LENGTH_UNKNOWN */
	const char *name; /* as the client calls the file: a title of last resort */
	const char *metadata; /* a JSON object; "" for none */
};

/*
 * Makes a row, and the track's if none is given.
 *
 * Returns
 *   DRIFT_ENOENT  no such track
 *   DRIFT_ELARGE  length is over the limit
 *   DRIFT_EMEDIA  length is 0
 *   DRIFT_ENOSPC  the store has no room for so much
 *   DRIFT_EDB, DRIFT_EIO
 */
enum drift_err upload_create(const struct conf *conf, struct db *db, const struct upload_wish *wish,
			     struct upload *out) MUST_CHECK;

/* A part, which may be empty; track and name do not count. Else as upload_create(). */
enum drift_err upload_create_part(const struct conf *conf, struct db *db,
				  const struct upload_wish *wish, struct upload *out) MUST_CHECK;

/*
 * One that consists of parts, none of whose bytes it has yet (concat.h); the wish's
 * length does not count.
 *
 * parts  ids of whole parts of the same key, in order
 *
 * Returns
 *   DRIFT_EINVAL     one of them is no part
 *   DRIFT_ECONFLICT  one is not whole yet
 *   and what upload_create() does
 */
enum drift_err upload_join(const struct conf *conf, struct db *db, const struct upload_wish *wish,
			   const struct uuid *parts, size_t count, struct upload *out) MUST_CHECK;

/* DRIFT_ENOENT, DRIFT_EGONE (expired), DRIFT_EDB. */
enum drift_err upload_get(struct db *db, const struct uuid *id, struct upload *out) MUST_CHECK;

bool upload_is_whole(const struct upload *u);

/* The length of an upload that was made without one; a second call with
   another length is DRIFT_EINVAL or DRIFT_ECONFLICT. Else as upload_create(). */
enum drift_err upload_set_length(const struct conf *conf, struct db *db, struct upload *u,
				 int64_t length) MUST_CHECK;

/*
 * Opens the file to write the bytes [from, to), once whoever writes one of them has left;
 * the row is read again, since that one may have acknowledged more. to may be
 * UPLOAD_END_UNKNOWN.
 *
 * Returns DRIFT_ELOCKED when another one does not leave within UPLOAD_TAKE_MS, or when
 * somebody else came for the place meanwhile; DRIFT_ECONFLICT when all bytes are there;
 * DRIFT_ENOSPC, DRIFT_EIO, and what upload_get() returns. The file is the caller's to
 * upload_close().
 */
enum drift_err upload_open(const struct conf *conf, struct db *db, struct upload *u, int64_t from,
			   int64_t to) MUST_CHECK;

/*
 * Opens the file of a whole upload to read, for the one that makes a source of it; who
 * still writes is pushed out. Whoever is at that already is left alone: DRIFT_ELOCKED
 * after wait_ms.
 */
enum drift_err upload_open_whole(const struct conf *conf, struct db *db, struct upload *u,
				 int wait_ms) MUST_CHECK;

/* Opens the file to read what is acknowledged, whoever writes. DRIFT_EIO also when it has
   become a source meanwhile. */
enum drift_err upload_open_read(const struct conf *conf, const struct uuid *id, int *fd) MUST_CHECK;

/* Gives locks and number back; fine on what is not open. */
void upload_close(struct db *db, struct upload *u);

/* Reserves bytes at offset where the file system can; the file does not grow.
   DRIFT_ENOSPC, DRIFT_EIO. */
enum drift_err upload_reserve(const struct upload *u, int64_t offset, int64_t bytes) MUST_CHECK;

/* Gives back what is reserved behind the file's end. Only where nobody else can write to it:
   without locks another writer's bytes might just be added there. */
void upload_release(const struct upload *u);

/*
 * Acknowledges the bytes [from, to): they are on the disk first (fdatasync), in the row
 * then. With to == from it only asks whether this is still the writer.
 *
 * Returns DRIFT_ELOCKED when another writer has come, DRIFT_ENOENT when the upload
 * was deleted, DRIFT_ECONFLICT when there are too many gaps, DRIFT_ENOSPC, DRIFT_EIO,
 * DRIFT_EDB: nothing more was acknowledged.
 */
enum drift_err upload_acknowledge(struct db *db, struct upload *u, int64_t from,
				  int64_t to) MUST_CHECK;

/* The row says failed and why, the file is gone. */
void upload_fail(const struct conf *conf, struct db *db, struct upload *u, const char *reason);

/* Row and file are gone; a writer notices soon. */
enum drift_err upload_delete(const struct conf *conf, struct db *db,
			     const struct uuid *id) MUST_CHECK;

#endif
