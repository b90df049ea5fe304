/*
 * clicks.h - sound of which every sample's place can be told: silence with a click in it now and
 * then. For tests of where sound begins and ends.
 */
#ifndef DRIFT_TESTS_CLICKS_H
#define DRIFT_TESTS_CLICKS_H

#include "strange.h"

#define CLICKS_MAX 8
#define CLICKS_LOUD 0.35 /* of the loudest sample: more is a click */

struct clicks {
	int32_t rate, channels;
	int32_t samples; /* in all */
	int count;
	int32_t at[CLICKS_MAX]; /* ascending, at least 4096 apart */
};

static void clicks_put_head(FILE *f, const struct clicks *c)
{
	uint32_t block = (uint32_t)c->channels * 2, bytes = (uint32_t)c->samples * block;

	fwrite("RIFF", 1, 4, f);
	strange_put(f, bytes + 36, 4);
	fwrite("WAVEfmt ", 1, 8, f);
	strange_put(f, 16, 4);
	strange_put(f, 1, 2);
	strange_put(f, (uint64_t)c->channels, 2);
	strange_put(f, (uint64_t)c->rate, 4);
	strange_put(f, (uint64_t)c->rate * block, 4);
	strange_put(f, block, 2);
	strange_put(f, 16, 2);
	fwrite("data", 1, 4, f);
	strange_put(f, bytes, 4);
}

/* A WAV file of 16 bits. */
__attribute__((unused)) static void clicks_wav(const char *path, const struct clicks *c)
{
	FILE *f = fopen(path, "wb");
	int next = 0;

	assert_non_null(f);
	clicks_put_head(f, c);
	for (int32_t i = 0; i < c->samples; i++) {
		bool is_click = next < c->count && c->at[next] == i;

		next += is_click;
		for (int k = 0; k < c->channels; k++)
			strange_put(f, is_click ? 30000 : 0, 2);
	}
	fclose(f);
}

static int32_t clicks_loudest(const float *pcm, int32_t from, int32_t to, int sides)
{
	int32_t best = from;

	for (int32_t i = from; i < to; i++)
		if (fabsf(pcm[(int64_t)i * sides]) > fabsf(pcm[(int64_t)best * sides]))
			best = i;
	return best;
}

/* Those that are in the file: all of the struct is written. */
__attribute__((unused)) static struct clicks clicks_find(const char *path)
{
	struct decoder *d = strange_open(path);
	const struct decoder_facts *f = decoder_get_facts(d);
	int sides = decoder_pcm_channels(d);
	struct clicks c = {f->sample_rate, f->channels, (int32_t)f->samples, 0, {0}};
	float *pcm = strange_read(d, 0, c.samples), loud;

	loud = fabsf(pcm[(int64_t)clicks_loudest(pcm, 0, c.samples, sides) * sides]);
	for (int32_t i = 0; i < c.samples && c.count < CLICKS_MAX; i++) {
		int32_t end = c.samples - i < 1024 ? c.samples : i + 1024;

		if (fabsf(pcm[(int64_t)i * sides]) < CLICKS_LOUD * loud)
			continue;
		c.at[c.count++] = clicks_loudest(pcm, i, end, sides);
		i += 2048;
	}
	free(pcm);
	decoder_free(d);
	return c;
}

/* The file has this rate, this length to the sample, and its clicks where they belong. */
__attribute__((unused)) static void clicks_expect(const char *path, const struct clicks *want)
{
	struct clicks got = clicks_find(path);

	if (got.rate != want->rate || got.samples != want->samples || got.count != want->count)
		fail_msg("%s: %d samples at %d Hz with %d clicks instead of %d, %d, %d", path,
			 got.samples, got.rate, got.count, want->samples, want->rate, want->count);
	for (int i = 0; i < want->count; i++)
		if (got.at[i] != want->at[i])
			fail_msg("%s: click %d is at %d instead of %d", path, i, got.at[i],
				 want->at[i]);
}

#endif
