/*
 * artifact.h - a derived file on its way into a version's folder.
 *
 * Written beside as ".<name>.part-<x>", published whole: read-only, with
 * an mtime that is fixed by the source's and by what the file is made with
 * (it is half of the ETag), fsync, rename. A part file is one worker's own, or shared:
 * then x is what it is made with, several may fill it, and it outlives them.
 */
#ifndef DRIFT_CATALOGUE_ARTIFACT_H
#define DRIFT_CATALOGUE_ARTIFACT_H

#include "base/buf.h"
#include "base/conf.h"
#include "base/err.h"
#include "base/uuid.h"
#include "catalogue/store.h"

#include <stdbool.h>
#include <stdint.h>

#define ARTIFACT_PART ".part-" /* in the name of every unfinished file */

struct artifact {
	int fd; /* open for reading and writing; -1 once published, left or dropped */
	bool shared;
	struct store_path part;
	struct store_path path;
};

/*
 * Makes a part file of one's own. Part files of the same artifact that others left are
 * removed: whoever holds the job's lease is the only one at work.
 *
 * name    of the published file
 * worker  letters, digits and '-'
 * out     the caller's to artifact_publish() or artifact_drop(), written on
 *         DRIFT_OK only
 *
 * Returns DRIFT_ENOSPC or DRIFT_EIO (logged).
 */
enum drift_err artifact_open(const struct conf *conf, const struct uuid *track, int version,
			     const char *name, const char *worker, struct artifact *out) MUST_CHECK;

/*
 * Opens the shared part file, as others have left it or fill it now; an empty one when there
 * is none. Those that are made with anything else are removed.
 *
 * fingerprint  0 to 999,999: of what it is made with
 * out          as above, or to artifact_leave()
 *
 * Returns DRIFT_ENOSPC or DRIFT_EIO (logged).
 */
enum drift_err artifact_join(const struct conf *conf, const struct uuid *track, int version,
			     const char *name, int32_t fingerprint,
			     struct artifact *out) MUST_CHECK;

/*
 * Puts it in its place; what was there under its name is replaced.
 *
 * mtime_us  microseconds since 1970
 *
 * Returns DRIFT_ENOSPC or DRIFT_EIO (logged); the part file is gone then.
 */
enum drift_err artifact_publish(struct artifact *a, int64_t mtime_us) MUST_CHECK;

/* Removes the part file, a shared one unless others are at work on it; nothing once it was
   published, left or dropped. */
void artifact_drop(struct artifact *a);
/* Leaves a shared part file to whoever joins it next; likewise. */
void artifact_leave(struct artifact *a);

/*
 * Writes a small file whole and puts it in its place.
 *
 * worker  as above
 *
 * Returns DRIFT_ENOSPC or DRIFT_EIO (logged).
 */
enum drift_err artifact_put(const struct conf *conf, const struct uuid *track, int version,
			    const char *name, const char *worker, const struct buf *bytes,
			    int64_t mtime_us) MUST_CHECK;

/*
 * Puts a small file in its place unless one of that name is there, which stays.
 *
 * Returns DRIFT_ENOSPC or DRIFT_EIO (logged).
 */
enum drift_err artifact_put_first(const struct conf *conf, const struct uuid *track, int version,
				  const char *name, const struct buf *bytes,
				  int64_t mtime_us) MUST_CHECK;

/*
 * Is there room for so many more bytes in the store, and 16 MiB to spare?
 *
 * free_bytes  what a program without privileges may still write
 *
 * Returns DRIFT_ENOSPC when not, DRIFT_EIO (logged) when nobody can tell.
 */
enum drift_err artifact_room(const struct conf *conf, int64_t bytes,
			     int64_t *free_bytes) MUST_CHECK;

/*
 * The mtime of an artifact: the source's second, and what it is made with.
 *
 * fingerprint  0 to 999,999
 */
int64_t artifact_mtime_us(int64_t source_mtime_us, int32_t fingerprint);

#endif
