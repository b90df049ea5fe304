#include "dsp/gating.h"

#include <ebur128.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "music.h"

static struct gating empty;

static struct gating gating_of(const double *lufs, const int *counts, int n)
{
	struct gating g = empty;

	for (int i = 0; i < n; i++)
		for (int k = 0; k < counts[i]; k++)
			gating_add(&g, lufs[i]);
	return g;
}

static void assert_close(double a, double b, double tolerance)
{
	if (!(fabs(a - b) <= tolerance))
		fail_msg("%f is not %f within %f", a, b, tolerance);
}

static void it_averages_powers(void **state)
{
	static const double lufs[] = {-20, -17};
	static const int counts[] = {3, 1};
	struct gating g = gating_of(lufs, counts, 2);

	(void)state;
	assert_close(gating_integrated(&g), 10 * log10((3 * 0.01 + pow(10, -1.7)) / 4), 0.01);
}

static void it_leaves_out_what_is_below_a_gate(void **state)
{
	static const double lufs[] = {-20, -30.5, -70.5};
	static const int counts[] = {100, 5, 1000};
	struct gating g = gating_of(lufs, counts, 3);

	(void)state;
	assert_close(gating_integrated(&g), -20, 0.01);
	assert_int_equal(gating_is_audible(&g), 1);
}

static void it_takes_what_is_no_loudness_for_none(void **state)
{
	struct gating g = empty;

	(void)state;
	gating_add(&g, NAN);
	gating_add(&g, -INFINITY);
	gating_add(&g, -70.01);
	assert_false(gating_is_audible(&g));
	gating_add(&g, INFINITY);
	gating_add(&g, 50);
	assert_true(gating_is_audible(&g));
	assert_close(gating_integrated(&g), GATING_CEILING, 0.01);
}

static void it_counts_by_tenths(void **state)
{
	static const double lufs[] = {-70, -69.91, -69.89, -23.05};
	static const int counts[] = {1, 2, 3, 4};
	struct gating g = gating_of(lufs, counts, 4);
	uint32_t tenths[GATING_TENTHS];

	(void)state;
	assert_int_equal(gating_tenths(&g, tenths), 470);
	assert_int_equal(tenths[0], 3);
	assert_int_equal(tenths[1], 3);
	assert_int_equal(tenths[469], 4);
	assert_int_equal(gating_tenths(&empty, tenths), 0);
}

/* libebur128 keeps every block in a list. */
static void it_agrees_with_libebur128(void **state)
{
	ebur128_state *whole = ebur128_init(2, 48000, EBUR128_MODE_I | EBUR128_MODE_LRA);
	struct gating blocks = empty, seconds = empty;
	float pcm[4800 * 2];
	double want, lufs;

	(void)state;
	assert_non_null(whole);
	for (int tenth = 1; tenth <= 1200; tenth++) {
		/* every seven seconds another level, from nothing to full scale */
		double level =
			tenth / 70 % 6 ? pow(10, (music_noise(tenth / 70) * 30 - 30) / 20) : 0;

		for (int i = 0; i < 4800 * 2; i++)
			pcm[i] = (float)(level * (double)music_noise(tenth * 9600 + i));
		assert_int_equal(ebur128_add_frames_float(whole, pcm, 4800), EBUR128_SUCCESS);
		if (tenth >= 4) {
			ebur128_loudness_momentary(whole, &lufs);
			gating_add(&blocks, lufs);
		}
		if (tenth >= 30 && tenth % 10 == 0) {
			ebur128_loudness_shortterm(whole, &lufs);
			gating_add(&seconds, lufs);
		}
	}
	assert_int_equal(ebur128_loudness_global(whole, &want), EBUR128_SUCCESS);
	assert_close(gating_integrated(&blocks), want, 0.01);
	assert_int_equal(ebur128_loudness_range(whole, &want), EBUR128_SUCCESS);
	assert_true(want > 5); /* or the signal is too even for this test */
	assert_close(gating_range(&seconds), want, 0.02);
	ebur128_destroy(&whole);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_averages_powers),
		cmocka_unit_test(it_leaves_out_what_is_below_a_gate),
		cmocka_unit_test(it_takes_what_is_no_loudness_for_none),
		cmocka_unit_test(it_counts_by_tenths),
		cmocka_unit_test(it_agrees_with_libebur128),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
