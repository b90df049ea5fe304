#include "make/task.h"

#include "base/log.h"
#include "catalogue/artifact.h"

#include <stdarg.h>
#include <stdio.h>

#define SENTENCE_MAX 512

bool task_is_due(const struct task *t, enum job_kind kind)
{
	return t->set->id[kind] != 0;
}

bool task_is_any_due(const struct task *t)
{
	for (int kind = 0; kind < JOB_KINDS; kind++)
		if (task_is_due(t, kind))
			return true;
	return false;
}

void task_fail(const struct task *t, enum job_kind kind, enum job_retry retry, const char *fmt, ...)
{
	char sentence[SENTENCE_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(sentence, sizeof(sentence), fmt, ap);
	va_end(ap);
	job_fail(t->worker, t->set, kind, retry, sentence);
}

void task_fail_all(const struct task *t, enum job_retry retry, const char *sentence)
{
	for (int kind = 0; kind < JOB_KINDS; kind++)
		if (task_is_due(t, kind))
			task_fail(t, kind, retry, "%s", sentence);
}

void task_fail_media(const struct task *t, const char *reason)
{
	char sentence[SENTENCE_MAX];

	snprintf(sentence, sizeof(sentence), "The source cannot be decoded: %s.", reason);
	task_fail_all(t, JOB_NO_RETRY, sentence);
}

void task_fail_host(const struct task *t, enum job_kind kind, const char *reason)
{
	if (*t->worker->stop)
		job_release(t->worker, t->set);
	else
		task_fail(t, kind, JOB_RETRY, "The work was broken off: %s.", reason);
}

void task_fail_by_code(const struct task *t, enum job_kind kind, enum drift_err err)
{
	if (err == DRIFT_ENOSPC)
		task_fail(t, kind, JOB_RETRY, "The store is full: the file could not be written.");
	else if (err == DRIFT_ENOMEM)
		task_fail(t, kind, JOB_RETRY, "The transcoder ran out of memory.");
	else
		task_fail(t, kind, JOB_RETRY,
			  "The file could not be written to the store; the transcoder's log says "
			  "why.");
}

enum drift_err task_settle(const struct task *t, enum job_kind kind, enum drift_err err)
{
	if (!err) {
		job_done(t->worker, t->set, kind);
	} else if (err == DRIFT_ELOCKED) {
		log_info("transcode: %s of %s is no longer ours: dropped", job_kind_text(kind),
			 t->set->track.text);
		t->set->id[kind] = 0;
	} else if (err == DRIFT_EDB) {
		t->set->id[kind] = 0; /* the lease runs out */
	} else {
		task_fail_by_code(t, kind, err);
	}
	return err == DRIFT_EDB ? err : DRIFT_OK;
}

enum drift_err task_publish_bytes(const struct task *t, const char *name, const struct buf *bytes,
				  int64_t mtime_us)
{
	return artifact_put(t->conf, &t->set->track, t->set->version, name, t->worker->name, bytes,
			    mtime_us);
}
