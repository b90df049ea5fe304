/*
 * earlymux.h - a source repackaged while it arrives, once for all who hear it.
 *
 * In a process of its own, which reads what is there and waits for what is not, however long the
 * upload rests. It ends with the source, when nobody has asked for what it makes for a minute, or
 * when the upload is given up. What it made stays, as the version's remux.mp4, where the stored
 * file is what was read; else nothing of it does.
 */
#ifndef DRIFT_CATALOGUE_EARLYMUX_H
#define DRIFT_CATALOGUE_EARLYMUX_H

#include "base/conf.h"
#include "base/uuid.h"

#include <stdint.h>

/* The source that arrives, as its head says. */
struct earlymux {
	struct uuid track;
	struct uuid upload;
	int version;
	int64_t bytes; /* that it will have */
	int32_t sample_rate; /* Hz */
	int64_t samples; /* a guess, or 0 */
};

/*
 * Does all of it, until it ends; at once where another process is at it. Whatever goes wrong is
 * logged: the source will be repackaged when it is stored.
 */
void earlymux_run(const struct conf *conf, const struct earlymux *what);

#endif
