#include "dsp/preset.h"

#include <assert.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- the table: at full intensity ------------------------------------------------- */

enum shape {
	SHAPE_NONE,
	SHAPE_LOW, /* shelf: what lies below */
	SHAPE_BELL,
	SHAPE_HIGH, /* shelf: what lies above */
};

#define BANDS_MAX 9

struct band {
	enum shape shape;
	double hertz;
	double q; /* of a shelf: 0.7 */
	double gain; /* dB */
};

/* Looks at the mean power of both channels. */
struct compressor {
	double threshold; /* dBFS */
	double ratio; /* dB in for 1 dB out; 1: there is none */
	double attack, release; /* ms until 98 % of the way */
	double knee; /* dB around the threshold */
};

struct effect {
	const char *name;
	struct band band[BANDS_MAX];
	struct compressor compressor;
	double level; /* dB, behind both: as loud as without, on the average of music */
};

#define EVEN                                                                                       \
	{                                                                                          \
		.ratio = 1                                                                         \
	}

static const struct effect table[] = {
	[PRESET_NONE] = {"none", {{0}}, EVEN, 0},
	[PRESET_ADAPTIVE] = {"adaptive", {{0}}, EVEN, 0}, /* see adapt() */
	[PRESET_GENTLE] = {"gentle",
			   {{SHAPE_LOW, 90, 0.7, -2.0}, {SHAPE_HIGH, 7000, 0.7, -2.0}},
			   {-24, 2, 30, 350, 9},
			   5.5},
	[PRESET_WARM] = {"warm",
			 {{SHAPE_LOW, 180, 0.7, 3.0},
			  {SHAPE_BELL, 3200, 0.9, -1.5},
			  {SHAPE_HIGH, 9000, 0.7, -3.5}},
			 EVEN,
			 -0.6},
	[PRESET_BRIGHT] = {"bright",
			   {{SHAPE_LOW, 120, 0.7, -1.0},
			    {SHAPE_BELL, 3500, 0.9, 1.5},
			    {SHAPE_HIGH, 9000, 0.7, 4.0}},
			   EVEN,
			   -0.3},
	[PRESET_PUNCHY] = {"punchy",
			   {{SHAPE_BELL, 70, 0.8, 2.5},
			    {SHAPE_BELL, 350, 0.9, -1.5},
			    {SHAPE_BELL, 2500, 0.9, 1.5}},
			   {-16, 2.5, 40, 160, 6},
			   3.5},
};

#define PRESETS (sizeof(table) / sizeof(table[0]))

/* --- adaptive ---------------------------------------------------------------------- */

#define OCTAVES 9 /* 63 Hz to 16 kHz */
#define OCTAVE_FIRST 4 /* the third of an octave below 63 Hz; three make one */
#define OCTAVE_Q 1.41 /* neighbours meet at half their gain */
#define CORRECTED 0.6 /* part of what the track differs by */
#define CORRECTION_MAX 5.0 /* dB, either way */
#define EMPTY (-60.0) /* dB below the loudest octave: nothing that could be lifted */
#define RANGE_KEPT 6.0 /* LU that no listener minds */
#define RANGE_MOST 16.0 /* LU: where the ratio is at its highest */
#define RATIO_MOST 2.5

/* What most recordings come near to, dB by octaves.
   Source: Pestana et al., "Spectral characteristics of popular commercial recordings", AES 135. */
static const double usual[OCTAVES] = {-1, 0, -2, -4, -6, -8, -11, -15, -23};

/* How much the ear makes of an octave, dB: BS.1770-4, the K weighting. */
static const double weight[OCTAVES] = {-1.3, -0.4, -0.2, -0.1, 0.2, 2.2, 3.7, 4.0, 4.0};

static double power(double db)
{
	return pow(10, db / 10);
}

static double decibels(double of_power)
{
	return of_power > 0 ? 10 * log10(of_power) : SPECTRUM_FLOOR;
}

/* Octaves, dB; the loudest of them. */
static double read_octaves(const struct preset_measures *m, double octave[OCTAVES])
{
	double loudest = SPECTRUM_FLOOR;

	for (int i = 0; i < OCTAVES; i++) {
		const double *third = &m->spectrum[OCTAVE_FIRST + 3 * i];

		octave[i] = decibels(power(third[0]) + power(third[1]) + power(third[2]));
		loudest = fmax(loudest, octave[i]);
	}
	return loudest;
}

/* Gains that bring the octaves nearer to what is usual, 0 on the average of those that are there.
 */
static void correct(const double octave[OCTAVES], double empty, double gain[OCTAVES])
{
	double sum = 0;
	int there = 0;

	for (int i = 0; i < OCTAVES; i++) {
		if (octave[i] <= empty)
			continue;
		sum += octave[i] - usual[i];
		there++;
	}
	for (int i = 0; i < OCTAVES; i++) {
		double differs = octave[i] - usual[i] - (there ? sum / there : 0);
		double wanted = octave[i] > empty ? -CORRECTED * differs : 0;

		gain[i] = fmax(-CORRECTION_MAX, fmin(CORRECTION_MAX, wanted));
	}
}

