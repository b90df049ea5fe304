#include "dsp/resample.h"

#include "music.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define TWO_PI 6.283185307179586

static struct resampler *new_resampler(int32_t rate, int32_t channels)
{
	struct resampler *r;

	assert_int_equal(resampler_new(rate, channels, &r), DRIFT_OK);
	return r;
}

static float *room(int64_t samples, int32_t channels)
{
	float *p = malloc((size_t)(samples * channels) * sizeof(*p));

	assert_non_null(p);
	return p;
}

/* Tones of channel 0 and 1 at native position n. */
struct source {
	int32_t rate;
	int32_t channels;
	double hertz[2];
};

static float *resample(const struct resampler *r, const struct source *s,
		       struct resample_range want)
{
	struct resample_range needs = resampler_needs(r, want);
	float *in = room(needs.end - needs.first, s->channels);
	float *out = room(want.end - want.first, s->channels);

	for (int64_t n = needs.first; n < needs.end; n++)
		for (int32_t c = 0; c < s->channels; c++)
			in[(n - needs.first) * s->channels + c] =
				(float)(0.5 * sin(TWO_PI * s->hertz[c] / s->rate * (double)n) +
					0.25 * (double)music_noise(n));
	resampler_run(r, in, want, out);
	free(in);
	return out;
}

static void it_gives_the_same_bits_however_the_work_is_split(void **state)
{
	static const int32_t rates[] = {1000,  8000,  11025, 44100,  44101, 48000,
					88200, 96000, 99991, 192000, 767999};
	static const int64_t cuts[] = {-5000, -4999, -1200, -7, 0, 1, 960, 3333, 7000};
	const size_t pieces = sizeof(cuts) / sizeof(cuts[0]) - 1;

	(void)state;
	for (size_t i = 0; i < 2 * sizeof(rates) / sizeof(rates[0]); i++) {
		struct source s = {rates[i / 2], 1 + (int32_t)i % 2, {100, 333}};
		struct resampler *r = new_resampler(s.rate, s.channels);
		float *whole = resample(r, &s, (struct resample_range){cuts[0], cuts[pieces]});

		for (size_t p = 0; p < pieces; p++) {
			struct resample_range want = {cuts[p], cuts[p + 1]};
			float *piece = resample(r, &s, want);
			size_t floats = (size_t)(want.end - want.first) * (size_t)s.channels;

			assert_memory_equal(piece, whole + (want.first - cuts[0]) * s.channels,
					    floats * sizeof(*piece));
			free(piece);
		}
		free(whole);
		resampler_free(r);
	}
}

#define ROOM 2048 /* floats of any rate's filter that is tried */

/* What the resampler makes of a 1 at each place of its input, alone: the filter's taps. */
static void taps_of(const struct resampler *r, struct resample_range want, int64_t floats,
		    int32_t channels, float *taps)
{
	float in[ROOM] = {0}, out[2];

	for (int64_t i = 0; i < floats; i++) {
		in[i] = 1;
		resampler_run(r, in, want, out);
		in[i] = 0;
		taps[i] = out[i % channels];
	}
}

/* The documented order of summation in plain C: sixteen sums, folded by halves. */
static void sum_plainly(const float *taps, const float *in, int64_t floats, int32_t channels,
			float *out)
{
	float sum[16] = {0};

	for (int64_t i = 0; i < floats; i++)
		sum[i % 16] += taps[i] * in[i];
	for (int half = 8; half >= channels; half /= 2)
		for (int i = 0; i < half; i++)
			sum[i] += sum[i + half];
	memcpy(out, sum, (size_t)channels * sizeof(*out));
}

static void check_plain_sums(int32_t rate, int32_t channels)
{
	struct resampler *r = new_resampler(rate, channels);
	float in[ROOM], taps[ROOM], out[2], plain[2];

	for (int64_t n = 5000; n < 5170; n++) {
		struct resample_range want = {n, n + 1}, needs = resampler_needs(r, want);
		int64_t floats = (needs.end - needs.first) * channels;

		assert_true(floats <= ROOM && floats % 16 == 0);
		for (int64_t i = 0; i < floats; i++)
			in[i] = music_noise(n * floats + i);
		taps_of(r, want, floats, channels, taps);
		sum_plainly(taps, in, floats, channels, plain);
		resampler_run(r, in, want, out);
		assert_memory_equal(out, plain, (size_t)channels * sizeof(*out));
	}
	resampler_free(r);
}

