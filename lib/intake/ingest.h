/*
 * ingest.h - a whole upload becomes the source of its track's version.
 *
 * The content is probed (in the walled child, never by name), the file is
 * published read-only in its version's folder with the cover beside it, and one
 * transaction makes it the track's audio and queues the jobs.
 *
 * Killed anywhere it can be run again: until the row says stored, the upload's
 * file keeps its name (the version's folder gets a second one, a hard link),
 * and whatever was put into the folder is put there again. After that the first
 * name is only litter, which the sweep takes. On a file system without hard
 * links the file is moved, and a kill between move and row costs the upload.
 */
#ifndef DRIFT_INTAKE_INGEST_H
#define DRIFT_INTAKE_INGEST_H

#include "base/conf.h"
#include "base/err.h"
#include "catalogue/db.h"
#include "catalogue/upload.h"

/*
 * u  whole and open; its state says what became of it
 *
 * Returns
 *   DRIFT_EMEDIA   not media: u->error says why, the file is gone
 *   DRIFT_ELOCKED  another one has come for it meanwhile
 *   DRIFT_ENOENT   upload or track were deleted meanwhile
 *   DRIFT_ENOSPC, DRIFT_EIO, DRIFT_EDB  it can be tried again; u->error may say why
 */
enum drift_err ingest_run(const struct conf *conf, struct db *db, struct upload *u) MUST_CHECK;

#endif
