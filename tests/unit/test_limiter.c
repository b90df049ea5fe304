#include "dsp/limiter.h"

#include "music.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SECONDS 4
#define COUNT (SECONDS * 48000)

typedef float sound(int64_t n, int32_t channel);

static float loud_music(int64_t n, int32_t channel)
{
	return 3 * music_sample(n, channel);
}

static float loud_rattle(int64_t n, int32_t channel)
{
	return 6 * music_rattle(n, channel);
}

/* Crests lie between the samples: the worst that can be. */
static float tone_between(int64_t n, int32_t channel)
{
	return (float)(1.4 * sin(M_PI / 2 * ((double)n + 0.5) + channel));
}

static float clicks(int64_t n, int32_t channel)
{
	return n % 7001 == 100 * channel ? 8.0f : 0.0f;
}

static float square_wave(int64_t n, int32_t channel)
{
	(void)channel;
	return n / 37 % 2 ? 2.0f : -2.0f;
}

static float noise(int64_t n, int32_t channel)
{
	return 4 * music_noise(2 * n + channel);
}

static sound *const sounds[] = {loud_music, loud_rattle, tone_between, clicks, square_wave, noise};

static float *make(sound *of, int32_t channels, int64_t first, size_t count)
{
	float *pcm = malloc(count * (size_t)channels * sizeof(*pcm));

	for (size_t i = 0; i < count; i++)
		for (int32_t c = 0; c < channels; c++)
			pcm[i * (size_t)channels + (size_t)c] = of(first + (int64_t)i, c);
	return pcm;
}

static double true_peak_db(const float *pcm, int32_t channels, size_t count)
{
	struct truepeak *t = malloc(sizeof(*t));
	double db;

	truepeak_init(t, 48000, channels);
	truepeak_add(t, pcm, count);
	db = 20 * log10(truepeak_get(t) + 1e-9);
	free(t);
	return db;
}

static void it_lets_no_true_peak_above_the_ceiling(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(sounds) / sizeof(sounds[0]); i++)
		for (int32_t channels = 1; channels <= 2; channels++) {
			struct limiter *l = malloc(sizeof(*l));
			float *pcm = make(sounds[i], channels, 0, COUNT);
			double db;

			limiter_init(l, channels);
			limiter_run(l, pcm, COUNT);
			db = true_peak_db(pcm, channels, COUNT);
			if (db > LIMITER_AIM + 0.2 || db < LIMITER_AIM - 1)
				fail_msg("sound %zu: %.2f dBTP", i, db);
			free(pcm);
			free(l);
		}
}

static void it_leaves_what_is_quiet_as_it_was_but_later(void **state)
{
	struct limiter *l = malloc(sizeof(*l));
	float *in = make(music_sample, 2, 0, COUNT), *out = make(music_sample, 2, 0, COUNT);

	(void)state;
	limiter_init(l, 2);
	limiter_run(l, out, COUNT);
	assert_memory_equal(out + 2 * LIMITER_DELAY, in, (COUNT - LIMITER_DELAY) * 2 * sizeof(*in));
	for (int i = 0; i < 2 * LIMITER_DELAY; i++)
		assert_true(out[i] == 0);
	free(in);
	free(out);
	free(l);
}

static void it_gives_the_same_whatever_the_pieces(void **state)
{
	struct limiter *l = malloc(sizeof(*l));
	float *whole = make(loud_rattle, 2, 0, COUNT), *pieces = make(loud_rattle, 2, 0, COUNT);
	size_t at = 0, n = 1;

	(void)state;
	limiter_init(l, 2);
	limiter_run(l, whole, COUNT);
	limiter_init(l, 2);
	while (at < COUNT) {
		limiter_run(l, pieces + 2 * at, n);
		at += n;
		n = n * 7 % 3001 + 1;
		n = n < COUNT - at ? n : COUNT - at;
	}
	assert_memory_equal(pieces, whole, COUNT * 2 * sizeof(*whole));
	free(whole);
	free(pieces);
	free(l);
}

static void it_forgets_what_was_longer_ago_than_its_memory(void **state)
{
	const size_t start = 48000;
	struct limiter *l = malloc(sizeof(*l));

	(void)state;
	for (size_t i = 0; i < sizeof(sounds) / sizeof(sounds[0]); i++) {
		float *whole = make(sounds[i], 2, 0, COUNT);
		float *late = make(sounds[i], 2, (int64_t)start, COUNT - start);
		size_t heard = LIMITER_MEMORY + LIMITER_DELAY;

		limiter_init(l, 2);
		limiter_run(l, whole, COUNT);
		limiter_init(l, 2);
		limiter_run(l, late, COUNT - start);
		assert_memory_equal(late + 2 * heard, whole + 2 * (start + heard),
				    (COUNT - start - heard) * 2 * sizeof(*whole));
		free(whole);
		free(late);
	}
	free(l);
}

static void it_is_back_soon_after_a_peak(void **state)
{
	struct limiter *l = malloc(sizeof(*l));
	float *pcm = malloc(48000 * sizeof(*pcm));

	(void)state;
	for (int i = 0; i < 48000; i++)
		pcm[i] = i == 10000 ? 4.0f : 0.5f;
	limiter_init(l, 1);
	limiter_run(l, pcm, 48000);
	assert_true(pcm[10000 + LIMITER_DELAY - LIMITER_AHEAD - TRUEPEAK_TAPS] == 0.5f);
	assert_true(pcm[10000 + LIMITER_DELAY + 100] < 0.2f);
	assert_true(pcm[10000 + LIMITER_DELAY + LIMITER_RELEASE + LIMITER_AHEAD] == 0.5f);
	free(pcm);
	free(l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_lets_no_true_peak_above_the_ceiling),
		cmocka_unit_test(it_leaves_what_is_quiet_as_it_was_but_later),
		cmocka_unit_test(it_gives_the_same_whatever_the_pieces),
		cmocka_unit_test(it_forgets_what_was_longer_ago_than_its_memory),
		cmocka_unit_test(it_is_back_soon_after_a_peak),
	};

	return cmocka_run_group_tests_name("limiter", tests, NULL, NULL);
}
