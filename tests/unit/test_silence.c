#include "dsp/silence.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define SAMPLES 1000

/* A sound at each of two samples of so many, given in pieces of every length. */
static void check(int32_t channels, int first, int last, int64_t start, int64_t end)
{
	float pcm[SAMPLES * 2] = {0};

	if (first >= 0) {
		pcm[first * channels + channels - 1] = -0.0011f;
		pcm[last * channels] = 0.5f;
	}
	for (int piece = 1; piece <= SAMPLES; piece = piece * 2 + 1) {
		struct silence s = {.channels = channels};

		for (int at = 0; at < SAMPLES; at += piece)
			silence_add(&s, pcm + at * channels,
				    (size_t)(piece < SAMPLES - at ? piece : SAMPLES - at));
		assert_int_equal(s.start, start);
		assert_int_equal(s.end, end);
		assert_int_equal(s.samples, SAMPLES);
	}
}

static void it_counts_what_is_silent_at_both_ends(void **state)
{
	(void)state;
	for (int32_t channels = 1; channels <= 2; channels++) {
		check(channels, 100, 900, 100, 99);
		check(channels, 0, SAMPLES - 1, 0, 0);
		check(channels, 500, 500, 500, 499);
		check(channels, -1, -1, SAMPLES, SAMPLES);
	}
}

static void it_takes_60_dB_below_full_scale_for_silent(void **state)
{
	static const float quiet[] = {0.00099f, -0.00099f, NAN};
	static const float loud[] = {0, 0.00101f};
	struct silence s = {.channels = 1};

	(void)state;
	silence_add(&s, quiet, 3);
	assert_int_equal(s.start, 3);
	silence_add(&s, loud, 2);
	assert_int_equal(s.start, 4);
	assert_int_equal(s.end, 0);
	silence_add(&s, quiet, 2);
	assert_int_equal(s.end, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_counts_what_is_silent_at_both_ends),
		cmocka_unit_test(it_takes_60_dB_below_full_scale_for_silent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
