/*
 * opusjob.h - the job that makes a version's Opus rendition and its sidecar.
 *
 * The part file outlives a worker that is stopped or killed: the next one goes on from what
 * is whole in it. The setup pages of a version's rendition are those that were
 * published first, whatever has been learnt or changed since.
 *
 * Under VBR it can be heard while it is made (growth.h), as far as its pages are there. What
 * was heard so is published as well.
 */
#ifndef DRIFT_MAKE_OPUSJOB_H
#define DRIFT_MAKE_OPUSJOB_H

#include "base/buf.h"
#include "base/err.h"
#include "catalogue/artifact.h"
#include "catalogue/growth.h"
#include "catalogue/opusplan.h"
#include "make/task.h"
#include "opus/opusbatch.h"

#include <stdint.h>

struct opusjob {
	const struct task *task; /* borrowed */
	struct opusbatch_order order; /* what the pipeline is to do */
	struct opusplan_name name, sidecar_name;
	struct artifact file; /* fd -1: not at work on it */
	struct buf fixed_setup; /* pages; empty where none are yet */
	struct growth growth; /* of the part file */
	int64_t told_ms; /* when those who hear it were last told */
};

#define OPUSJOB_NONE ((struct opusjob){.file = {.fd = -1}, .growth = GROWTH_NONE})

/*
 * Opens the part file and composes the order; when that fails the job is settled, and no
 * longer due.
 *
 * channels  1 or 2: of the decoder's PCM
 * out       the caller's to opusjob_clear()
 */
void opusjob_start(const struct task *task, int channels, struct encoders *encoders, int64_t rank,
		   struct opusjob *out);

/* Now and then, under VBR: lets be heard what there is of it. That nobody can is no error. */
void opusjob_show(struct opusjob *j, struct opusbatch *batch);

/*
 * The rendition is encoded, or failed: publishes it and settles the job.
 *
 * err      what befell it
 * damaged  packets of the source that are silence
 *
 * Returns DRIFT_EDB when the database stayed away, else DRIFT_OK.
 */
enum drift_err opusjob_end(struct opusjob *j, enum drift_err err,
			   const struct opusbatch_result *result, int64_t damaged) MUST_CHECK;

/* Leaves the part file to whoever goes on. */
void opusjob_leave(struct opusjob *j);
/* Removes the part file, if it is neither published nor left. */
void opusjob_clear(struct opusjob *j);

#endif
