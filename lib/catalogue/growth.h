/*
 * growth.h - the fragmented MP4 of a version while it is made, for those who hear it meanwhile.
 *
 * Three files in the version's folder, under names of their own, since what stands under the
 * final ones never changes: growing.mp4, to which whole fragments are added, its sidecar and its
 * EVENT playlist, which are replaced. Whoever makes it holds a lock on growing.mp4, so that it is
 * made once, whatever processes and hosts want it. When it is whole remux.mp4 is a second name of
 * it; the first ones stay for players in the middle, until the sweep takes them.
 */
#ifndef DRIFT_CATALOGUE_GROWTH_H
#define DRIFT_CATALOGUE_GROWTH_H

#include "base/conf.h"
#include "base/err.h"
#include "base/uuid.h"
#include "catalogue/db.h"
#include "catalogue/store.h"
#include "media/remux.h"

#include <stdbool.h>
#include <stdint.h>

#define GROWTH_FILE "growing.mp4"
#define GROWTH_SIDECAR "growing.seekidx"
#define GROWTH_PLAYLIST "growing.m3u8"

struct growth {
	int fd; /* of growing.mp4, open for reading and writing; -1: none */
	const struct conf *conf; /* borrowed */
	struct uuid track;
	int version;
	bool is_told; /* somebody may be hearing it */
	bool is_kept; /* it was published */
};

#define GROWTH_NONE ((struct growth){.fd = -1})

/*
 * Begins it: what somebody left who was killed is removed.
 *
 * out  the caller's to growth_end(), written on DRIFT_OK only
 *
 * Returns DRIFT_ELOCKED when somebody is making it; DRIFT_ENOSPC, DRIFT_EIO (logged).
 */
enum drift_err growth_open(const struct conf *conf, const struct uuid *track, int version,
			   struct growth *out) MUST_CHECK;

/*
 * Lets all before fragments->offset be heard: replaces sidecar and playlist, and has the catalogue
 * say so.
 *
 * Returns DRIFT_ENOSPC, DRIFT_EIO (logged), DRIFT_ENOMEM. That the catalogue is away is none.
 */
enum drift_err growth_tell(struct growth *g, struct db *db, enum remux_growth growth,
			   const struct fragments *fragments,
			   const struct fragments_file *file) MUST_CHECK;

/*
 * It is whole: gives it its final name as well, and holds it still.
 *
 * name      that one; what was there is replaced
 * mtime_us  microseconds since 1970
 *
 * Returns DRIFT_ENOSPC or DRIFT_EIO (logged).
 */
enum drift_err growth_publish(struct growth *g, const char *name, int64_t mtime_us) MUST_CHECK;

/* Lets it go, with all that is there of it unless it was published; fine on none. */
void growth_end(struct growth *g, struct db *db);

/* Removes what is left of it where nobody is making it: who did was killed. */
void growth_clean(const struct conf *conf, const struct uuid *track, int version);

#endif
