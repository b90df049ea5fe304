/*
 * transcode.h - from claimed jobs to published artifacts.
 *
 * One read of the source for all jobs of the version. Each artifact is
 * checked, published and settled by itself as soon as it is whole: what befalls one
 * leaves the others.
 */
#ifndef DRIFT_MAKE_TRANSCODE_H
#define DRIFT_MAKE_TRANSCODE_H

#include "base/err.h"
#include "make/task.h"
#include "opus/encoders.h"

#include <stdint.h>

/*
 * Works off the task's jobs; afterwards each of them is done, failed with a sentence,
 * given back (worker->stop) or known to be somebody else's.
 *
 * encoders  borrowed; shared with others at work
 * rank      among them: lower ones go first
 *
 * Returns DRIFT_OK, also when jobs failed; DRIFT_EDB when the database
 * stayed away.
 */
enum drift_err transcode_run(const struct task *task, struct encoders *encoders,
			     int64_t rank) MUST_CHECK;

#endif
