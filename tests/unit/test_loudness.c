#include "dsp/loudness.h"

#include "music.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define TWO_PI 6.283185307179586

struct tone {
	int32_t rate;
	int32_t channels;
	double hertz;
	double dbfs; /* of the peak */
	int seconds;
};

/* Adds a tone in uneven pieces. */
static void add_tone(struct loudness *l, const struct tone *t)
{
	int64_t samples = (int64_t)t->rate * t->seconds;
	float *pcm = malloc((size_t)(samples * t->channels) * sizeof(*pcm));
	double amplitude = pow(10, t->dbfs / 20);

	for (int64_t n = 0; n < samples; n++)
		for (int32_t c = 0; c < t->channels; c++)
			pcm[n * t->channels + c] =
				(float)(amplitude * sin(TWO_PI * t->hertz / t->rate * (double)n));
	for (int64_t at = 0, n = 1; at < samples; at += n, n = n % 9000 + 1777)
		assert_int_equal(loudness_add(l, pcm + at * t->channels,
					      (size_t)(n < samples - at ? n : samples - at)),
				 DRIFT_OK);
	free(pcm);
}

static struct loudness *new_loudness(int32_t rate, int32_t channels)
{
	struct loudness *l;

	assert_int_equal(loudness_new(rate, channels, &l), DRIFT_OK);
	return l;
}

static struct loudness_result measure(const struct tone *tones, int count)
{
	struct loudness *l = new_loudness(tones[0].rate, tones[0].channels);
	struct loudness_result r;

	for (int i = 0; i < count; i++)
		add_tone(l, &tones[i]);
	r = loudness_get(l);
	loudness_free(l);
	return r;
}

/* EBU Tech 3341, test cases 1 and 2: tolerance 0.1 LU. */
static void it_measures_the_tones_of_ebu_3341(void **state)
{
	static const struct tone cases[] = {
		{48000, 2, 1000, -23, 20}, {48000, 2, 1000, -33, 20}, {44100, 2, 1000, -23, 20},
		{96000, 2, 1000, -23, 10}, {192000, 2, 1000, -23, 5}, {22050, 2, 1000, -23, 20},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct loudness_result r = measure(&cases[i], 1);

		assert_true(r.audible);
		assert_true(fabs(r.integrated - cases[i].dbfs) < 0.1);
		assert_true(fabs(r.true_peak - cases[i].dbfs) < 0.2);
		assert_true(r.range < 0.1);
	}
}

/* Test case 3: the gate leaves the quiet parts out. */
static void it_gates_as_ebu_3341_says(void **state)
{
	static const struct tone parts[] = {
		{48000, 2, 1000, -36, 10}, {48000, 2, 1000, -23, 60}, {48000, 2, 1000, -36, 10}};
	struct loudness_result r = measure(parts, 3);

	(void)state;
	assert_true(fabs(r.integrated + 23) < 0.1);
}

/* EBU Tech 3342, test case 1: 10 LU, tolerance 1 LU. */
static void it_measures_the_range_of_ebu_3342(void **state)
{
	static const struct tone parts[] = {{48000, 2, 1000, -20, 20}, {48000, 2, 1000, -30, 20}};
	struct loudness_result r = measure(parts, 2);

	(void)state;
	assert_true(fabs(r.range - 10) < 1);
}

static void it_takes_mono_as_one_channel(void **state)
{
	static const struct tone t = {48000, 1, 1000, -20, 5};
	struct loudness_result r = measure(&t, 1);

	(void)state;
	assert_true(fabs(r.integrated + 23.01) < 0.1);
}

/* A quarter of the rate, sampled off its crests: 3 dB between the samples. */
static void it_sees_peaks_between_the_samples(void **state)
{
	struct loudness *l = new_loudness(48000, 2);
	float pcm[48000 * 2];
	struct loudness_result r;

	(void)state;
	for (int n = 0; n < 48000 * 2; n++)
		pcm[n] = (float)(0.5 * sin(TWO_PI * (n / 2) / 4 + TWO_PI / 8));
	assert_int_equal(loudness_add(l, pcm, 48000), DRIFT_OK);
	r = loudness_get(l);
	loudness_free(l);
	assert_true(fabs(r.true_peak + 6.02) < 0.3);
}

static void it_says_so_when_there_is_nothing_to_hear(void **state)
{
	static const struct tone silence = {48000, 2, 1000, -200, 2};
	struct loudness *l = new_loudness(1000, 1);
	struct loudness_result r = loudness_get(l);

	(void)state;
	loudness_free(l);
	assert_false(r.audible);
	assert_true(r.true_peak == -144);
	r = measure(&silence, 1);
	assert_false(r.audible);
	assert_true(r.integrated == 0 && r.range == 0 && r.true_peak == -144);
}

static void it_survives_what_is_not_a_number(void **state)
{
	static const struct tone t = {48000, 2, 1000, -23, 10};
	static const float junk[] = {NAN, INFINITY, -INFINITY, 1e30f};
	struct loudness *l = new_loudness(48000, 2);
	struct loudness_result r;

	(void)state;
	assert_int_equal(loudness_add(l, junk, 2), DRIFT_OK);
	add_tone(l, &t);
	r = loudness_get(l);
	loudness_free(l);
	assert_true(r.audible && fabs(r.integrated + 23) < 0.1);
	assert_true(fabs(r.true_peak + 23) < 0.2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_measures_the_tones_of_ebu_3341),
		cmocka_unit_test(it_gates_as_ebu_3341_says),
		cmocka_unit_test(it_measures_the_range_of_ebu_3342),
		cmocka_unit_test(it_takes_mono_as_one_channel),
		cmocka_unit_test(it_sees_peaks_between_the_samples),
		cmocka_unit_test(it_says_so_when_there_is_nothing_to_hear),
		cmocka_unit_test(it_survives_what_is_not_a_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
