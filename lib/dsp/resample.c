#include "dsp/resample.h"

#include "dsp/lanes.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define RATE_OUT 48000
#define KAISER_BETA 10.5 /* -104 dB */
#define TAPS_BY_TRANSITION 6.77 /* taps times transition, in parts of the rate, with this beta */
#define NARROW 0.094 /* transition, in parts of the rate, around half of it */
#define AUDIBLE 20000 /* Hz: what Opus codes at most, so that nothing above matters */
#define FOLDED (RATE_OUT - AUDIBLE) /* Hz: what is above folds back to below AUDIBLE */
#define TABLE_MAX ((size_t)1 << 20) /* bytes of exact phases */
#define FINE_PHASES 1024 /* of the interpolated table, at 48 kHz and below */
#define BLOCK                                                                                      \
	2560 /* samples worked on at a time: they and what they need fit into a                    \
		first-level cache */
#define ROW_TURN 4 /* samples worked out together */
#define HALF_POSITION_MAX ((int64_t)1 << 42)

struct resampler {
	int32_t channels;
	int64_t up; /* 48000 and the rate without their common divisor: */
	int64_t down; /* output n is at native position n * down / up */
	int32_t taps; /* a row, per channel: LANES_WIDE in all, or twice …; 0 for a copy */
	int32_t phases;
	bool exact; /* phases == up; else rows are interpolated */
	float *rows; /* phases + 1 rows; each tap once for each channel */
};

static int64_t gcd(int64_t a, int64_t b)
{
	while (b) {
		int64_t t = a % b;

		a = b;
		b = t;
	}
	return a;
}

static int64_t floor_div(int64_t a, int64_t b)
{
	int64_t q = a / b;

	return a % b < 0 ? q - 1 : q;
}

/* Modified Bessel function I0 by its power series. */
static double bessel_i0(double x)
{
	double term = 1, sum = 1;

	for (int k = 1; term > sum * 1e-17; k++) {
		term *= (x / (2 * k)) * (x / (2 * k));
		sum += term;
	}
	return sum;
}

static double sinc(double x)
{
	return fabs(x) < 1e-12 ? 1 : sin(M_PI * x) / (M_PI * x);
}

/* The filter at distance u, in native samples, from its middle. */
static double filter_at(double u, double cutoff, double half)
{
	double w = u / half;

	if (fabs(w) >= 1)
		return 0;
	return sinc(cutoff * u) * bessel_i0(KAISER_BETA * sqrt(1 - w * w));
}

/* Each row is scaled to a sum of 1, so that DC has no ripple over the phases. */
static void fill_row(const struct resampler *r, int32_t phase, double cutoff, double *row)
{
	double half = r->taps / 2.0;
	double fraction = (double)phase / r->phases;
	double sum = 0;
	float *out = r->rows + (size_t)phase * (size_t)(r->taps * r->channels);

	for (int32_t t = 0; t < r->taps; t++) {
		row[t] = filter_at(fraction + half - 1 - t, cutoff, half);
		sum += row[t];
	}
	for (int32_t t = 0; t < r->taps; t++)
		for (int32_t c = 0; c < r->channels; c++)
			*out++ = (float)(row[t] / sum);
}

static enum drift_err fill_table(struct resampler *r, double cutoff)
{
	size_t row_floats = (size_t)(r->taps * r->channels);
	double *row = malloc((size_t)r->taps * sizeof(*row));

	r->rows = malloc((size_t)(r->phases + 1) * row_floats * sizeof(*r->rows));
	if (!row || !r->rows) {
		free(row);
		return DRIFT_ENOMEM;
	}
	for (int32_t p = 0; p <= r->phases; p++)
		fill_row(r, p, cutoff, row);
	free(row);
	return DRIFT_OK;
}

/* Can images of what is audible be above AUDIBLE only? Then they may stay up to FOLDED, and
   the filter is half as long. */
static bool is_wide(int32_t rate)
{
	return rate >= 2 * AUDIBLE;
}