/* The CPU that runs this has the widest registers that it will be tested with. */
static void it_gives_the_bits_of_plain_c_on_this_cpu(void **state)
{
	static const int32_t rates[] = {8000, 32000, 44100, 88200, 96000};

	(void)state;
	for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
		check_plain_sums(rates[i], 1);
		check_plain_sums(rates[i], 2);
	}
}

static void it_copies_48_khz(void **state)
{
	struct resampler *r = new_resampler(48000, 2);
	struct resample_range want = {-3, 500};
	struct resample_range needs = resampler_needs(r, want);
	struct source s = {48000, 2, {440, 441}};
	float *out = resample(r, &s, want);

	(void)state;
	assert_int_equal(needs.first, -3);
	assert_int_equal(needs.end, 500);
	assert_true(out[6] == (float)(0.25 * (double)music_noise(0)));
	free(out);
	resampler_free(r);
}

#define AUDIBLE 20000 /* Hz: all that counts, if the source has it */
#define FRAME 2048

/* 4-term Blackman-Harris: side lobes of -92 dB. */
static double window_at(int n)
{
	double x = TWO_PI * (n + 0.5) / FRAME;

	return 0.35875 - 0.48829 * cos(x) + 0.14128 * cos(2 * x) - 0.01168 * cos(3 * x);
}

/* Power at hertz, by Goertzel's recurrence; frame: under the window. */
static double power_at(const double *frame, double hertz)
{
	double turn = 2 * cos(TWO_PI * hertz / 48000), last = 0, before = 0;

	for (int n = 0; n < FRAME; n++) {
		double next = frame[n] + turn * last - before;

		before = last;
		last = next;
	}
	return last * last + before * before - turn * last * before;
}

/* That of the strongest line up to edge. */
static double peak_below(const double *frame, double edge)
{
	double peak = 0;

	for (int bin = 0; bin * 48000.0 / FRAME <= edge; bin += 2)
		peak = fmax(peak, power_at(frame, bin * 48000.0 / FRAME));
	return peak;
}

static double audible_edge(int32_t rate)
{
	return rate >= 2 * AUDIBLE ? AUDIBLE : 0.453 * rate;
}

/* dB of the tone over the strongest of what else can be heard, at 48 kHz far into a track. */
static double tone_snr(int32_t rate, double hertz)
{
	struct resampler *r = new_resampler(rate, 1);
	struct resample_range want = {1000000007, 1000000007 + FRAME};
	struct resample_range needs = resampler_needs(r, want);
	float *in = room(needs.end - needs.first, 1), *out = room(FRAME, 1);
	double error[FRAME], ideal[FRAME], noise;

	for (int64_t n = needs.first; n < needs.end; n++)
		in[n - needs.first] =
			(float)(0.9 * sin(TWO_PI * fmod((double)n * hertz / rate, 1)));
	resampler_run(r, in, want, out);
	for (int i = 0; i < FRAME; i++) {
		double tone = 0.9 * sin(TWO_PI * fmod((double)(want.first + i) * hertz / 48000, 1));

		ideal[i] = window_at(i) * tone;
		error[i] = window_at(i) * ((double)out[i] - tone);
	}
	noise = peak_below(error, rate < 2 * AUDIBLE ? 24000 : AUDIBLE);
	free(in);
	free(out);
	resampler_free(r);
	return 10 * log10(power_at(ideal, hertz) / noise);
}

static void it_passes_tones_up_to_the_edge_untouched(void **state)
{
	static const int32_t rates[] = {8000,  16000, 22050, 32000,  44100,  44101,
					88200, 96000, 99991, 192000, 352800, 768000};

	(void)state;
	for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
		double edge = audible_edge(rates[i]), worst = 999;

		for (double part = 0.03; part <= 1; part += 0.0745)
			worst = fmin(worst, tone_snr(rates[i], edge * part));
		worst = fmin(worst, tone_snr(rates[i], edge));
		print_message("# %d Hz: worst SNR %.1f dB\n", rates[i], worst);
		assert_true(worst > 95);
	}
}

