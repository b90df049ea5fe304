#include "dsp/limiter.h"

#include "dsp/lanes.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#define UNITY (1 << 24)
#define AIM 0.7499f /* LIMITER_AIM */
#define RISE ((UNITY + LIMITER_RELEASE - 1) / LIMITER_RELEASE)
#define SQUARE ((double)(LIMITER_HALF + 1) * (LIMITER_HALF + 1))

void limiter_init(struct limiter *l, int32_t channels)
{
	assert(channels == 1 || channels == 2);
	*l = (struct limiter){.channels = channels, .released = UNITY};
	for (int p = 0; p < TRUEPEAK_PHASES; p++)
		truepeak_taps((p + 1.0) / (TRUEPEAK_PHASES + 1), l->taps[p]);
	for (int i = 0; i <= LIMITER_HALF; i++) {
		l->lowest[i] = UNITY;
		l->mean[i] = (int64_t)UNITY * (LIMITER_HALF + 1);
	}
	l->lowest_sum = (int64_t)UNITY * (LIMITER_HALF + 1);
	l->mean_sum = l->lowest_sum * (LIMITER_HALF + 1);
}

/* The highest square between each float of x and its channel's next one; the 8th of the
   taps weighs x itself. */
LANES_EVERY_CPU static void square_between(const struct limiter *l, const float *x, size_t floats,
					   float *out)
{
	const float *first = x - (TRUEPEAK_TAPS / 2 - 1) * l->channels;

	for (size_t at = 0; at < floats; at += LANES_WIDE) {
		struct lanes_pair highest = {0};

		for (int p = 0; p < TRUEPEAK_PHASES; p++) {
			struct lanes_pair y = {0};

			for (int i = 0; i < TRUEPEAK_TAPS; i++)
				lanes_add_scaled(&y, l->taps[p][i], first + at + i * l->channels);
			lanes_raise_to_square(&highest, &y);
		}
		*(lanes_half *)(out + at) = highest.low;
		*(lanes_half *)(out + at + LANES_HALF) = highest.high;
	}
}

/* The highest of all channels at a sample. */
static float highest(const float *squares, int32_t channels)
{
	return channels == 2 ? fmaxf(squares[0], squares[1]) : squares[0];
}

static float highest_sample(const float *x, int32_t channels)
{
	float left = fabsf(x[0]);

	return channels == 2 ? fmaxf(left, fabsf(x[1])) : left;
}

/* What a sample with that peak may be multiplied by at most. */
static int32_t allow(float peak)
{
	return peak > AIM ? (int32_t)(AIM / peak * UNITY) : UNITY;
}

/* The lowest gain of this sample and the LIMITER_AHEAD before it. */
static int32_t find_lowest(struct limiter *l, int32_t gain)
{
	const int room = LIMITER_AHEAD + 2;

	while (l->lows > 0 && l->low[(l->first_low + l->lows - 1) % room].gain >= gain)
		l->lows--;
	l->low[(l->first_low + l->lows++) % room] = (struct limiter_low){l->at, gain};
	if (l->low[l->first_low].at < l->at - LIMITER_AHEAD) {
		l->first_low = (l->first_low + 1) % room;
		l->lows--;
	}
	return l->low[l->first_low].gain;
}

/* Two running means, one over the other, of what was lowest: smooth, and never
   higher than allowed where the peak is. */
static float smooth(struct limiter *l, int32_t lowest)
{
	l->lowest_sum += lowest - l->lowest[l->place];
	l->lowest[l->place] = lowest;
	l->mean_sum += l->lowest_sum - l->mean[l->place];
	l->mean[l->place] = l->lowest_sum;
	l->place = l->place < LIMITER_HALF ? l->place + 1 : 0;
	return (float)((double)l->mean_sum / (SQUARE * UNITY));
}

/* A sample's own peak, and those between it and its neighbours: the gain for the sample
   LIMITER_AHEAD before it. */
static float weigh(struct limiter *l, const float *x, float square)
{
	float between = sqrtf(fmaxf(l->before, square));
	int32_t allowed = allow(fmaxf(highest_sample(x, l->channels), between));

	l->before = square;
	l->released = l->released < UNITY - RISE ? l->released + RISE : UNITY;
	if (allowed < l->released)
		l->released = allowed;
	l->at++;
	return smooth(l, find_lowest(l, l->released));
}

static void run_piece(struct limiter *l, float *pcm, size_t count)
{
	const size_t wide = (size_t)l->channels, kept = LIMITER_DELAY * wide;
	const float *leaving = l->pcm, *seen = l->pcm + LIMITER_AHEAD * wide;
	float squares[LIMITER_PIECE * 2 + LANES_WIDE];

	memcpy(l->pcm + kept, pcm, count * wide * sizeof(*pcm));
	square_between(l, seen, count * wide, squares);
	for (size_t i = 0; i < count; i++) {
		float gain = weigh(l, seen + i * wide, highest(squares + i * wide, l->channels));

		for (size_t c = 0; c < wide; c++)
			pcm[i * wide + c] = gain * leaving[i * wide + c];
	}
	memmove(l->pcm, l->pcm + count * wide, kept * sizeof(*pcm));
}

void limiter_run(struct limiter *l, float *pcm, size_t count)
{
	while (count > 0) {
		size_t n = count < LIMITER_PIECE ? count : LIMITER_PIECE;

		run_piece(l, pcm, n);
		pcm += n * (size_t)l->channels;
		count -= n;
	}
}
