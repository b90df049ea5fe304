/*
 * remuxfiles.h - the four files of a version that was repackaged: remux.mp4, its sidecar,
 * remux.m3u8 and master.m3u8, whoever has made them.
 *
 * All lie in the version's folder before the first row names one; the row of remux.mp4 comes last.
 */
#ifndef DRIFT_MAKE_REMUXFILES_H
#define DRIFT_MAKE_REMUXFILES_H

#include "base/err.h"
#include "catalogue/growth.h"
#include "catalogue/job.h"
#include "mp4/remux.h"

#include <stdint.h>

#define REMUXFILES_MP4 "remux.mp4"
#define REMUXFILES_SIDECAR "remux.seekidx"
#define REMUXFILES_PLAYLIST "remux.m3u8"
#define REMUXFILES_MASTER "master.m3u8"

/*
 * Lets all before fragments->offset be heard.
 *
 * Returns DRIFT_ENOSPC, DRIFT_EIO (logged), DRIFT_ENOMEM. That the catalogue is away is none.
 */
enum drift_err remuxfiles_tell(struct growth *g, struct db *db, enum remux_growth growth,
			       const struct fragments *fragments,
			       const struct fragments_file *file) MUST_CHECK;

/* Makes one row. */
typedef enum drift_err (*remuxfiles_row)(void *context, const struct job_artifact *row);

/*
 * Publishes the files of g, of which m was made.
 *
 * source_mtime_us  of the version's source
 *
 * Returns DRIFT_ENOSPC, DRIFT_EIO (logged), DRIFT_ENOMEM, and what row returned.
 */
enum drift_err remuxfiles_publish(struct growth *g, const struct remux_result *m,
				  int64_t source_mtime_us, remuxfiles_row row,
				  void *context) MUST_CHECK;

#endif
