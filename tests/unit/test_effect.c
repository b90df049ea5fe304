#include "wall/effect.h"

#include "dsp/limiter.h"
#include "music.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SAMPLES (13 * 48000 + 4711)
#define BELOW 3.16e-5 /* -90 dBFS */

static const char *program(void)
{
	const char *given = getenv("DRIFT_FILTER");

	return given ? given : "build/bin/drift-filter";
}

static const struct filters_limits limits = {256, 600};

/* --- sounds ------------------------------------------------------------------------ */

static float loud_music(int64_t n, int32_t channel)
{
	return 2.5f * music_sample(n, channel);
}

static float loud_rattle(int64_t n, int32_t channel)
{
	return 2 * music_rattle(n, channel);
}

/* Full noise until just where the filters of a span begin, then as loud as the presets'
   compressors are at work, with some bass: what was before is remembered longest there. */
static float falls(int64_t n, int32_t channel)
{
	int64_t to_next = EFFECT_SPAN - (n + EFFECT_EARLIER) % EFFECT_SPAN;
	bool loud = to_next > PRESET_MEMORY && to_next < PRESET_MEMORY + 96000;
	double bass = 0.05 * sin(2 * M_PI * 45 * (double)n / 48000);

	return loud ? music_noise(2 * n + channel)
		    : (float)(bass + 0.1 * (double)music_noise(2 * n + channel));
}

/* 30 Hz at full scale: what low filters remember longest. */
static float low_tone(int64_t n, int32_t channel)
{
	(void)channel;
	return (float)sin(2 * M_PI * 30 * (double)n / 48000);
}

static float impulse(int64_t n, int32_t channel)
{
	(void)channel;
	return n == 100000 || n == EFFECT_SPAN - EFFECT_EARLIER - 1 ? 0.5f : 0.0f;
}

typedef float sound(int64_t n, int32_t channel);
static sound *const sounds[] = {loud_music, loud_rattle, falls, low_tone};

/* Every preset hears the same: it is composed once. Music's samples, in memory. */
struct recording {
	struct music of;
	float *pcm;
};

static struct recording record(sound *of, int32_t channels)
{
	struct recording r = {{channels, SAMPLES, of},
			      malloc(SAMPLES * (size_t)channels * sizeof(float))};

	assert_non_null(r.pcm);
	assert_int_equal(music_pcm(&r.of, (struct resample_range){0, SAMPLES}, r.pcm), DRIFT_OK);
	return r;
}

/* opusfile_pcm: silence outside, as of music. */
static enum drift_err play(void *context, struct resample_range want, float *out)
{
	const struct recording *r = context;
	int32_t channels = r->of.channels;

	for (int64_t n = want.first; n < want.end; n++)
		for (int32_t c = 0; c < channels; c++)
			*out++ = n >= 0 && n < SAMPLES ? r->pcm[n * channels + c] : 0;
	return DRIFT_OK;
}

/* --- what is compared ---------------------------------------------------------------- */

static struct preset_measures measures(void)
{
	struct preset_measures m = {.is_measured = true, .loudness = -18, .range = 13};

	for (int i = 0; i < SPECTRUM_BANDS; i++)
		m.spectrum[i] = i % 3 ? -30 + i : -20 - 2 * i;
	return m;
}

static struct filters *start(enum preset p, int steps, int32_t channels)
{
	const struct preset_measures m = measures();
	const struct preset_graph graph = preset_graph(preset_wish(p, steps), &m);
	struct filters *f = NULL;

	assert_int_equal(filters_new(program(), &limits, &graph, channels, &f), DRIFT_OK);
	return f;
}

