#include "opus/celthead.h"

#include "music.h"

#include <opus.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#define BYTES 600
#define PACKETS 200

/* A hum whose harmonics do not add up to pulses. */
static float hum_of_100_hz(int64_t n, int32_t channel)
{
	double v = 0;

	(void)channel;
	for (int h = 1; h <= 12; h++)
		v += 0.05 * sin(2 * M_PI * 100 / 48000 * h * (double)n + h * h);
	return (float)v;
}

/* A click in the middle of every tenth packet. */
static float clicks(int64_t n, int32_t channel)
{
	(void)channel;
	return n % 9600 == 480 ? 0.9f : 0.01f * music_noise(n);
}

static float hum_with_clicks(int64_t n, int32_t channel)
{
	return hum_of_100_hz(n, channel) + (n % 9600 == 480 ? 0.9f : 0);
}

static float silence(int64_t n, int32_t channel)
{
	(void)n, (void)channel;
	return 0;
}

static void parse_encoded(float (*sample)(int64_t, int32_t), int complexity, struct celthead *out)
{
	struct music music = {1, PACKETS * 960, sample};
	uint8_t packet[BYTES];
	float frame[960];
	int err;
	OpusEncoder *e = opus_encoder_create(48000, 1, OPUS_APPLICATION_AUDIO, &err);

	assert_non_null(e);
	opus_encoder_ctl(e, OPUS_SET_BITRATE(240000));
	opus_encoder_ctl(e, OPUS_SET_VBR(0));
	opus_encoder_ctl(e, OPUS_SET_COMPLEXITY(complexity));
	for (int64_t k = 0; k < PACKETS; k++) {
		assert_int_equal(
			music_pcm(&music, (struct resample_range){k * 960, (k + 1) * 960}, frame),
			DRIFT_OK);
		assert_int_equal(opus_encode_float(e, frame, 960, packet, BYTES), BYTES);
		out[k] = celthead_parse(packet, BYTES);
	}
	opus_encoder_destroy(e);
}

static void it_reads_the_period_of_the_post_filter(void **state)
{
	struct celthead heads[PACKETS];
	int found = 0;

	(void)state;
	parse_encoded(hum_of_100_hz, 10, heads);
	for (int k = 20; k < PACKETS; k++) {
		if (!heads[k].period)
			continue;
		found++;
		/* the period, twice it, or a whole part of it */
		assert_true(abs(heads[k].period - 480) <= 2 || abs(heads[k].period - 960) <= 2 ||
			    480 % heads[k].period <= 2);
		assert_false(heads[k].transient);
	}
	assert_true(found > PACKETS / 2);
}

static void it_reads_where_the_transients_are(void **state)
{
	struct celthead heads[PACKETS];

	(void)state;
	parse_encoded(clicks, 10, heads);
	for (int k = 20; k < PACKETS; k++)
		if (k % 10 == 0)
			assert_true(heads[k].transient);
		else if (k % 10 > 2)
			assert_false(heads[k].transient);
	parse_encoded(clicks, 0, heads);
	for (int k = 0; k < PACKETS; k++)
		assert_true(!heads[k].transient && !heads[k].period);
}

static void it_reads_a_transient_behind_the_post_filter(void **state)
{
	struct celthead heads[PACKETS];
	int both = 0;

	(void)state;
	parse_encoded(hum_with_clicks, 10, heads);
	for (int k = 20; k < PACKETS; k += 10) {
		assert_true(heads[k].transient);
		both += heads[k].period > 0;
	}
	print_message("# %d with both\n", both);
	assert_true(both > 0);
}

static void it_reads_silence(void **state)
{
	struct celthead heads[PACKETS];

	(void)state;
	parse_encoded(silence, 10, heads);
	for (int k = 0; k < PACKETS; k++)
		assert_true(heads[k].silent && !heads[k].transient && !heads[k].period);
}

static void it_takes_any_bytes(void **state)
{
	uint8_t *packet = malloc(12);

	(void)state;
	for (int64_t n = 0; n < 100000; n++) {
		int32_t bytes = 2 + (int32_t)(n % 11);
		struct celthead head;

		for (int i = 0; i < 12; i++)
			packet[i] = (uint8_t)(128 + 128 * music_noise(n * 12 + i));
		head = celthead_parse(packet + 12 - bytes, bytes);
		assert_in_range(head.period, 0, 1022);
	}
	free(packet);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_reads_the_period_of_the_post_filter),
		cmocka_unit_test(it_reads_where_the_transients_are),
		cmocka_unit_test(it_reads_a_transient_behind_the_post_filter),
		cmocka_unit_test(it_reads_silence),
		cmocka_unit_test(it_takes_any_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
