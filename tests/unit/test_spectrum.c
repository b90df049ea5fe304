#include "dsp/spectrum.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "music.h"

/* left, right: the wave of each channel at sample n; right NULL: mono. */
static void measure(int32_t rate, double (*left)(double), double (*right)(double), double *bands)
{
	int32_t channels = right ? 2 : 1;
	int64_t samples = 5 * (int64_t)rate;
	float *pcm = malloc((size_t)(samples * channels) * sizeof(*pcm));
	struct spectrum *s;

	for (int64_t n = 0; n < samples; n++) {
		pcm[n * channels] = (float)left((double)n / rate);
		if (right)
			pcm[n * channels + 1] = (float)right((double)n / rate);
	}
	assert_int_equal(spectrum_new(rate, channels, &s), DRIFT_OK);
	/* in uneven pieces */
	for (int64_t at = 0, n = 1; at < samples; at += n, n = n % 9000 + 1777)
		spectrum_add(s, pcm + at * channels, (size_t)(n < samples - at ? n : samples - at));
	spectrum_get(s, bands);
	spectrum_free(s);
	free(pcm);
}

static double sine_1000(double t)
{
	return sin(2 * M_PI * 1000 * t);
}

static double sine_100_quiet(double t)
{
	return 0.1 * sin(2 * M_PI * 100 * t);
}

static double nothing(double t)
{
	(void)t;
	return 0;
}

static double junk(double t)
{
	return fmod(t, 0.01) < 0.001 ? NAN : fmod(t, 0.01) < 0.002 ? 1e30 : 0;
}

static double white(double t)
{
	return (double)music_noise((int64_t)(t * 48000 + 0.5));
}

static void it_finds_a_tone_in_its_band(void **state)
{
	static const int32_t rates[] = {44100, 48000, 96000, 22050};
	double bands[SPECTRUM_BANDS];

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		measure(rates[i], sine_1000, NULL, bands);
		for (int b = 0; b < SPECTRUM_BANDS; b++)
			if (b == 17) /* 10^3 Hz */
				assert_true(fabs(bands[b]) < 0.1);
			else
				assert_true(bands[b] < -30);
	}
}

static void it_hears_both_channels(void **state)
{
	double bands[SPECTRUM_BANDS];

	(void)state;
	measure(48000, sine_1000, sine_100_quiet, bands);
	assert_true(fabs(bands[17] + 3.01) < 0.1); /* half of the channels */
	assert_true(fabs(bands[7] + 23.01) < 0.3);
	assert_true(bands[12] < -60);
}

static void it_gives_wider_bands_more_of_white_noise(void **state)
{
	double bands[SPECTRUM_BANDS];

	(void)state;
	measure(48000, white, NULL, bands);
	for (int b = 12; b + 3 < SPECTRUM_BANDS; b++)
		assert_true(fabs(bands[b + 3] - bands[b] - 3.0) < 1.0); /* an octave */
}

static void it_has_a_floor(void **state)
{
	double bands[SPECTRUM_BANDS];

	(void)state;
	measure(48000, nothing, nothing, bands);
	for (int b = 0; b < SPECTRUM_BANDS; b++)
		assert_true(bands[b] == SPECTRUM_FLOOR);
	measure(8000, sine_1000, NULL, bands);
	assert_true(bands[SPECTRUM_BANDS - 1] == SPECTRUM_FLOOR);
	measure(48000, junk, nothing, bands);
	for (int b = 0; b < SPECTRUM_BANDS; b++)
		assert_true(bands[b] == SPECTRUM_FLOOR);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_finds_a_tone_in_its_band),
		cmocka_unit_test(it_hears_both_channels),
		cmocka_unit_test(it_gives_wider_bands_more_of_white_noise),
		cmocka_unit_test(it_has_a_floor),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