/* All of it in one run from the first sample on. */
static float *run_through(struct filters *f, struct recording *r)
{
	const size_t wide = (size_t)r->of.channels;
	int64_t total = SAMPLES + LIMITER_DELAY;
	float *pcm = malloc((size_t)total * wide * sizeof(*pcm));
	struct limiter *l = malloc(sizeof(*l));

	assert_int_equal(filters_reset(f), DRIFT_OK);
	limiter_init(l, r->of.channels);
	for (int64_t at = 0; at < total; at += 50000) {
		int64_t end = at + 50000 < total ? at + 50000 : total;
		float *piece = pcm + (size_t)at * wide;

		assert_int_equal(play(r, (struct resample_range){at, end}, piece), DRIFT_OK);
		assert_int_equal(filters_run(f, piece, (int32_t)(end - at)), DRIFT_OK);
		limiter_run(l, piece, (size_t)(end - at));
	}
	memmove(pcm, pcm + LIMITER_DELAY * wide, SAMPLES * wide * sizeof(*pcm));
	free(l);
	return pcm;
}

static float *get(struct effect *e, int64_t first, int64_t end, int32_t channels)
{
	float *out = malloc((size_t)((end - first) * channels) * sizeof(*out));

	assert_int_equal(effect_get(e, (struct resample_range){first, end}, out), DRIFT_OK);
	return out;
}

