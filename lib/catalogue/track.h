/*
 * track.h - what a program needs to know of a track to serve it.
 */
#ifndef DRIFT_CATALOGUE_TRACK_H
#define DRIFT_CATALOGUE_TRACK_H

#include "base/err.h"
#include "base/uuid.h"
#include "catalogue/db.h"

#include <stdbool.h>

#define TRACK_NAME_MAX 64 /* bytes of a stored file's name or a media type, NUL included */

/* Names are of files in the version's folder. */
struct track {
	struct uuid id;
	int version; /* the present one; 0: nothing is stored yet */
	bool is_private;
	char source_name[TRACK_NAME_MAX];
	char source_mime[TRACK_NAME_MAX];
	char opus_name[TRACK_NAME_MAX]; /* "" while it or its sidecar is not there */
	char seekidx_name[TRACK_NAME_MAX]; /* likewise */
	bool opus_failed; /* it will not be there: its job has failed for good */
	char remux_seekidx_name[TRACK_NAME_MAX]; /* of remux.mp4; "" while that is not there */
	char remux_playlist_name[TRACK_NAME_MAX]; /* likewise */
	char remux_master_name[TRACK_NAME_MAX];
};

/* DRIFT_ENOENT (no such track), DRIFT_EDB, DRIFT_EIO. */
enum drift_err track_get(struct db *db, const struct uuid *id, struct track *out) MUST_CHECK;

#endif
