/*
 * crew.h - the threads of a transcoder that work off the queue: several tracks at once,
 * so that every core is busy though each of them is short, over one set of encoding
 * threads, where the track of higher priority goes first, then the one that was claimed
 * first.
 */
#ifndef DRIFT_MAKE_CREW_H
#define DRIFT_MAKE_CREW_H

#include "base/conf.h"
#include "base/err.h"
#include "catalogue/job.h"

#include <stdbool.h>

#define CREW_MAX 4 /* tracks at once: each has a decoder and PCM in memory */

/*
 * Works until nothing is due and none is at work. What is queued meanwhile is taken too.
 *
 * worker  its connection is the calling thread's; the others have their own
 * worked  set when there was anything to do
 *
 * Returns DRIFT_EDB, DRIFT_EIO or DRIFT_ENOMEM when the queue cannot be read.
 */
enum drift_err crew_drain(const struct conf *conf, const struct job_worker *worker,
			  bool *worked) MUST_CHECK;

#endif
