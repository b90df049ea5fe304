/*
 * report.h - what `drift-transcoder --status` prints: the queue, what failed,
 * the walls around the decoder, versions, and room in the store.
 */
#ifndef DRIFT_MAKE_REPORT_H
#define DRIFT_MAKE_REPORT_H

#include "base/conf.h"
#include "base/err.h"
#include "catalogue/db.h"

#include <stdio.h>

/*
 * working  process id of the transcoder at work on this host; 0: none is
 *
 * Prints as much as can be told and returns the first error that kept it from
 * telling all: DRIFT_EDB, DRIFT_EIO.
 */
enum drift_err report_print(const struct conf *conf, struct db *db, long working,
			    FILE *out) MUST_CHECK;

#endif
