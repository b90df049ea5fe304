/*
 * cover.h - the picture of a track's version: the one inside its source, or one that was sent for
 * the track, which stays whatever audio follows. Beside it lies a small one for lists.
 *
 * A picture never changes under its name: what is served under it may be kept for ever.
 */
#ifndef DRIFT_MAKE_COVER_H
#define DRIFT_MAKE_COVER_H

#include "base/buf.h"
#include "base/conf.h"
#include "base/err.h"
#include "base/uuid.h"
#include "catalogue/db.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define COVER_NAME_MAX 48 /* bytes, NUL included */
#define COVER_REASON_MAX 160 /* likewise */

/* Names are of files in the version's folder. */
struct cover {
	char name[COVER_NAME_MAX]; /* "": there is none */
	char small[COVER_NAME_MAX]; /* "" where none could be made */
	const char *mime; /* image/jpeg, image/png; NULL: there is none */
};

const char *cover_mime(const char *name); /* of a stored one: image/jpeg, image/png */

/* A file's whole bytes, which nobody else has looked at yet. */
struct cover_picture {
	const void *data; /* borrowed */
	size_t len;
	const char *stem; /* of its names: "cover" */
	int64_t mtime_us; /* it gets */
};

/*
 * Puts a picture into the version's folder, and a small one, which is made of it behind walls.
 *
 * out     written on DRIFT_OK only
 * reason  completes "The picture cannot be taken: ", on DRIFT_EMEDIA
 *
 * Returns DRIFT_EMEDIA (nothing is kept), DRIFT_ENOSPC, DRIFT_EIO (both logged), DRIFT_ENOMEM.
 */
enum drift_err cover_store(const struct conf *conf, const struct uuid *track, int version,
			   const struct cover_picture *picture, struct cover *out,
			   char reason[COVER_REASON_MAX]) MUST_CHECK;

/*
 * Carries the picture that was chosen by hand over to another version, or that there is to be none.
 *
 * version   its folder is there
 * is_chosen  false: nobody has chosen; out is as it was
 *
 * Returns DRIFT_EDB, DRIFT_ENOSPC, DRIFT_EIO (logged), DRIFT_ENOMEM.
 */
enum drift_err cover_carry(const struct conf *conf, struct db *db, const struct uuid *track,
			   int version, struct cover *out, bool *is_chosen) MUST_CHECK;

/* The track's present one; names are "" where there is none. DRIFT_ENOENT, DRIFT_EDB, DRIFT_EIO. */
enum drift_err cover_get(struct db *db, const struct uuid *track, struct cover *out) MUST_CHECK;

#endif
