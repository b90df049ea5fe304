/*
 * music.h - a composed signal that any test can have any piece of.
 *
 * A sample is a function of its position: chords that change every 1.7 s,
 * a slow sweep, decaying noise bursts (transients), and a DC offset.
 */
#ifndef DRIFT_TESTS_MUSIC_H
#define DRIFT_TESTS_MUSIC_H

#include "base/err.h"
#include "dsp/resample.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>

/* White noise in ±1, the same for the same position. */
static inline float music_noise(int64_t n)
{
	uint64_t x = (uint64_t)n * 0x9e3779b97f4a7c15u;

	x = (x ^ x >> 32) * 0xd6e8feb86659fd93u;
	x ^= x >> 32;
	return (float)((double)(x >> 11) / (double)(1ull << 52) - 1);
}

static inline float music_sample(int64_t n, int32_t channel)
{
	static const double chords[4][3] = {
		{220, 277.2, 329.6}, {196, 246.9, 392}, {174.6, 261.6, 440}, {164.8, 207.7, 493.9}};
	double t = (double)n / 48000;
	const double *chord = chords[(n / 81600) % 4];
	double burst = (double)(n % 17760) / 48000;
	double v = 0.05 + 0.02 * channel;

	for (int i = 0; i < 3; i++)
		v += 0.11 * sin(2 * M_PI * chord[i] * t * (1 + 0.001 * channel) + i);
	v += 0.05 * sin(2 * M_PI * (3000 * t + 1500 / 0.4 * sin(0.4 * t)));
	v += 0.3 * exp(-burst * 60) * (double)music_noise(2 * n + channel);
	return (float)v;
}

/* Bursts every 7 ms, each as loud as it likes: transient after transient, now and then
   with a pause in which the encoder returns to long blocks. */
static inline float music_rattle(int64_t n, int32_t channel)
{
	int64_t burst = n / 336;
	double loudness = fabs((double)music_noise(3 * burst + channel));
	double decay = exp(-(double)(n % 336) / 40);
	bool pause = music_noise(n / 14400) > 0.6f;

	return pause ? music_sample(n, channel)
		     : (float)(loudness * loudness * decay * (double)music_noise(2 * n + channel));
}

/* Music from first on, for a source of so many 48 kHz samples; opusfile_pcm. */
struct music {
	int32_t channels;
	int64_t samples;
	float (*sample)(int64_t n, int32_t channel);
};

static inline enum drift_err music_pcm(void *context, struct resample_range want, float *out)
{
	const struct music *m = context;

	for (int64_t n = want.first; n < want.end; n++)
		for (int32_t c = 0; c < m->channels; c++)
			*out++ = n >= 0 && n < m->samples ? m->sample(n, c) : 0;
	return DRIFT_OK;
}

#endif
