/*
 * growth.h - an artifact of a version while it is made, for those who hear it meanwhile.
 *
 * It has names of its own in the version's folder, since what stands under the final ones never
 * changes: the file itself, to which whole fragments or pages are added, and what is told of it,
 * which is replaced. When it is whole the final name is a second one of the same file; the
 * first ones stay for players in the middle, until the sweep takes them.
 */
#ifndef DRIFT_CATALOGUE_GROWTH_H
#define DRIFT_CATALOGUE_GROWTH_H

#include "base/buf.h"
#include "base/conf.h"
#include "base/err.h"
#include "base/uuid.h"
#include "catalogue/db.h"
#include "catalogue/store.h"

#include <stdbool.h>
#include <stdint.h>

/* What grows. The web servers know these names by their beginning: nobody keeps such a file. */
struct growth_kind {
	const char *kind; /* of the artifact, as the catalogue has it */
	const char *noun; /* for sentences */
	const char *mime;
	const char *file, *sidecar;
	const char *playlist; /* of type EVENT; NULL: it has none */
	bool resumes; /* after a kill somebody goes on with what is there */
};

extern const struct growth_kind growth_mp4, growth_opus;

struct growth {
	const struct growth_kind *kind; /* NULL: none */
	int fd; /* of a file that is its own, open for reading and writing; -1: it is not */
	struct store_path part; /* of one that it joined */
	const struct conf *conf; /* borrowed */
	struct uuid track;
	int version;
	bool is_told; /* somebody may be hearing it */
	bool is_silent; /* nobody can */
	bool is_kept; /* it stays */
};

#define GROWTH_NONE ((struct growth){.fd = -1})

/*
 * Begins a file that is thrown away if it does not become whole: what somebody left who was
 * killed is removed. Whoever makes it holds a lock on it, so that it is made once, whatever
 * processes and hosts want it.
 *
 * out  the caller's to growth_end(), written on DRIFT_OK only
 *
 * Returns DRIFT_ELOCKED when somebody is making it; DRIFT_ENOSPC, DRIFT_EIO (logged).
 */
enum drift_err growth_open(const struct conf *conf, const struct uuid *track, int version,
			   const struct growth_kind *kind, struct growth *out) MUST_CHECK;

/*
 * Joins a file that the caller makes, and publishes, under other names; the growing one is a
 * second name of it, from when it is told of. Where files can have but one, nobody hears it.
 *
 * part  its path; copied
 * out   the caller's to growth_end()
 */
void growth_join(const struct conf *conf, const struct uuid *track, int version,
		 const struct growth_kind *kind, const char *part, struct growth *out);

/* What there is of it. All borrowed. */
struct growth_news {
	const struct buf *sidecar;
	const struct buf *playlist; /* NULL where there is none */
	const char *codec; /* as a MIME type has it */
	int64_t delay; /* samples before the first one heard */
	int width, height; /* of moving pictures, pixels; else 0 */
};

/*
 * Lets be heard what news says: replaces sidecar and playlist, and has the catalogue say so.
 *
 * Returns DRIFT_ENOSPC, DRIFT_EIO (logged). That the catalogue is away is none.
 */
enum drift_err growth_tell(struct growth *g, struct db *db,
			   const struct growth_news *news) MUST_CHECK;

/*
 * A file of its own is whole: gives it its final name as well, and holds it still.
 *
 * name      that one; what was there is replaced
 * mtime_us  microseconds since 1970
 *
 * Returns DRIFT_ENOSPC or DRIFT_EIO (logged).
 */
enum drift_err growth_publish(struct growth *g, const char *name, int64_t mtime_us) MUST_CHECK;

/* What was heard of it stays: it is whole, or part of what will be. */
void growth_keep(struct growth *g);

/* Lets it go, with all that is there of it unless it stays, or a file that it joined is there
   still, which others go on with; fine on none. */
void growth_end(struct growth *g, struct db *db);

/* Removes what is left of any kind where nobody is making it: who did was killed. */
void growth_clean(const struct conf *conf, const struct uuid *track, int version);

#endif
