#include "media/resample.h"

#include "media/lanes.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define RATE_OUT 48000
#define TAPS_UP 72 /* transition of 0.094 of the rate, at -104 dB */
#define KAISER_BETA 10.5
#define TABLE_MAX ((size_t)1 << 20) /* bytes of exact phases */
#define FINE_PHASES 1024 /* of the interpolated table, at 48 kHz and below */
#define HALF_POSITION_MAX ((int64_t)1 << 42)

struct resampler {
	int32_t channels;
	int64_t up; /* 48000 and the rate without their common divisor: */
	int64_t down; /* output n is at native position n * down / up */
	int32_t taps; /* a row, per channel; a multiple of 8; 0 for a copy */
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

/* Going down the filter is stretched, and so smooth that it needs fewer phases. */
static void choose_phases(struct resampler *r, int32_t rate)
{
	double stretch = rate > RATE_OUT ? (double)rate / RATE_OUT : 1;
	size_t row_bytes;

	r->taps = ((int32_t)ceil(TAPS_UP * stretch) + 7) & ~7;
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
		if (fill_table(r, rate > RATE_OUT ? (double)RATE_OUT / rate : 1)) {
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
static inline void add_lanes(lanes sum, int32_t channels, float *out)
{
	if (channels == 1) {
		out[0] = (sum[0] + sum[1]) + (sum[2] + sum[3]);
		return;
	}
	out[0] = sum[0] + sum[2];
	out[1] = sum[1] + sum[3];
}

static inline void add_products(lanes *sum, const float *row, const float *x)
{
	*sum += lanes_load(row) * lanes_load(x);
}

/* Four sums at once, because each addition waits for the one before it. */
static inline lanes filter_exact(const float *row, const float *x, int32_t n)
{
	lanes a = lanes_of(0), b = a, c = a, d = a;
	int32_t i = 0;

	for (; i + 4 * LANES <= n; i += 4 * LANES) {
		add_products(&a, row + i, x + i);
		add_products(&b, row + i + LANES, x + i + LANES);
		add_products(&c, row + i + 2 * LANES, x + i + 2 * LANES);
		add_products(&d, row + i + 3 * LANES, x + i + 3 * LANES);
	}
	if (i < n) {
		add_products(&a, row + i, x + i);
		add_products(&b, row + i + LANES, x + i + LANES);
	}
	return (a + b) + (c + d);
}

/* Between row and the one behind it: fraction 0 to 1. */
static inline lanes filter_between(const float *row, float fraction, const float *x, int32_t n)
{
	lanes sum = lanes_of(0), weight = lanes_of(fraction);

	for (int32_t i = 0; i < n; i += LANES) {
		lanes here = lanes_load(row + i);
		lanes next = lanes_load(row + n + i);

		sum += (here + weight * (next - here)) * lanes_load(x + i);
	}
	return sum;
}

static inline lanes filter_sample(const struct resampler *r, int64_t phase, const float *x)
{
	int32_t n = r->taps * r->channels;
	int64_t row, rest;

	if (r->exact)
		return filter_exact(r->rows + phase * n, x, n);
	row = phase * r->phases / r->up;
	rest = phase * r->phases - row * r->up;
	return filter_between(r->rows + row * n, (float)rest / (float)r->up, x, n);
}

/* in: where the filter of the first sample begins. */
static void run_filter(const struct resampler *r, const float *in, struct resample_range want,
		       float *out)
{
	int64_t whole_step = r->down / r->up, phase_step = r->down % r->up;
	int64_t phase = want.first * r->down - floor_div(want.first * r->down, r->up) * r->up;

	for (int64_t n = want.first; n < want.end; n++, out += r->channels) {
		add_lanes(filter_sample(r, phase, in), r->channels, out);
		phase += phase_step;
		in += (whole_step + (phase >= r->up)) * r->channels;
		if (phase >= r->up)
			phase -= r->up;
	}
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
