/*
 * fakedecoder.h - a decoder of our own: one that computes its PCM from the position and
 * writes down what it was asked. Included in one file of a test program, instead of the
 * library's.
 */
#ifndef DRIFT_TESTS_FAKEDECODER_H
#define DRIFT_TESTS_FAKEDECODER_H

#include "wall/decoder.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "music.h"

struct ask {
	int64_t first;
	int32_t count;
	bool open; /* asked and not answered */
};

struct decoder {
	struct decoder_facts facts;
	int channels;
	struct ask slot[DECODER_SLOTS];
	float *pcm[DECODER_SLOTS];
	int asks;
	int64_t lowest, highest; /* of all that was asked */
	int fail_at; /* this many answers are good; -1: all */
	int ask_fails_at; /* likewise the asks, less one; 0: all */
};

/* A triangle in noise: quick to compute, and any change of it is heard. */
static inline float sample_at(const struct decoder *d, int64_t at, int channel)
{
	float phase = (float)(at % 200) / 200.0f;

	if (at < 0 || at >= d->facts.samples)
		return 0.0f;
	return 0.4f * fabsf(phase - 0.5f) + 0.1f * music_noise(2 * at + channel);
}

static inline void fill(const struct decoder *d, int64_t first, int64_t count, float *out)
{
	for (int64_t i = 0; i < count; i++)
		for (int c = 0; c < d->channels; c++)
			out[i * d->channels + c] = sample_at(d, first + i, c);
}

/* The decoder's contract, as far as the pipeline uses it. */

const struct decoder_facts *decoder_get_facts(const struct decoder *d)
{
	return &d->facts;
}

int decoder_slots(const struct decoder *d)
{
	(void)d;
	return DECODER_SLOTS;
}

int decoder_pcm_channels(const struct decoder *d)
{
	return d->channels;
}

enum drift_err decoder_ask(struct decoder *d, int slot, int64_t first, int32_t count)
{
	assert_in_range(slot, 0, DECODER_SLOTS - 1);
	assert_in_range(count, 1, DECODER_READ_MAX);
	assert_false(d->slot[slot].open);
	if (++d->asks == d->ask_fails_at)
		return DRIFT_EMEDIA;
	d->slot[slot] = (struct ask){first, count, true};
	if (first < d->lowest)
		d->lowest = first;
	if (first + count > d->highest)
		d->highest = first + count;
	return DRIFT_OK;
}

enum drift_err decoder_wait(struct decoder *d, int slot, const float **out)
{
	struct ask *a = &d->slot[slot];

	assert_true(a->open);
	if (d->fail_at-- == 0)
		return DRIFT_EMEDIA;
	a->open = false;
	free(d->pcm[slot]);
	d->pcm[slot] = malloc((size_t)a->count * (size_t)d->channels * sizeof(float));
	assert_non_null(d->pcm[slot]);
	fill(d, a->first, a->count, d->pcm[slot]);
	*out = d->pcm[slot];
	return DRIFT_OK;
}

#endif
