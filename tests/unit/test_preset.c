#include "dsp/preset.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Third i is tilt dB an octave below the first. */
static struct preset_measures measure(double tilt, double loudness, double range)
{
	struct preset_measures m = {.is_measured = true, .loudness = loudness, .range = range};

	for (int i = 0; i < SPECTRUM_BANDS; i++)
		m.spectrum[i] = -20 - tilt * i / 3;
	return m;
}

static double gain_at(const struct preset_graph *g, const char *hertz)
{
	char start[32];
	const char *band, *gain;

	snprintf(start, sizeof(start), "f=%s:", hertz);
	band = strstr(g->text, start);
	gain = band ? strstr(band, ":g=") : NULL;
	return gain ? atof(gain + 3) : 0;
}

static void it_reads_the_names_it_writes(void **state)
{
	enum preset p;

	(void)state;
	for (int i = PRESET_NONE; i <= PRESET_PUNCHY; i++) {
		assert_int_equal(preset_parse(preset_name((enum preset)i), &p), DRIFT_OK);
		assert_int_equal(p, i);
	}
	assert_int_equal(preset_parse("loud", &p), DRIFT_ENOENT);
	assert_int_equal(preset_parse("", &p), DRIFT_ENOENT);
	assert_int_equal(preset_parse("Warm", &p), DRIFT_ENOENT);
}

static void it_rounds_the_intensity_to_steps(void **state)
{
	static const struct {
		const char *text;
		int steps;
	} good[] = {{"0", 0},	  {"0.0", 0},	{"1", 20},	   {"1.0", 20}, {"0.5", 10},
		    {".5", 10},	  {"0.52", 10}, {"0.53", 11},	   {"0.02", 0}, {"0.03", 1},
		    {"0.99", 20}, {"0.05", 1},	{"0.70000001", 14}};
	static const char *const bad[] = {"",
					  "-0.1",
					  "1.01",
					  "2",
					  "x",
					  "0.5x",
					  " 0.5",
					  "0x1",
					  "nan",
					  "inf",
					  "1e-1",
					  "0,5",
					  ".",
					  "0..5",
					  "0.5 ",
					  "+0.5",
					  "1000000000000000000000"};
	int steps = -1;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_int_equal(preset_parse_intensity(good[i].text, &steps), DRIFT_OK);
		assert_int_equal(steps, good[i].steps);
	}
	steps = -1;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(preset_parse_intensity(bad[i], &steps), DRIFT_EINVAL);
	assert_int_equal(steps, -1);
}

static void it_does_nothing_at_no_intensity(void **state)
{
	const struct preset_measures m = measure(2, -14, 8);

	(void)state;
	for (int i = PRESET_NONE; i <= PRESET_PUNCHY; i++) {
		struct preset_wish wish = preset_wish((enum preset)i, 0);

		assert_int_equal(wish.preset, PRESET_NONE);
		assert_string_equal(preset_graph(wish, &m).text, "");
	}
}

static void it_does_more_at_more_intensity(void **state)
{
	double before = 0;

	(void)state;
	for (int steps = 1; steps <= PRESET_STEPS; steps++) {
		struct preset_graph g = preset_graph(preset_wish(PRESET_WARM, steps), NULL);
		double gain = gain_at(&g, "180.0");

		assert_true(gain > before);
		before = gain;
	}
	assert_true(before == 3.0);
}

static void it_leaves_what_was_not_measured_or_is_silent(void **state)
{
	const struct preset_measures none = {0};
	struct preset_measures silent = measure(0, NAN, NAN);

	(void)state;
	assert_string_equal(preset_graph(preset_wish(PRESET_ADAPTIVE, 20), &none).text, "");
	assert_string_equal(preset_graph(preset_wish(PRESET_ADAPTIVE, 20), &silent).text, "");
	silent = measure(0, -70, 0);
	for (int i = 0; i < SPECTRUM_BANDS; i++)
		silent.spectrum[i] = SPECTRUM_FLOOR;
	assert_string_equal(preset_graph(preset_wish(PRESET_ADAPTIVE, 20), &silent).text, "");
}

