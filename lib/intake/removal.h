/*
 * removal.h - a track goes: its rows, its links, its files, and what is still coming in;
 * or only the links by which everybody hears it.
 */
#ifndef DRIFT_INTAKE_REMOVAL_H
#define DRIFT_INTAKE_REMOVAL_H

#include "base/conf.h"
#include "base/err.h"
#include "base/uuid.h"
#include "catalogue/db.h"

/*
 * The rows first: from then on nobody finds the track, and an upload that ends meanwhile
 * puts nothing in its place. Files that cannot be removed are logged and left to the sweep.
 *
 * Returns DRIFT_ENOENT (no such track), DRIFT_EDB, DRIFT_EIO.
 */
enum drift_err removal_of_track(const struct conf *conf, struct db *db,
				const struct uuid *track) MUST_CHECK;

/*
 * For a track that has just become private: what was known of it leads nowhere any more.
 * Links that cannot be removed are logged and left to the sweep.
 *
 * Returns DRIFT_EDB, DRIFT_EIO.
 */
enum drift_err removal_of_public_links(const struct conf *conf, struct db *db,
				       const struct uuid *track) MUST_CHECK;

#endif
