/*
 * task.h - the claimed jobs of one version while they are worked off, and how each ends:
 * done, or failed with a sentence.
 */
#ifndef DRIFT_MAKE_TASK_H
#define DRIFT_MAKE_TASK_H

#include "base/buf.h"
#include "base/conf.h"
#include "base/err.h"
#include "catalogue/job.h"

#include <stdbool.h>
#include <stdint.h>

/* All borrowed. */
struct task {
	const struct conf *conf;
	const struct job_worker *worker;
	struct job_set *set;
};

/* Is the job among those that were claimed, and not settled yet? */
bool task_is_due(const struct task *t, enum job_kind kind);
bool task_is_any_due(const struct task *t);

/* Fails a job with a sentence for the administrator. */
__attribute__((format(printf, 4, 5))) void task_fail(const struct task *t, enum job_kind kind,
						     enum job_retry retry, const char *fmt, ...);
void task_fail_all(const struct task *t, enum job_retry retry, const char *sentence);
/* reason: the decoder's phrase. The source stays what it is: no second attempt. */
void task_fail_media(const struct task *t, const char *reason);
/* reason: why the decoder was ended, through no fault of the source: tried again later. */
void task_fail_host(const struct task *t, enum job_kind kind, const char *reason);
/* Our own trouble: it may be over at the next attempt. */
void task_fail_by_code(const struct task *t, enum job_kind kind, enum drift_err err);

/*
 * Settles a job by what its last step returned.
 *
 * Returns DRIFT_EDB for that (the lease runs out), else DRIFT_OK.
 */
enum drift_err task_settle(const struct task *t, enum job_kind kind, enum drift_err err) MUST_CHECK;

/*
 * Writes a small artifact whole and puts it in its place.
 *
 * Returns DRIFT_ENOSPC or DRIFT_EIO (logged).
 */
enum drift_err task_publish_bytes(const struct task *t, const char *name, const struct buf *bytes,
				  int64_t mtime_us) MUST_CHECK;

#endif