static void it_brings_a_dull_track_up_and_a_shrill_one_down(void **state)
{
	const struct preset_measures dull = measure(5, -14, 4), shrill = measure(-1, -14, 4);
	struct preset_graph g = preset_graph(preset_wish(PRESET_ADAPTIVE, 20), &dull);

	(void)state;

	assert_true(gain_at(&g, "7943.3") > 2);
	assert_true(gain_at(&g, "63.1") < -2);
	g = preset_graph(preset_wish(PRESET_ADAPTIVE, 20), &shrill);
	assert_true(gain_at(&g, "7943.3") < -2);
	assert_true(gain_at(&g, "63.1") > 1);
}

static void it_lifts_nothing_that_is_not_there(void **state)
{
	struct preset_measures m = measure(2, -14, 4);
	struct preset_graph g;

	(void)state;
	for (int i = 26; i < SPECTRUM_BANDS; i++) /* as a low bit rate leaves it */
		m.spectrum[i] = SPECTRUM_FLOOR;
	g = preset_graph(preset_wish(PRESET_ADAPTIVE, 20), &m);
	assert_true(gain_at(&g, "15848.9") == 0);
	assert_true(fabs(gain_at(&g, "7943.3")) > 0.1);
}

static void it_compresses_only_what_has_a_range(void **state)
{
	const struct preset_measures even = measure(2, -9, 4), wide = measure(2, -20, 16);

	(void)state;
	assert_null(strstr(preset_graph(preset_wish(PRESET_ADAPTIVE, 20), &even).text, "acompr"));
	assert_non_null(
		strstr(preset_graph(preset_wish(PRESET_ADAPTIVE, 20), &wide).text, "ratio=2.5"));
}

static void it_does_what_the_manual_says(void **state)
{
	static char manual[32768];
	FILE *in = fopen("doc/presets.md", "r");

	(void)state;
	assert_non_null(in);
	assert_true(fread(manual, 1, sizeof(manual) - 1, in) > 0);
	assert_int_equal(fclose(in), 0);
	for (int p = PRESET_GENTLE; p <= PRESET_PUNCHY; p++) {
		struct preset_graph g =
			preset_graph(preset_wish((enum preset)p, PRESET_STEPS), NULL);

		if (!strstr(manual, g.text))
			fail_msg("doc/presets.md does not have: %s", g.text);
	}
}

/* Whatever a catalogue says. */
static void it_stays_within_its_room_and_libavfilters_bounds(void **state)
{
	struct preset_measures m = measure(0, -100, 100);

	(void)state;
	srand(1);
	for (int round = 0; round < 2000; round++) {
		struct preset_graph g;

		m.loudness = -100 + rand() % 110;
		m.range = rand() % 60;
		for (int i = 0; i < SPECTRUM_BANDS; i++)
			m.spectrum[i] = SPECTRUM_FLOOR + rand() % 130;
		g = preset_graph(preset_wish(PRESET_ADAPTIVE, 1 + rand() % PRESET_STEPS), &m);
		assert_true(strlen(g.text) < sizeof(g.text));
		assert_null(strstr(g.text, "nan"));
		assert_null(strstr(g.text, "inf"));
		if (strstr(g.text, "threshold=")) {
			double threshold = atof(strstr(g.text, "threshold=") + 10);

			assert_true(threshold >= 0.000976563 && threshold <= 1);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_reads_the_names_it_writes),
		cmocka_unit_test(it_rounds_the_intensity_to_steps),
		cmocka_unit_test(it_does_nothing_at_no_intensity),
		cmocka_unit_test(it_does_more_at_more_intensity),
		cmocka_unit_test(it_leaves_what_was_not_measured_or_is_silent),
		cmocka_unit_test(it_brings_a_dull_track_up_and_a_shrill_one_down),
		cmocka_unit_test(it_lifts_nothing_that_is_not_there),
		cmocka_unit_test(it_compresses_only_what_has_a_range),
		cmocka_unit_test(it_does_what_the_manual_says),
		cmocka_unit_test(it_stays_within_its_room_and_libavfilters_bounds),
	};

	return cmocka_run_group_tests_name("preset", tests, NULL, NULL);
}
