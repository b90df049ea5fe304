/*
 * concat.h - a joined upload gets its bytes from its parts.
 *
 * The file system copies them (it only notes where they are, where it can). What is
 * copied is acknowledged as it would be if it came from a client, so whoever comes next
 * goes on where a killed program stopped.
 */
#ifndef DRIFT_INTAKE_CONCAT_H
#define DRIFT_INTAKE_CONCAT_H

#include "base/conf.h"
#include "base/err.h"
#include "catalogue/db.h"
#include "catalogue/upload.h"

/*
 * u  joined, not open; has all its bytes on DRIFT_OK
 *
 * Returns
 *   DRIFT_ELOCKED  another one is at it
 *   DRIFT_EGONE    a part is not here any more: u has failed, u->error says so
 *   DRIFT_ENOSPC, DRIFT_EIO, DRIFT_EDB
 */
enum drift_err concat_run(const struct conf *conf, struct db *db, struct upload *u) MUST_CHECK;

/* The parts of an upload that is a source by now are not needed any more. */
void concat_drop_parts(const struct conf *conf, struct db *db, const struct upload *u);

#endif
