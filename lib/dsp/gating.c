#include "dsp/gating.h"

#include <math.h>

#define RELATIVE_GATE 10 /* LU */
#define RANGE_GATE 20
#define RANGE_LOW 0.10
#define RANGE_HIGH 0.95

void gating_add(struct gating *g, double lufs)
{
	double step = floor((lufs - GATING_FLOOR) * GATING_STEPS_PER_LU);

	if (!(step >= 0))
		return;
	g->blocks[step < GATING_STEPS ? (int)step : GATING_STEPS - 1]++;
}

/* LUFS in the middle of a step. */
static double loudness_of(int step)
{
	return GATING_FLOOR + (step + 0.5) / GATING_STEPS_PER_LU;
}

/* Blocks from a step on. */
static uint64_t count_from(const struct gating *g, int step)
{
	uint64_t count = 0;

	for (; step < GATING_STEPS; step++)
		count += g->blocks[step];
	return count;
}

bool gating_is_audible(const struct gating *g)
{
	return count_from(g, 0) > 0;
}

/* LUFS of the blocks from a step on, their powers averaged. */
static double mean_from(const struct gating *g, int step)
{
	double power = 0;
	uint64_t count = count_from(g, step);

	for (; step < GATING_STEPS; step++)
		if (g->blocks[step])
			power += g->blocks[step] * pow(10, loudness_of(step) / 10);
	return 10 * log10(power / (double)count);
}

/* The first step that is no more than so many LU below the mean. */
static int gate(const struct gating *g, int below)
{
	double step = ceil((mean_from(g, 0) - below - GATING_FLOOR) * GATING_STEPS_PER_LU - 0.5);

	return step > 0 ? (int)step : 0;
}

double gating_integrated(const struct gating *g)
{
	return mean_from(g, gate(g, RELATIVE_GATE));
}

/* The loudness that a part of the blocks from a step on is below. */
static double percentile(const struct gating *g, int step, double part)
{
	uint64_t below = (uint64_t)((double)(count_from(g, step) - 1) * part + 0.5);

	for (; below >= g->blocks[step]; step++)
		below -= g->blocks[step];
	return loudness_of(step);
}

double gating_range(const struct gating *g)
{
	int from = gate(g, RANGE_GATE);

	return percentile(g, from, RANGE_HIGH) - percentile(g, from, RANGE_LOW);
}

int gating_tenths(const struct gating *g, uint32_t counts[GATING_TENTHS])
{
	const int width = GATING_STEPS / GATING_TENTHS;
	int used = 0;

	for (int i = 0; i < GATING_TENTHS; i++) {
		counts[i] = 0;
		for (int k = 0; k < width; k++)
			counts[i] += g->blocks[i * width + k];
		if (counts[i])
			used = i + 1;
	}
	return used;
}