/* dB by which the gains make it louder. */
static double find_louder(const double octave[OCTAVES], const double gain[OCTAVES])
{
	double before = 0, after = 0;

	for (int i = 0; i < OCTAVES; i++) {
		before += power(octave[i] + weight[i]);
		after += power(octave[i] + weight[i] + gain[i]);
	}
	return decibels(after) - decibels(before);
}

/* Of a track whose loud parts stand far above the rest; they begin at half the range above
   its loudness. What it takes there, the level gives back by half. */
static void compress(const struct preset_measures *m, struct effect *e)
{
	double range = fmin(m->range, RANGE_MOST), loud = range / 2;
	double ratio = 1 + (RATIO_MOST - 1) * (range - RANGE_KEPT) / (RANGE_MOST - RANGE_KEPT);

	e->compressor = (struct compressor){m->loudness - 3, ratio, 30, 350, 9};
	e->level += (loud + 3) * (1 - 1 / ratio) / 2;
}

static struct effect adapt(const struct preset_measures *m)
{
	double octave[OCTAVES], gain[OCTAVES];
	struct effect e = table[PRESET_ADAPTIVE];
	double loudest = read_octaves(m, octave);

	if (loudest < SPECTRUM_FLOOR + 6 || isnan(m->loudness))
		return e;
	correct(octave, loudest + EMPTY, gain);
	for (int i = 0; i < OCTAVES; i++)
		e.band[i] = (struct band){SHAPE_BELL, pow(10, (OCTAVE_FIRST + 14 + 3 * i) / 10.0),
					  OCTAVE_Q, gain[i]};
	e.level = -find_louder(octave, gain);
	if (m->range > RANGE_KEPT)
		compress(m, &e);
	return e;
}

/* --- as text ------------------------------------------------------------------------- */

#define LEAST 0.005 /* dB: less is nothing */
#define THRESHOLD_LEAST (-60.0) /* dBFS: libavfilter's bounds */
#define THRESHOLD_MOST 0.0

__attribute__((format(printf, 2, 3))) static void add(struct preset_graph *g, const char *format,
						      ...)
{
	size_t at = strlen(g->text), room = sizeof(g->text) - at;
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(g->text + at, room, format, args);
	va_end(args);
	assert(n > 0 && (size_t)n < room);
}

static const char *comma(const struct preset_graph *g)
{
	return *g->text ? "," : "";
}

static void add_band(struct preset_graph *g, const struct band *b, double intensity)
{
	static const char *const filters[] = {
		[SHAPE_LOW] = "lowshelf",
		[SHAPE_BELL] = "equalizer",
		[SHAPE_HIGH] = "highshelf",
	};

	if (b->shape != SHAPE_NONE && fabs(b->gain * intensity) >= LEAST)
		add(g, "%s%s=f=%.1f:t=q:w=%.2f:g=%.2f:r=f64", comma(g), filters[b->shape], b->hertz,
		    b->q, b->gain * intensity);
}

static void add_compressor(struct preset_graph *g, const struct compressor *c, double intensity)
{
	double ratio = 1 + (c->ratio - 1) * intensity;

	if (ratio > 1.001)
		add(g,
		    "%sacompressor=threshold=%.6f:ratio=%.3f:attack=%.0f:release=%.0f:knee=%.4f"
		    ":detection=rms:link=average",
		    comma(g),
		    pow(10, fmin(THRESHOLD_MOST, fmax(THRESHOLD_LEAST, c->threshold)) / 20), ratio,
		    c->attack, c->release, pow(10, c->knee / 20));
}

struct preset_graph preset_graph(struct preset_wish wish, const struct preset_measures *measures)
{
	double intensity = (double)wish.steps / PRESET_STEPS;
	struct preset_graph g = {""};
	struct effect e = table[wish.preset];

	if (wish.preset == PRESET_ADAPTIVE) {
		if (!measures->is_measured)
			return g;
		e = adapt(measures);
	}
	for (int i = 0; i < BANDS_MAX; i++)
		add_band(&g, &e.band[i], intensity);
	add_compressor(&g, &e.compressor, intensity);
	if (fabs(e.level * intensity) >= LEAST)
		add(&g, "%svolume=volume=%.2fdB:precision=double", comma(&g), e.level * intensity);
	return g;
}

/* --- what is asked for --------------------------------------------------------------- */

const char *preset_name(enum preset p)
{
	return table[p].name;
}

enum drift_err preset_parse(const char *text, enum preset *out)
{
	for (size_t i = 0; i < PRESETS; i++) {
		if (strcmp(text, table[i].name) == 0) {
			*out = (enum preset)i;
			return DRIFT_OK;
		}
	}
	return DRIFT_ENOENT;
}

/* A number as settings have it: strtod() alone would take "inf", "0x1" and " 1". */
enum drift_err preset_parse_intensity(const char *text, int *steps)
{
	double value;
	char *end;

	if (!*text || strspn(text, "0123456789.") != strlen(text))
		return DRIFT_EINVAL;
	value = strtod(text, &end);
	if (*end || end == text || value > 1)
		return DRIFT_EINVAL;
	*steps = (int)lround(value * PRESET_STEPS);
	return DRIFT_OK;
}

struct preset_wish preset_wish(enum preset p, int steps)
{
	if (p == PRESET_NONE || steps == 0)
		return (struct preset_wish){PRESET_NONE, 0};
	return (struct preset_wish){p, steps};
}