static int32_t round_up(int32_t v, int32_t step)
{
	return (v + step - 1) / step * step;
}

/* Going down the filter is stretched, and so smooth that it needs fewer phases. */
static void choose_phases(struct resampler *r, int32_t rate)
{
	double transition = is_wide(rate) ? (double)(FOLDED - AUDIBLE) / rate : NARROW;
	double stretch = rate > RATE_OUT ? (double)rate / RATE_OUT : 1;
	size_t row_bytes;

	r->taps =
		round_up((int32_t)ceil(TAPS_BY_TRANSITION / transition), LANES_WIDE / r->channels);
	row_bytes = (size_t)(r->taps * r->channels) * sizeof(*r->rows);
	r->exact = (size_t)r->up * row_bytes <= TABLE_MAX;
	r->phases = r->exact ? (int32_t)r->up : (int32_t)ceil(FINE_PHASES / stretch);
}

enum drift_err resampler_new(int32_t rate, int32_t channels, struct resampler **out)
{
	struct resampler *r;
	int64_t common = gcd(rate, RATE_OUT);

	assert(rate >= RESAMPLE_RATE_MIN && rate <= RESAMPLE_RATE_MAX);
	assert(channels == 1 || channels == 2);
	r = calloc(1, sizeof(*r));
	if (!r)
		return DRIFT_ENOMEM;
	r->channels = channels;
	r->up = RATE_OUT / common;
	r->down = rate / common;
	if (rate != RATE_OUT) {
		choose_phases(r, rate);
		if (fill_table(r, is_wide(rate) ? (double)RATE_OUT / rate : 1)) {
			resampler_free(r);
			return DRIFT_ENOMEM;
		}
	}
	*out = r;
	return DRIFT_OK;
}

void resampler_free(struct resampler *r)
{
	if (!r)
		return;
	free(r->rows);
	free(r);
}

struct resample_range resampler_needs(const struct resampler *r, struct resample_range want)
{
	int64_t first, last;

	assert(want.first < want.end);
	assert(want.first > -HALF_POSITION_MAX && want.end < HALF_POSITION_MAX);
	if (!r->taps)
		return want;
	first = floor_div(want.first * r->down, r->up) - r->taps / 2 + 1;
	last = floor_div((want.end - 1) * r->down, r->up) + r->taps / 2;
	return (struct resample_range){first, last + 1};
}

/* One sample of each channel: the lanes alternate between the channels. */
#define ADD_LANES(sum, channels, out)                                                              \
	do {                                                                                       \
		if ((channels) == 1) {                                                             \
			(out)[0] = ((sum)[0] + (sum)[1]) + ((sum)[2] + (sum)[3]);                  \
		} else {                                                                           \
			(out)[0] = (sum)[0] + (sum)[2];                                            \
			(out)[1] = (sum)[1] + (sum)[3];                                            \
		}                                                                                  \
	} while (0)

/* Where the filter of one sample is: its row, or how far it is to the next one. */
struct place {
	int64_t phase; /* 0 to up - 1 */
	const float *in;
};

static inline void advance(const struct resampler *r, struct place *at)
{
	at->phase += r->down % r->up;
	at->in += (r->down / r->up + (at->phase >= r->up)) * r->channels;
	if (at->phase >= r->up)
		at->phase -= r->up;
}

/* Sixteen sums become one sample of each channel. */
LANES_INLINE void put(const struct resampler *r, const struct lanes_pair *sum, float *out)
{
	lanes_half eight = sum->low + sum->high;
	lanes four = __builtin_shufflevector(eight, eight, 0, 1, 2, 3) +
		     __builtin_shufflevector(eight, eight, 4, 5, 6, 7);
	lanes two = four + __builtin_shufflevector(four, four, 2, 3, 0, 1);

	if (r->channels == 1) {
		out[0] = two[0] + two[1];
	} else {
		out[0] = two[0];
		out[1] = two[1];
	}
}

/*
 * Every up-th sample from out on, all by one row; four at a time, so that the row is read once
 * for them.
 */
