/*
 * transcode.h - from claimed jobs to published artifacts.
 *
 * One read of the source for all jobs of the version. Each artifact is
 * checked, published and settled by itself: what befalls one leaves the others.
 * The setup pages of a version's Opus rendition are those that were published
 * first, whatever has been learnt or changed since.
 */
#ifndef DRIFT_CATALOGUE_TRANSCODE_H
#define DRIFT_CATALOGUE_TRANSCODE_H

#include "base/conf.h"
#include "base/err.h"
#include "catalogue/job.h"

/*
 * Works off set; afterwards each of its jobs is done, failed with a sentence,
 * given back (worker->stop) or known to be somebody else's.
 *
 * Returns DRIFT_OK, also when jobs failed; DRIFT_EDB when the database
 * stayed away.
 */
enum drift_err transcode_run(const struct conf *conf, const struct job_worker *worker,
			     struct job_set *set) MUST_CHECK;

#endif
