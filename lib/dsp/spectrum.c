#include "dsp/spectrum.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define BITS 12
#define SIZE (1 << BITS) /* of a frame: bins of 11.7 Hz at 48 kHz */
#define EVERY (4 * SIZE) /* samples from one frame's start to the next one's */
#define AMPLITUDE_MAX 1000

struct spectrum {
	int32_t channels;
	int32_t at; /* samples since the last frame's start */
	int64_t frames;
	float window[SIZE]; /* Hann, scaled: a sine of full scale has a power of 1 */
	float cosine[SIZE / 2], sine[SIZE / 2];
	int16_t reversed[SIZE]; /* bits of the index */
	int8_t band[SIZE / 2 + 1]; /* of each bin; -1: none */
	float re[2][SIZE]; /* of each channel; in order of reversed bits */
	double power[SPECTRUM_BANDS];
};

static void fill_tables(struct spectrum *s)
{
	/* by Parseval's theorem half of the window's squares are a sine's power */
	const double scale = sqrt(2 / (SIZE * 0.375 * SIZE / 2));

	for (int i = 0; i < SIZE; i++) {
		int reversed = 0;

		for (int bit = 0; bit < BITS; bit++)
			reversed |= (i >> bit & 1) << (BITS - 1 - bit);
		s->reversed[i] = (int16_t)reversed;
		s->window[i] = (float)(scale * (0.5 - 0.5 * cos(2 * M_PI * (i + 0.5) / SIZE)));
	}
	for (int i = 0; i < SIZE / 2; i++) {
		s->cosine[i] = (float)cos(2 * M_PI * i / SIZE);
		s->sine[i] = (float)-sin(2 * M_PI * i / SIZE);
	}
}

/* The band that a bin's middle is in. */
static void assign_bands(struct spectrum *s, int32_t rate)
{
	for (int bin = 0; bin <= SIZE / 2; bin++) {
		double hertz = (double)bin * rate / SIZE;
		int band = bin ? (int)lround(10 * log10(hertz)) - 13 : -1;

		s->band[bin] = (int8_t)(band >= 0 && band < SPECTRUM_BANDS ? band : -1);
	}
}

enum drift_err spectrum_new(int32_t rate, int32_t channels, struct spectrum **out)
{
	struct spectrum *s = calloc(1, sizeof(*s));

	assert(rate > 0);
	assert(channels == 1 || channels == 2);
	if (!s)
		return DRIFT_ENOMEM;
	s->channels = channels;
	fill_tables(s);
	assign_bands(s, rate);
	*out = s;
	return DRIFT_OK;
}

void spectrum_free(struct spectrum *s)
{
	free(s);
}

/* Radix 2, decimation in time; the input is in order of reversed bits. */
static void transform(const struct spectrum *s, float *re, float *im)
{
	for (int half = 1; half < SIZE; half *= 2)
		for (int start = 0; start < SIZE; start += 2 * half)
			for (int k = 0, turn = 0; k < half; k++, turn += SIZE / 2 / half) {
				int a = start + k, b = a + half;
				float c = s->cosine[turn], d = s->sine[turn];
				float x = re[b] * c - im[b] * d, y = re[b] * d + im[b] * c;

				re[b] = re[a] - x;
				im[b] = im[a] - y;
				re[a] += x;
				im[a] += y;
			}
}

/* Two real channels as one complex signal: apart again, their powers are
   those of the even and of the odd part. */
static void add_frame(struct spectrum *s)
{
	float re[SIZE], im[SIZE];

	memcpy(re, s->re[0], sizeof(re));
	memcpy(im, s->re[1], sizeof(im));
	transform(s, re, im);
	for (int bin = 0; bin <= SIZE / 2; bin++) {
		int mirror = (SIZE - bin) % SIZE;
		double here = (double)re[bin] * re[bin] + (double)im[bin] * im[bin];
		double there = (double)re[mirror] * re[mirror] + (double)im[mirror] * im[mirror];

		if (s->band[bin] >= 0)
			s->power[s->band[bin]] += (here + there) / 2;
	}
	s->frames++;
}

static float clean(float v)
{
	return fabsf(v) <= AMPLITUDE_MAX ? v : 0;
}

static void take_sample(struct spectrum *s, const float *pcm)
{
	for (int c = 0; c < s->channels; c++)
		s->re[c][s->reversed[s->at]] = s->window[s->at] * clean(pcm[c]);
}

void spectrum_add(struct spectrum *s, const float *pcm, size_t count)
{
	for (size_t i = 0; i < count; i++, pcm += s->channels) {
		if (s->at < SIZE)
			take_sample(s, pcm);
		s->at++;
		if (s->at == SIZE)
			add_frame(s);
		if (s->at == EVERY)
			s->at = 0;
	}
}

void spectrum_get(const struct spectrum *s, double bands[SPECTRUM_BANDS])
{
	for (int i = 0; i < SPECTRUM_BANDS; i++) {
		double mean = s->power[i] / (double)(s->frames ? s->frames : 1) / s->channels;

		bands[i] = fmax(10 * log10(mean), SPECTRUM_FLOOR);
	}
}
