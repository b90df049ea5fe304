/*
 * sound.h - what is needed to encode a version of a track, for whoever does it
 * without having claimed a job.
 */
#ifndef DRIFT_CATALOGUE_SOUND_H
#define DRIFT_CATALOGUE_SOUND_H

#include "base/err.h"
#include "base/uuid.h"
#include "catalogue/db.h"
#include "catalogue/taglist.h"
#include "dsp/preset.h"

#include <stdint.h>

/* All-zero is empty. */
struct sound {
	struct uuid track;
	int version;
	char source_name[64]; /* in the version's folder */
	int64_t source_mtime_us; /* since 1970; whole seconds */
	int32_t sample_rate; /* Hz */
	int32_t channels; /* of the source, 1 or more */
	int64_t samples; /* native, per channel, as heard */
	int32_t delay, padding; /* that a decoder gives before them, and behind */
	int64_t samples48;
	double loudness; /* LUFS; NAN: not measured yet, or silence */
	struct preset_measures measures; /* likewise */
	struct taglist tags;
};

/*
 * out  empty before; the caller's to sound_clear()
 *
 * Returns DRIFT_ENOENT (no such version), DRIFT_EDB, DRIFT_ENOMEM.
 */
enum drift_err sound_get(struct db *db, const struct uuid *track, int version,
			 struct sound *out) MUST_CHECK;
void sound_clear(struct sound *s);

#endif
