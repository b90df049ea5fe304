#include "dsp/truepeak.h"

#include "dsp/lanes.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#define BEFORE (TRUEPEAK_TAPS - 1) /* samples kept from piece to piece */

/* Hann-windowed sinc at distance u, in samples, from its middle. */
static double tap_at(double u)
{
	double half = TRUEPEAK_TAPS / 2.0;

	if (fabs(u) >= half)
		return 0;
	return sin(M_PI * u) / (M_PI * u) * (0.5 + 0.5 * cos(M_PI * u / half));
}

/* Scaled to a sum of 1: a constant has no peaks. */
void truepeak_taps(double fraction, float taps[TRUEPEAK_TAPS])
{
	double sum = 0;

	for (int i = 0; i < TRUEPEAK_TAPS; i++)
		sum += tap_at(fraction + TRUEPEAK_TAPS / 2 - 1 - i);
	for (int i = 0; i < TRUEPEAK_TAPS; i++)
		taps[i] = (float)(tap_at(fraction + TRUEPEAK_TAPS / 2 - 1 - i) / sum);
}

void truepeak_init(struct truepeak *t, int32_t rate, int32_t channels)
{
	assert(rate > 0);
	assert(channels == 1 || channels == 2);
	*t = (struct truepeak){.channels = channels};
	t->held = (size_t)(BEFORE * channels); /* silence before the start */
	t->phases = rate < 96000 ? 3 : rate < 192000 ? 1 : 0;
	for (int p = 0; p < t->phases; p++)
		truepeak_taps((p + 1.0) / (t->phases + 1), t->taps[p]);
}

/* The highest of peak and the first n of sixteen. */
LANES_INLINE float highest_of(const struct lanes_pair *all, size_t n, float peak)
{
	float each[LANES_WIDE];

	*(lanes_half *)each = all->low;
	*(lanes_half *)(each + LANES_HALF) = all->high;
	for (size_t i = 0; i < n; i++)
		peak = each[i] > peak ? each[i] : peak;
	return peak;
}

/* Highest square between floats [0, count) of x, neighbours in the interleaved stream
   whatever their channels. */
LANES_EVERY_CPU static float peak_between(const struct truepeak *t, const float *x, size_t count)
{
	const int phases = t->phases, channels = t->channels;
	float peak = 0;

	for (size_t at = 0; at < count; at += LANES_WIDE) {
		struct lanes_pair highest = {0};
		size_t n = count - at < LANES_WIDE ? count - at : LANES_WIDE;

		for (int p = 0; p < phases; p++) {
			struct lanes_pair y = {0};

			for (int i = 0; i < TRUEPEAK_TAPS; i++)
				lanes_add_scaled(&y, t->taps[p][i], x + at + i * channels);
			lanes_raise_to_square(&highest, &y);
		}
		peak = highest_of(&highest, n, peak);
	}
	return peak;
}

static float peak_of_samples(const float *x, size_t count)
{
	float peak = 0;

	for (size_t i = 0; i < count; i++)
		peak = x[i] * x[i] > peak ? x[i] * x[i] : peak;
	return peak;
}

static void add_piece(struct truepeak *t, const float *pcm, size_t floats)
{
	size_t ready;

	memcpy(t->pcm + t->held, pcm, floats * sizeof(*pcm));
	t->held += floats;
	ready = (t->held - (size_t)(BEFORE * t->channels)) / LANES * LANES;
	t->peak_squared = fmaxf(t->peak_squared, peak_of_samples(pcm, floats));
	t->peak_squared = fmaxf(t->peak_squared, peak_between(t, t->pcm, ready));
	t->held -= ready;
	memmove(t->pcm, t->pcm + ready, t->held * sizeof(*pcm));
}

void truepeak_add(struct truepeak *t, const float *pcm, size_t count)
{
	while (count > 0) {
		size_t n = count < TRUEPEAK_PIECE ? count : TRUEPEAK_PIECE;

		add_piece(t, pcm, n * (size_t)t->channels);
		pcm += n * (size_t)t->channels;
		count -= n;
	}
}

double truepeak_get(const struct truepeak *t)
{
	return sqrt((double)t->peak_squared);
}
