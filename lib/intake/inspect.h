/*
 * inspect.h - what an upload is, before all of it is there.
 *
 * The walled child is given a file in memory that has the upload's first bytes and no
 * others, so it reads nothing that is not there; or, when the end has come too, one of
 * the upload's length with nothing between both, for formats whose index is at the end
 * (the child measures those by the index). What it says goes into the catalogue and
 * counts until the whole file says it exactly.
 */
#ifndef DRIFT_INTAKE_INSPECT_H
#define DRIFT_INTAKE_INSPECT_H

#include "base/conf.h"
#include "catalogue/db.h"
#include "catalogue/upload.h"

#define INSPECT_HEAD_MAX ((int64_t)16 << 20) /* bytes looked at, from 0 on */
#define INSPECT_TAIL_MAX ((int64_t)16 << 20) /* and of those that end where the upload ends */

/*
 * Looks at what is acknowledged of u, which is open.
 *
 * That it cannot be told yet, or could not be looked at, is no fault of the upload: it is
 * logged where it is one of ours, and u goes on.
 */
void inspect_run(const struct conf *conf, struct db *db, const struct upload *u);

#endif
