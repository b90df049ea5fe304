/*
 * soundjob.h - the job that measures a version's sound: waveform, loudness.
 */
#ifndef DRIFT_CATALOGUE_SOUNDJOB_H
#define DRIFT_CATALOGUE_SOUNDJOB_H

#include "base/err.h"
#include "catalogue/task.h"
#include "media/analysis.h"

/*
 * The sound is measured, or that failed: stores what is not stored yet, publishes the
 * waveform if it is due, and settles its job.
 *
 * err  what befell it
 *
 * Returns DRIFT_EDB when the database stayed away, else DRIFT_OK.
 */
enum drift_err soundjob_end(const struct task *task, enum drift_err err,
			    const struct analysis_result *result) MUST_CHECK;

#endif
