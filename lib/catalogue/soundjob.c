#include "catalogue/soundjob.h"

#include "catalogue/artifact.h"

#include <math.h>

#define WAVEFORM_NAME "waveform.dat"
#define WAVEFORM_MIME "application/octet-stream"
#define WAVEFORM_FINGERPRINT 1 /* counts up when the same PCM gives other bytes */

static enum drift_err store_measures(const struct task *t, const struct analysis_result *r)
{
	/* the first measurement stays: the rendition's setup pages carry it */
	if (!isnan(t->set->loudness))
		return DRIFT_OK;
	return job_measured(t->worker, t->set, &r->loudness);
}

static enum drift_err publish_waveform(const struct task *t, const struct analysis_result *r)
{
	struct job_artifact row = {
		.kind = "waveform",
		.name = WAVEFORM_NAME,
		.mime = WAVEFORM_MIME,
		.bytes = (int64_t)r->waveform.len,
		.mtime_us = artifact_mtime_us(t->set->source_mtime_us, WAVEFORM_FINGERPRINT),
		.meta = "{\"format\": \"audiowaveform\", \"version\": 2, \"bits\": 8}",
	};
	enum drift_err err = task_publish_bytes(t, row.name, &r->waveform, row.mtime_us);

	return err ? err : job_publish(t->worker, t->set, JOB_WAVEFORM, &row);
}

enum drift_err soundjob_end(const struct task *task, enum drift_err err,
			    const struct analysis_result *result)
{
	if (!err)
		err = store_measures(task, result);
	if (!task_is_due(task, JOB_WAVEFORM))
		return err == DRIFT_EDB ? err : DRIFT_OK;
	return task_settle(task, JOB_WAVEFORM, err ? err : publish_waveform(task, result));
}
