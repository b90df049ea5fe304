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

static struct encoded *encode(int complexity, float (*sample)(int64_t n, int32_t channel))
{
	struct music music = {2, PACKETS * 960, sample};
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

	for (int k = 0; k < entry + ENTRY_EVERY; k++) {
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

/* Sound entries that are not told only cost bits: at least so many are. */
static void check_entries(float (*sample)(int64_t n, int32_t channel), int least)
{
	struct encoded *e = encode(10, sample);
	struct coldstart *c;
	int inexact = 0, sound = 0, told = 0;

	assert_int_equal(coldstart_new(2, &c), DRIFT_OK);
	for (int k = ENTRY_EVERY; k + ENTRY_EVERY <= PACKETS; k += ENTRY_EVERY) {
		const struct coldstart_packet *entry = &e->packets[k];
		bool exact = coldstart_is_exact(c, entry, k, ENTRY_EVERY);
		double truth = residue(e, k);

		inexact += truth > -90;
		if (truth > -90)
			assert_false(exact);
		sound += truth < -102;
		told += truth < -102 && exact;
	}
	print_message("# %d of %d entries are not exact; %d of %d sound ones are told\n", inexact,
		      PACKETS / ENTRY_EVERY - 1, told, sound);
	assert_true(inexact > 0); /* or the signal is too tame for this test */
	assert_true(told >= least);
	coldstart_free(c);
	free(e);
}

static void it_tells_the_entries_that_are_not_exact(void **state)
{
	(void)state;
	check_entries(music_sample, 40);
	check_entries(music_rattle, 5);
}

static void it_reaches_to_the_second_packet_in_long_blocks(void **state)
{
	struct encoded *plain = encode(0, music_sample), *rattle = encode(10, music_rattle);
	int undecided = 0, longer = 0;

	(void)state;
	assert_int_equal(coldstart_reach(plain->packets, PACKETS), COLDSTART_AFTER);
	assert_int_equal(coldstart_reach(plain->packets, COLDSTART_AFTER - 1), 0);
	for (int k = 0; k + ENTRY_EVERY <= PACKETS; k += ENTRY_EVERY) {
		int32_t reach = coldstart_reach(&rattle->packets[k], ENTRY_EVERY);

		undecided += reach == 0;
		longer += reach > COLDSTART_AFTER;
		if (reach)
			assert_int_equal(coldstart_reach(&rattle->packets[k], reach - 1), 0);
	}
	assert_true(undecided > 0 && longer > 0);
	free(plain);
	free(rattle);
}

static void it_finds_nothing_in_plain_long_blocks(void **state)
{
	struct encoded *e = encode(0, music_sample);
	struct coldstart *c;

	(void)state;
	assert_int_equal(coldstart_new(2, &c), DRIFT_OK);
	for (int k = ENTRY_EVERY; k + ENTRY_EVERY <= PACKETS; k += ENTRY_EVERY) {
		assert_true(coldstart_is_exact(c, &e->packets[k], k, ENTRY_EVERY));
		assert_true(residue(e, k) < -96);
	}
	coldstart_free(c);
	free(e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_tells_the_entries_that_are_not_exact),
		cmocka_unit_test(it_reaches_to_the_second_packet_in_long_blocks),
		cmocka_unit_test(it_finds_nothing_in_plain_long_blocks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
