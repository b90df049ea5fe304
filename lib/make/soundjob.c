#include "make/soundjob.h"

#include "catalogue/artifact.h"

#define WAVEFORM_MIME "application/octet-stream"
#define WAVEFORM_META "{\"format\": \"audiowaveform\", \"version\": 2, \"bits\": 8}"
#define WAVEFORM_FINGERPRINT 1 /* counts up when the same PCM gives other bytes */

static enum drift_err publish_waveform(const struct task *t, const char *kind, const char *name,
				       const struct buf *file)
{
	struct job_artifact row = {
		.kind = kind,
		.name = name,
		.mime = WAVEFORM_MIME,
		.bytes = (int64_t)file->len,
		.mtime_us = artifact_mtime_us(t->set->source_mtime_us, WAVEFORM_FINGERPRINT),
		.meta = WAVEFORM_META,
	};
	enum drift_err err = task_publish_bytes(t, row.name, file, row.mtime_us);

	return err ? err : job_publish(t->worker, t->set, JOB_WAVEFORM, &row);
}

static enum drift_err publish_waveforms(const struct task *t, const struct analysis_result *r)
{
	enum drift_err err = publish_waveform(t, "waveform_zoom", "waveform-zoom.dat", &r->zoom);

	return err ? err : publish_waveform(t, "waveform", "waveform.dat", &r->waveform);
}

enum drift_err soundjob_end(const struct task *task, enum drift_err err,
			    const struct analysis_result *result, const char *sha256)
{
	if (!err)
		err = job_measured(task->worker, task->set, result, sha256);
	if (!task_is_due(task, JOB_WAVEFORM))
		return err == DRIFT_EDB ? err : DRIFT_OK;
	return task_settle(task, JOB_WAVEFORM, err ? err : publish_waveforms(task, result));
}