LANES_INLINE void run_row(const struct resampler *r, const float *row, const float *in,
			  int64_t count, float *out)
{
	const int32_t n = r->taps * r->channels;
	const int64_t in_step = r->down * r->channels, out_step = r->up * r->channels;

	for (; count > 0; count -= ROW_TURN, in += ROW_TURN * in_step, out += ROW_TURN * out_step) {
		/* what is too many is worked out again and not kept */
		const float *in_b = in + (count > 1 ? in_step : 0);
		const float *in_c = in + (count > 2 ? 2 * in_step : 0);
		const float *in_d = in + (count > 3 ? 3 * in_step : 0);
		struct lanes_pair a = {0}, b = {0}, c = {0}, d = {0};

		for (int32_t i = 0; i < n; i += LANES_WIDE) {
			lanes_add_products(&a, row + i, in + i);
			lanes_add_products(&b, row + i, in_b + i);
			lanes_add_products(&c, row + i, in_c + i);
			lanes_add_products(&d, row + i, in_d + i);
		}
		put(r, &a, out);
		if (count > 1)
			put(r, &b, out + out_step);
		if (count > 2)
			put(r, &c, out + 2 * out_step);
		if (count > 3)
			put(r, &d, out + 3 * out_step);
	}
}

/* A few periods at a time, row by row, because the table is larger than such a cache. */
LANES_EVERY_CPU static void run_exact(const struct resampler *r, struct place at, int64_t count,
				      float *out)
{
	const int64_t periods = ((BLOCK - 1) / r->up / ROW_TURN + 1) * ROW_TURN;

	while (count > 0) {
		int64_t samples = count < periods * r->up ? count : periods * r->up;
		struct place row = at;

		for (int64_t i = 0; i < r->up && i < samples; i++, advance(r, &row))
			run_row(r, r->rows + row.phase * r->taps * r->channels, row.in,
				(samples - i + r->up - 1) / r->up, out + i * r->channels);
		count -= samples;
		at.in += periods * r->down * r->channels;
		out += samples * r->channels;
	}
}

/* Between a row and the one behind it. */
LANES_EVERY_CPU static void run_between(const struct resampler *r, struct place at, int64_t count,
					float *out)
{
	const int32_t n = r->taps * r->channels;

	for (; count > 0; count--, out += r->channels, advance(r, &at)) {
		int64_t index = at.phase * r->phases / r->up;
		int64_t rest = at.phase * r->phases - index * r->up;
		const float *row = r->rows + index * n;
		float weight = (float)rest / (float)r->up;
		lanes sum = {0};

		for (int32_t i = 0; i < n; i += LANES) {
			lanes here = *(const lanes *)(row + i);
			lanes next = *(const lanes *)(row + n + i);

			sum += (here + weight * (next - here)) * *(const lanes *)(at.in + i);
		}
		ADD_LANES(sum, r->channels, out);
	}
}

/* in: where the filter of the first sample begins. */
static void run_filter(const struct resampler *r, const float *in, struct resample_range want,
		       float *out)
{
	int64_t position = want.first * r->down;
	struct place at = {position - floor_div(position, r->up) * r->up, in};
	int64_t count = want.end - want.first;

	if (r->exact)
		run_exact(r, at, count, out);
	else
		run_between(r, at, count, out);
}

void resampler_run(const struct resampler *r, const float *in, struct resample_range want,
		   float *out)
{
	assert(want.first < want.end);
	if (r->taps)
		run_filter(r, in, want, out);
	else
		memcpy(out, in,
		       (size_t)(want.end - want.first) * (size_t)r->channels * sizeof(*out));
}

int64_t resample_length(int64_t samples, int32_t rate)
{
	assert(samples >= 0 && samples <= (int64_t)1 << 43);
	assert(rate >= RESAMPLE_RATE_MIN && rate <= RESAMPLE_RATE_MAX);
	return (samples * RATE_OUT + rate - 1) / rate;
}
