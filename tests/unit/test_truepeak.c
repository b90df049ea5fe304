#include "dsp/truepeak.h"

#include "music.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define TWO_PI 6.283185307179586

static double decibels(const struct truepeak *t)
{
	return 20 * log10(truepeak_get(t));
}

/* Of a tone of amplitude 0.5 whose samples lie as far off its crests as can be. */
static double peak_of_tone(int32_t rate, int32_t channels, double part_of_rate)
{
	struct truepeak *t = malloc(sizeof(*t));
	double db;

	truepeak_init(t, rate, channels);
	for (int n = 0; n < 4800; n++) {
		double fade = fmin(1, n / 2400.0); /* a sudden start has a peak of its own */
		float v = (float)(0.5 * fade * sin(TWO_PI * part_of_rate * (n + 0.5)));
		float sample[2] = {channels == 2 ? 0.1f : v, v};

		truepeak_add(t, sample, 1);
	}
	db = decibels(t);
	free(t);
	return db;
}

/* BS.1770-4 annex 2: reads low by 0.69 dB at most when interpolating by 4. */
static void it_sees_the_crests_between_the_samples(void **state)
{
	static const double parts[] = {1 / 100., 1 / 12., 1 / 8., 1 / 6., 1 / 4., 1 / 3., 0.4};

	(void)state;
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		for (int32_t channels = 1; channels <= 2; channels++) {
			double db = peak_of_tone(48000, channels, parts[i]);

			assert_true(db > -6.02 - 0.69 && db < -6.02 + 0.1);
		}
	assert_true(fabs(peak_of_tone(44100, 2, 0.25) + 6.02) < 0.05);
	assert_true(fabs(peak_of_tone(96000, 2, 0.25) + 6.02) < 0.05);
}

static void it_takes_the_samples_as_they_are_at_192_khz(void **state)
{
	(void)state;
	assert_true(fabs(peak_of_tone(192000, 2, 0.25) + 9.03) < 0.01);
}

static void it_adds_nothing_to_a_constant(void **state)
{
	struct truepeak *t = malloc(sizeof(*t));
	float pcm[2000];

	(void)state;
	truepeak_init(t, 44100, 1);
	for (int n = 0; n < 2000; n++)
		pcm[n] = -0.5f * fminf(1, (float)n / 1000);
	truepeak_add(t, pcm, 2000);
	assert_true(fabs(truepeak_get(t) - 0.5) < 0.001);
	free(t);
}

static void it_sees_the_last_sample(void **state)
{
	struct truepeak *t = malloc(sizeof(*t));
	float pcm[] = {0, 0, 0, 0, 0, 0.9f};

	(void)state;
	truepeak_init(t, 48000, 2);
	truepeak_add(t, pcm, 3);
	assert_true(fabs(truepeak_get(t) - 0.9) < 1e-6);
	free(t);
}

static void it_gives_the_same_whatever_the_pieces(void **state)
{
	struct truepeak *t = malloc(2 * sizeof(*t));
	float *pcm = malloc(20000 * sizeof(*pcm));

	(void)state;
	for (int32_t channels = 1; channels <= 2; channels++)
		for (int64_t seed = 0; seed < 20; seed++) {
			size_t samples = 20000 / (size_t)channels, at = 0;

			for (int64_t n = 0; n < 20000; n++)
				pcm[n] = music_noise(n + 20000 * seed);
			truepeak_init(&t[0], 44100, channels);
			truepeak_init(&t[1], 44100, channels);
			truepeak_add(&t[0], pcm, samples);
			for (size_t n = 1; at < samples; at += n, n = n % 1500 + 7) {
				n = n < samples - at ? n : samples - at;
				truepeak_add(&t[1], pcm + at * (size_t)channels, n);
			}
			assert_true(t[0].peak_squared == t[1].peak_squared);
			assert_true(t[0].peak_squared > 1);
		}
	free(pcm);
	free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_sees_the_crests_between_the_samples),
		cmocka_unit_test(it_takes_the_samples_as_they_are_at_192_khz),
		cmocka_unit_test(it_adds_nothing_to_a_constant),
		cmocka_unit_test(it_sees_the_last_sample),
		cmocka_unit_test(it_gives_the_same_whatever_the_pieces),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
