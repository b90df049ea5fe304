/*
 * remuxjob.h - the fragmented MP4 of a version: made, checked, published and settled.
 *
 * Four files, remux.mp4, its sidecar, remux.m3u8 and master.m3u8, lie in the version's
 * folder before the first row names one; the row of remux.mp4 comes last.
 */
#ifndef DRIFT_MAKE_REMUXJOB_H
#define DRIFT_MAKE_REMUXJOB_H

#include "base/err.h"
#include "make/task.h"

/*
 * Does nothing unless JOB_REMUX is due. Beside nothing else: it is done long before the
 * other jobs, which then have all cores to themselves. Told to stop, or having lost the
 * jobs, it gives all of them back.
 *
 * source  open for reading, borrowed for the call
 *
 * Returns DRIFT_EDB; all else is the job's.
 */
enum drift_err remuxjob_run(const struct task *task, int source) MUST_CHECK;

#endif