static double worst_difference(const float *a, const float *b, size_t floats)
{
	double worst = 0;

	for (size_t i = 0; i < floats; i++)
		worst = fmax(worst, fabs((double)a[i] - (double)b[i]));
	return worst;
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

static void check(enum preset p, int steps, struct recording *r)
{
	int32_t channels = r->of.channels;
	struct filters *f = start(p, steps, channels);
	float *whole = run_through(f, r);
	struct effect *e;
	float *pieces;
	double worst;

	assert_int_equal(effect_new(f, play, r, SAMPLES, channels, &e), DRIFT_OK);
	pieces = get(e, 0, SAMPLES, channels);
	worst = worst_difference(pieces, whole, SAMPLES * (size_t)channels);
	if (worst > BELOW)
		fail_msg("%s %d: spans differ by %.1f dBFS", preset_name(p), steps,
			 20 * log10(worst));
	if (true_peak_db(pieces, channels, SAMPLES) > LIMITER_AIM + 0.2)
		fail_msg("%s %d: %.2f dBTP", preset_name(p), steps,
			 true_peak_db(pieces, channels, SAMPLES));
	free(whole);
	free(pieces);
	effect_free(e);
	filters_free(f);
}

/* --- tests ---------------------------------------------------------------------------- */

static void it_joins_like_one_run_and_never_peaks_above_the_ceiling(void **state)
{
	static const int steps[] = {1, 10, 20};

	(void)state;
	for (size_t i = 0; i < sizeof(sounds) / sizeof(sounds[0]); i++) {
		struct recording r = record(sounds[i], i % 2 ? 1 : 2);

		for (int p = PRESET_ADAPTIVE; p <= PRESET_PUNCHY; p++)
			for (size_t s = 0; s < sizeof(steps) / sizeof(steps[0]); s++)
				check((enum preset)p, steps[s], &r);
		free(r.pcm);
	}
}

static void it_gives_the_same_bits_whoever_asks_in_whatever_order(void **state)
{
	struct music m = {2, SAMPLES, loud_rattle};
	struct filters *f = start(PRESET_PUNCHY, 20, 2);
	struct effect *e;
	float *whole;
	int64_t at = 0;

	(void)state;
	assert_int_equal(effect_new(f, music_pcm, &m, SAMPLES, 2, &e), DRIFT_OK);
	whole = get(e, 0, SAMPLES, 2);
	for (int i = 0; i < 40; i++) {
		int64_t count = 1 + at * 31 % 90001;
		float *part;

		at = (at * 7 + 130363) % (SAMPLES - 90002);
		part = get(e, at, at + count, 2);
		assert_memory_equal(part, whole + 2 * at, (size_t)count * 2 * sizeof(*part));
		free(part);
	}
	free(whole);
	effect_free(e);
	filters_free(f);
}

static void it_keeps_time_and_is_silent_outside(void **state)
{
	struct music m = {1, SAMPLES, impulse};
	struct filters *f = start(PRESET_BRIGHT, 20, 1);
	struct effect *e;
	float *pcm;
	int64_t highest = 0;

	(void)state;
	assert_int_equal(effect_new(f, music_pcm, &m, SAMPLES, 1, &e), DRIFT_OK);
	pcm = get(e, -5000, SAMPLES + 5000, 1);
	for (int64_t n = 0; n < 200000; n++)
		if (fabsf(pcm[n]) > fabsf(pcm[highest]))
			highest = n;
	assert_int_equal(highest, 105000);
	for (int n = 0; n < 105000; n++)
		assert_true(pcm[n] == 0);
	for (int n = 0; n < 5000; n++)
		assert_true(pcm[SAMPLES + 5000 + n] == 0);
	free(pcm);
	effect_free(e);
	filters_free(f);
}

/* Each does what its table says, or the properties above would hold of a wire. */
static void it_changes_the_sound(void **state)
{
	struct music m = {2, SAMPLES, music_sample};

	(void)state;
	for (int p = PRESET_ADAPTIVE; p <= PRESET_PUNCHY; p++) {
		struct filters *f = start((enum preset)p, 10, 2);
		struct effect *e;
		float *pcm, *dry = malloc(SAMPLES * 2 * sizeof(*dry));

		assert_int_equal(effect_new(f, music_pcm, &m, SAMPLES, 2, &e), DRIFT_OK);
		pcm = get(e, 0, SAMPLES, 2);
		assert_int_equal(music_pcm(&m, (struct resample_range){0, SAMPLES}, dry), DRIFT_OK);
		assert_true(worst_difference(pcm, dry, SAMPLES * 2) > 0.02);
		free(dry);
		free(pcm);
		effect_free(e);
		filters_free(f);
	}
}

static void it_takes_what_is_no_number_for_silence(void **state)
{
	struct filters *f = start(PRESET_WARM, 20, 1);
	float pcm[64];

	(void)state;
	for (int i = 0; i < 64; i++)
		pcm[i] = i % 3 == 0 ? NAN : i % 3 == 1 ? INFINITY : -1e30f;
	assert_int_equal(filters_reset(f), DRIFT_OK);
	assert_int_equal(filters_run(f, pcm, 64), DRIFT_OK);
	for (int i = 0; i < 64; i++)
		assert_true(pcm[i] == 0);
	filters_free(f);
}

/* The walls and the filters hold in it as in any. */
static void it_filters_alike_in_a_child_that_was_started_ahead(void **state)
{
	struct recording r = record(loud_music, 1);
	float *fresh, *ahead;
	struct filters *f = start(PRESET_WARM, 20, 1);

	(void)state;
	fresh = run_through(f, &r);
	filters_free(f);
	filters_prepare(program());
	f = start(PRESET_WARM, 20, 1);
	ahead = run_through(f, &r);
	assert_memory_equal(ahead, fresh, SAMPLES * sizeof(*fresh));
	filters_free(f);
	free(fresh);
	free(ahead);
	free(r.pcm);
}

static void it_fails_where_filters_are_unknown_or_there_is_no_program(void **state)
{
	static const struct preset_graph strange[] = {
		{"nosuchfilter"}, {"amovie=/etc/passwd"}, {"aresample=8000"}, {"atempo=2"}};
	struct filters *f;
	float pcm[8192] = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(strange) / sizeof(strange[0]); i++) {
		assert_int_equal(filters_new(program(), &limits, &strange[i], 1, &f), DRIFT_OK);
		if (filters_reset(f) == DRIFT_OK)
			assert_int_equal(filters_run(f, pcm, 8192), DRIFT_EIO);
		filters_free(f);
	}
	assert_int_equal(filters_new("/nowhere/drift-filter", &limits, &strange[0], 1, &f),
			 DRIFT_EIO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_joins_like_one_run_and_never_peaks_above_the_ceiling),
		cmocka_unit_test(it_gives_the_same_bits_whoever_asks_in_whatever_order),
		cmocka_unit_test(it_keeps_time_and_is_silent_outside),
		cmocka_unit_test(it_changes_the_sound),
		cmocka_unit_test(it_takes_what_is_no_number_for_silence),
		cmocka_unit_test(it_filters_alike_in_a_child_that_was_started_ahead),
		cmocka_unit_test(it_fails_where_filters_are_unknown_or_there_is_no_program),
	};

	return cmocka_run_group_tests_name("effect", tests, NULL, NULL);
}