static void it_is_flat_to_20_khz_for_44100(void **state)
{
	(void)state;
	assert_true(tone_snr(44100, 20000) > 95);
}

/* dB of what is left where it can be heard of a tone that 48 kHz cannot hold. */
static double alias(int32_t rate, double hertz)
{
	struct resampler *r = new_resampler(rate, 1);
	struct resample_range want = {0, FRAME};
	struct resample_range needs = resampler_needs(r, want);
	float *in = room(needs.end - needs.first, 1), *out = room(FRAME, 1);
	double left[FRAME], tone[FRAME], peak;

	for (int64_t n = needs.first; n < needs.end; n++)
		in[n - needs.first] = (float)sin(TWO_PI * hertz / rate * (double)n);
	resampler_run(r, in, want, out);
	for (int i = 0; i < FRAME; i++) {
		left[i] = window_at(i) * (double)out[i];
		tone[i] = window_at(i) * sin(TWO_PI * i / 48);
	}
	peak = 10 * log10(peak_below(left, AUDIBLE) / power_at(tone, 1000));
	free(in);
	free(out);
	resampler_free(r);
	return peak;
}

static void it_removes_what_48_khz_cannot_hold(void **state)
{
	static const int32_t rates[] = {88200, 96000, 99991, 192000, 768000};

	(void)state;
	for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
		double worst = -999;

		for (double hertz = 24010; hertz < rates[i] / 2; hertz *= 1.027)
			worst = fmax(worst, alias(rates[i], hertz));
		print_message("# %d Hz: worst alias %.1f dB\n", rates[i], worst);
		assert_true(worst < -100);
	}
}

static void it_keeps_dc_without_ripple(void **state)
{
	static const int32_t rates[] = {1000, 11025, 44100, 44101, 96000, 767999};

	(void)state;
	for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
		struct resampler *r = new_resampler(rates[i], 2);
		struct resample_range want = {100, 1100};
		struct resample_range needs = resampler_needs(r, want);
		float *in = room(needs.end - needs.first, 2), *out = room(1000, 2);

		for (int64_t n = 0; n < (needs.end - needs.first) * 2; n++)
			in[n] = n % 2 ? -0.25f : 0.5f;
		resampler_run(r, in, want, out);
		for (int n = 0; n < 1000; n++) {
			assert_true(fabsf(out[2 * n] - 0.5f) < 1e-6f);
			assert_true(fabsf(out[2 * n + 1] + 0.25f) < 1e-6f);
		}
		free(in);
		free(out);
		resampler_free(r);
	}
}

static void it_knows_how_long_a_track_is_at_48_khz(void **state)
{
	(void)state;
	assert_int_equal(resample_length(0, 44100), 0);
	assert_int_equal(resample_length(1, 44100), 2);
	assert_int_equal(resample_length(147, 44100), 160);
	assert_int_equal(resample_length(148, 44100), 162);
	assert_int_equal(resample_length(12345, 48000), 12345);
	assert_int_equal(resample_length(4, 192000), 1);
	assert_int_equal(resample_length(5, 192000), 2);
	assert_int_equal(resample_length((int64_t)1 << 43, 768000), (int64_t)1 << 39);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_gives_the_same_bits_however_the_work_is_split),
		cmocka_unit_test(it_gives_the_bits_of_plain_c_on_this_cpu),
		cmocka_unit_test(it_copies_48_khz),
		cmocka_unit_test(it_passes_tones_up_to_the_edge_untouched),
		cmocka_unit_test(it_is_flat_to_20_khz_for_44100),
		cmocka_unit_test(it_removes_what_48_khz_cannot_hold),
		cmocka_unit_test(it_keeps_dc_without_ripple),
		cmocka_unit_test(it_knows_how_long_a_track_is_at_48_khz),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
