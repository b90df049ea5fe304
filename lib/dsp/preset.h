/*
 * preset.h - what the presets do, in one table.
 *
 * Pure. doc/presets.md shows the table to an administrator, with the same numbers.
 */
#ifndef DRIFT_DSP_PRESET_H
#define DRIFT_DSP_PRESET_H

#include "base/err.h"
#include "dsp/spectrum.h"

#include <stdbool.h>
#include <stdint.h>

#define PRESET_STEPS 20 /* of the intensity, 0.05 each */
#define PRESET_GRAPH_MAX 1024 /* bytes, NUL included */
#define PRESET_MEMORY 57600 /* 48 kHz samples: what was before is forgotten, below -90 dBFS */
#define PRESET_REVISION 1 /* to be raised when the same filters give other samples */

enum preset {
	PRESET_NONE,
	PRESET_ADAPTIVE, /* made for the track, of what was measured of it */
	PRESET_GENTLE,
	PRESET_WARM,
	PRESET_BRIGHT,
	PRESET_PUNCHY,
};

/* All-zero: the sound as it is. */
struct preset_wish {
	enum preset preset;
	int steps; /* 1 to PRESET_STEPS; 0 with PRESET_NONE */
};

/* Of the whole track. All-zero: not measured. */
struct preset_measures {
	bool is_measured;
	double loudness; /* LUFS, integrated; NAN: silence */
	double range; /* LU; NAN likewise */
	double spectrum[SPECTRUM_BANDS]; /* dB */
};

const char *preset_name(enum preset p); /* "none", "adaptive" … */

/* One of the names, "none" too. DRIFT_ENOENT: there is no such preset. */
enum drift_err preset_parse(const char *text, enum preset *out) MUST_CHECK;

/*
 * A number from 0 to 1, rounded to steps.
 *
 * Returns DRIFT_EINVAL for all else.
 */
enum drift_err preset_parse_intensity(const char *text, int *steps) MUST_CHECK;

/* Intensity 0 of any preset is none. */
struct preset_wish preset_wish(enum preset p, int steps);

/*
 * The filters for libavfilter, one behind the other, at 48 kHz; "" for none. None of
 * them delays.
 *
 * measures  for PRESET_ADAPTIVE; a track that is not measured, or silent, is left as it is
 */
struct preset_graph {
	char text[PRESET_GRAPH_MAX];
};
struct preset_graph preset_graph(struct preset_wish wish, const struct preset_measures *measures);

#endif
