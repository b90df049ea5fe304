#include "media/coldstart.h"

#include "music.h"

#include <opus.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define PACKETS 500
#define BYTES 800
#define ENTRY_EVERY 10 /* packets: many entries in little sound */

/* Packets as an encoder makes them that only switches prediction off. */
struct encoded {
	uint8_t data[PACKETS * BYTES];
	struct coldstart_packet packets[PACKETS];
};

static struct encoded *encode(int complexity)
{
	struct music music = {2, PACKETS * 960, music_sample};
	struct encoded *out = malloc(sizeof(*out));
	float frame[960 * 2];
	int err;
	OpusEncoder *e = opus_encoder_create(48000, 2, OPUS_APPLICATION_AUDIO, &err);

	assert_non_null(e);
	opus_encoder_ctl(e, OPUS_SET_BITRATE(320000));
	opus_encoder_ctl(e, OPUS_SET_VBR(0));
	opus_encoder_ctl(e, OPUS_SET_COMPLEXITY(complexity));
	for (int k = 0; k < PACKETS; k++) {
		struct resample_range want = {k * 960, (k + 1) * 960};
		int in_page = k % ENTRY_EVERY;

		opus_encoder_ctl(e, OPUS_SET_PREDICTION_DISABLED(in_page == 0 ||
								 in_page == ENTRY_EVERY - 1));
		assert_int_equal(music_pcm(&music, want, frame), DRIFT_OK);
		out->packets[k] = (struct coldstart_packet){out->data + k * BYTES, BYTES};
		assert_int_equal(opus_encode_float(e, frame, 960, out->data + k * BYTES, BYTES),
				 BYTES);
	}
	opus_encoder_destroy(e);
	return out;
}

/* The truth: everything decoded against a fresh decoder, in dBFS. */
static double residue(const struct encoded *e, int entry)
{
	float warm[960 * 2], cold[960 * 2];
	double worst = 1e-9;
	int err;
	OpusDecoder *w = opus_decoder_create(48000, 2, &err);
	OpusDecoder *c = opus_decoder_create(48000, 2, &err);

	for (int k = 0; k < entry + COLDSTART_AFTER; k++) {
		assert_int_equal(opus_decode_float(w, e->packets[k].data, BYTES, warm, 960, 0),
				 960);
		if (k < entry)
			continue;
		assert_int_equal(opus_decode_float(c, e->packets[k].data, BYTES, cold, 960, 0),
				 960);
		for (int i = k == entry ? 312 * 2 : 0; i < 960 * 2; i++)
			worst = fmax(worst, fabs((double)warm[i] - (double)cold[i]));
	}
	opus_decoder_destroy(w);
	opus_decoder_destroy(c);
	return 20 * log10(worst);
}

static void it_tells_the_entries_that_are_not_exact(void **state)
{
	struct encoded *e = encode(10);
	struct coldstart *c;
	int inexact = 0;

	(void)state;
	assert_int_equal(coldstart_new(2, &c), DRIFT_OK);
	for (int k = ENTRY_EVERY; k + COLDSTART_AFTER <= PACKETS; k += ENTRY_EVERY) {
		double truth = residue(e, k);
		bool exact =
			coldstart_is_exact(c, &e->packets[k], COLDSTART_BEFORE, COLDSTART_AFTER);

		inexact += truth > -90;
		if (truth > -90)
			assert_false(exact);
		if (truth < -102)
			assert_true(exact);
	}
	print_message("# %d of %d entries are not exact\n", inexact, PACKETS / ENTRY_EVERY - 1);
	assert_true(inexact > 0); /* or the signal is too tame for this test */
	coldstart_free(c);
	free(e);
}

static void it_finds_nothing_in_plain_long_blocks(void **state)
{
	struct encoded *e = encode(0);
	struct coldstart *c;

	(void)state;
	assert_int_equal(coldstart_new(2, &c), DRIFT_OK);
	for (int k = ENTRY_EVERY; k + COLDSTART_AFTER <= PACKETS; k += ENTRY_EVERY) {
		assert_true(
			coldstart_is_exact(c, &e->packets[k], COLDSTART_BEFORE, COLDSTART_AFTER));
		assert_true(residue(e, k) < -96);
	}
	coldstart_free(c);
	free(e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_tells_the_entries_that_are_not_exact),
		cmocka_unit_test(it_finds_nothing_in_plain_long_blocks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
