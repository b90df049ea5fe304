/*
 * sweep.h - files and rows brought back together.
 *
 * Removes what nobody needs any more: expired uploads, superseded and deleted
 * versions, files without a row, unfinished files that were left, links whose
 * time is over; makes the partitions of coming plays. Reports rows without a file. Whatever is
 * younger than its grace is left alone, so an upload, an ingest or a transcode at work never loses
 * a file; several sweeps at once do no harm.
 */
#ifndef DRIFT_CATALOGUE_SWEEP_H
#define DRIFT_CATALOGUE_SWEEP_H

#include "base/conf.h"
#include "base/err.h"
#include "catalogue/db.h"

#include <signal.h>
#include <stdint.h>

#define SWEEP_KEEP_HOURS 24 /* a superseded version: listeners may be at it */
#define SWEEP_GRACE_SECONDS 86400 /* a file without a row, since its last change */
#define SWEEP_LINK_GRACE_SECONDS 3600 /* a link that no row explains */

struct sweep_result {
	int64_t uploads; /* unfinished transfers removed */
	int64_t versions; /* folders removed */
	int64_t parts; /* unfinished and unknown files removed */
	int64_t links; /* removed */
	int64_t missing; /* files that a row names and nobody has */
};

/*
 * stop  not 0: leave off as soon as may be; borrowed for the call
 * out   written on DRIFT_OK only
 *
 * Returns DRIFT_EDB, DRIFT_EIO or DRIFT_ENOMEM. A file that cannot be removed is
 * logged and no error.
 */
enum drift_err sweep_run(const struct conf *conf, struct db *db, const volatile sig_atomic_t *stop,
			 struct sweep_result *out) MUST_CHECK;

#endif
