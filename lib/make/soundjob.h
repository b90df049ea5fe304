/*
 * soundjob.h - the job that measures a version: waveforms, and what the catalogue keeps
 * of its sound.
 */
#ifndef DRIFT_MAKE_SOUNDJOB_H
#define DRIFT_MAKE_SOUNDJOB_H

#include "base/err.h"
#include "dsp/analysis.h"
#include "make/task.h"

/*
 * The sound is measured, or that failed: stores what is not stored yet, publishes the
 * waveforms if they are due, and settles their job.
 *
 * err     what befell it
 * sha256  of the source, hexadecimal; NULL: not known
 *
 * Returns DRIFT_EDB when the database stayed away, else DRIFT_OK.
 */
enum drift_err soundjob_end(const struct task *task, enum drift_err err,
			    const struct analysis_result *result, const char *sha256) MUST_CHECK;

#endif
