#include "opus/segment.h"

#include "music.h"

#include <dlfcn.h>
#include <opus.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SEGMENTS 4 /* of a test signal */
#define JOINS (SEGMENTS * LAYOUT_SEGMENT_PACKETS / LAYOUT_RUN_PACKETS)
#define PACKETS (SEGMENTS * LAYOUT_SEGMENT_PACKETS)
#define SAMPLES (SEGMENTS * LAYOUT_SEGMENT_SAMPLES)
#define PACKET_BYTES 800
#define WINDOW 240 /* samples in which an error is measured: 5 ms */
/* of 50 packets, one of pre-roll and at most one of each page encoded twice */
#define ENCODES_MAX 1.06
#define TWO_PI 6.283185307179586

/* Ours ahead of libopus': it counts what segment.c has encoded. */
static int64_t encodes;

int opus_encode_float(OpusEncoder *e, const float *pcm, int samples, unsigned char *out,
		      opus_int32 bytes)
{
	static int (*libopus)(OpusEncoder *, const float *, int, unsigned char *, opus_int32);

	if (!libopus)
		*(void **)&libopus = dlsym(RTLD_NEXT, "opus_encode_float");
	encodes++;
	return libopus(e, pcm, samples, out, bytes);
}

static float tone(int64_t n, int32_t channel)
{
	return (float)(0.5 * sin(TWO_PI * 997 / 48000 * (double)n + channel));
}

static float tone_on_dc(int64_t n, int32_t channel)
{
	return tone(n, channel) + 0.3f - 0.5f * (float)channel;
}

/* A gliding sawtooth, rich in what libopus' pitch pre-filter works on. */
static float glide(int64_t n, int32_t channel)
{
	double t = (double)n / 48000;
	double phase = 130 * t + 30 / 2.6 * sin(2.6 * t) + 0.1 * channel;

	return (float)(0.6 * (phase - floor(phase)) - 0.3);
}

/* Music as a mastering engineer leaves it: off centre, and dithered to 16 bits. */
static float dithered(int64_t n, int32_t channel)
{
	float dither = music_noise(4 * n + channel) + music_noise(4 * n + 2 + channel);

	return roundf(32767 * (0.1f + 0.7f * music_sample(n, channel)) + dither) / 32768;
}

/* A click each 12 ms over a chord: every packet is a transient. */
static float dense(int64_t n, int32_t channel)
{
	float click = n % 576 < 3 ? 0.5f : 0;

	return click * music_noise(n) + 0.3f * music_sample(n, channel);
}

static struct segment_encoder *new_encoder(int32_t channels, bool vbr)
{
	struct layout_params params = layout_params(320, channels, vbr);
	struct segment_encoder *e;

	assert_int_equal(segment_encoder_new(&params, &e), DRIFT_OK);
	return e;
}

static enum drift_err encode_packets(struct segment_encoder *e, int64_t index, int32_t first,
				     int32_t end, const float *pcm, struct segment *out)
{
	enum drift_err err = DRIFT_OK;

	segment_start(e, index, first, pcm, out);
	while (!err && out->end < end) {
		int32_t left = end - out->end;

		err = segment_add_page(e, left < LAYOUT_PAGE_PACKETS ? left : LAYOUT_PAGE_PACKETS,
				       out);
	}
	return err;
}

static struct segment *encode_some(struct segment_encoder *e, struct music music, int64_t index,
				   int32_t first, int32_t end)
{
	float *pcm = malloc(SEGMENT_NEEDS_MAX * 2 * sizeof(*pcm));
	struct segment *out = calloc(1, sizeof(*out));
	struct resample_range needs = segment_needs(index, first, end);

	assert_in_range(needs.end - needs.first, 1, SEGMENT_NEEDS_MAX);
	assert_int_equal(music_pcm(&music, needs, pcm), DRIFT_OK);
	assert_int_equal(encode_packets(e, index, first, end, pcm, out), DRIFT_OK);
	assert_int_equal(out->index, index);
	assert_int_equal(out->first, first);
	assert_int_equal(out->end, end);
	free(pcm);
	return out;
}

static void it_needs_what_the_design_says(void **state)
{
	struct resample_range first = segment_needs(0, 0, 25);
	struct resample_range third = segment_needs(3, 100, 250);

	(void)state;
	assert_int_equal(first.first, -29760);
	assert_int_equal(first.end, 24000);
	assert_int_equal(third.first, 720000 + 96000 - 29760);
	assert_int_equal(third.end, 960000);
}

static void check_any_order(int32_t channels, bool vbr)
{
	static const int64_t order[] = {2, 0, 3, 2, 1, 0};
	struct music music = {channels, SAMPLES - 5000, music_sample};
	struct segment_encoder *used = new_encoder(channels, vbr);

	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		struct segment_encoder *fresh = new_encoder(channels, vbr);
		struct segment *a = encode_some(used, music, order[i], 0, 75);
		struct segment *b = encode_some(fresh, music, order[i], 0, 75);

		assert_memory_equal(a, b, sizeof(*a));
		segment_encoder_free(fresh);
		free(a);
		free(b);
	}
	segment_encoder_free(used);
}

static void it_depends_on_nothing_encoded_before(void **state)
{
	(void)state;
	check_any_order(2, false);
	check_any_order(1, false);
	check_any_order(2, true);
}

static void check_some(struct segment_encoder *e, struct music music, const struct segment *whole,
		       int32_t first, int32_t end)
{
	struct segment *some = encode_some(e, music, whole->index, first, end);
	int64_t at = 0;

	for (int32_t k = 0; k < first; k++)
		at += whole->bytes[k];
	assert_memory_equal(some->bytes + first, whole->bytes + first,
			    (size_t)(end - first) * sizeof(*whole->bytes));
	assert_memory_equal(some->data, whole->data + at, (size_t)some->bytes_in_all);
	free(some);
}

/* Wherever it is begun and ended. */
static void check_any_part(bool vbr)
{
	struct music music = {2, SAMPLES, music_sample};
	struct segment_encoder *e = new_encoder(2, vbr);
	struct segment *whole = encode_some(e, music, 1, 0, 250);

	for (int32_t first = 0; first < 250; first += LAYOUT_RUN_PACKETS) {
		check_some(e, music, whole, first, first + 25);
		check_some(e, music, whole, first, 250);
	}
	check_some(e, music, whole, 50, 175);
	free(whole);
	segment_encoder_free(e);
}

static void it_gives_the_same_packets_for_any_part(void **state)
{
	(void)state;
	check_any_part(false);
	check_any_part(true);
}

/* RFC 6716 section 3.1: configuration 31 is fullband CELT of 20 ms, code 0 one frame. */
static void it_stays_in_the_mdct_mode_at_every_bitrate(void **state)
{
	static const int32_t kbits[] = {32, 64, 128, 320, 510};

	(void)state;
	for (size_t i = 0; i < 2 * sizeof(kbits) / sizeof(kbits[0]); i++) {
		int32_t channels = 1 + (int32_t)i % 2;
		struct layout_params params = layout_params(kbits[i / 2], channels, false);
		struct music music = {channels, SAMPLES, music_sample};
		struct segment_encoder *e;
		struct segment *s;

		assert_int_equal(segment_encoder_new(&params, &e), DRIFT_OK);
		s = encode_some(e, music, 1, 0, 50);
		for (int32_t k = 0; k < 50; k++) {
			assert_int_equal(s->bytes[k], params.packet_bytes);
			assert_int_equal(s->data[k * params.packet_bytes] & ~4, 31 << 3);
		}
		free(s);
		segment_encoder_free(e);
	}
}

static void it_takes_what_is_not_a_number_for_silence(void **state)
{
	struct segment_encoder *e = new_encoder(2, false);
	struct segment *out = malloc(sizeof(*out));
	float *pcm = calloc(SEGMENT_NEEDS_MAX * 2, sizeof(*pcm));

	(void)state;
	pcm[5] = NAN;
	pcm[20001] = INFINITY;
	pcm[100000] = NAN;
	pcm[120000] = 1e30f;
	assert_int_equal(encode_packets(e, 0, 0, 250, pcm, out), DRIFT_OK);
	free(pcm);
	free(out);
	segment_encoder_free(e);
}

static void encode_segments(struct music music, uint8_t *out)
{
	struct segment_encoder *e = new_encoder(2, false);

	for (int64_t s = 0; s < SEGMENTS; s++) {
		struct segment *got = encode_some(e, music, s, 0, LAYOUT_SEGMENT_PACKETS);

		memcpy(out + s * LAYOUT_SEGMENT_PACKETS * PACKET_BYTES, got->data,
		       LAYOUT_SEGMENT_PACKETS * PACKET_BYTES);
		free(got);
	}
	segment_encoder_free(e);
}

/* One encoder from start to end, with the same entry points. */
static void encode_serially(struct music music, uint8_t *out)
{
	float frame[LAYOUT_PACKET_SAMPLES * 2];
	int err;
	OpusEncoder *e = opus_encoder_create(48000, 2, OPUS_APPLICATION_AUDIO, &err);

	assert_non_null(e);
	opus_encoder_ctl(e, OPUS_SET_BITRATE(320000));
	opus_encoder_ctl(e, OPUS_SET_VBR(0));
	opus_encoder_ctl(e, OPUS_SET_COMPLEXITY(10));
	for (int64_t k = 0; k < PACKETS; k++) {
		struct resample_range want = {k * 960, (k + 1) * 960};

		opus_encoder_ctl(e, OPUS_SET_PREDICTION_DISABLED(k % 25 == 0 || k % 25 == 24));
		assert_int_equal(music_pcm(&music, want, frame), DRIFT_OK);
		assert_int_equal(opus_encode_float(e, frame, 960, out + k * PACKET_BYTES, 1275),
				 PACKET_BYTES);
	}
	opus_encoder_destroy(e);
}

/* The source as the encoder's 3 Hz filter leaves it. */
static void reject_dc(struct music music, float *out)
{
	struct resample_range all = {0, SAMPLES};
	double m[2] = {0};

	assert_int_equal(music_pcm(&music, all, out), DRIFT_OK);
	for (int64_t i = 0; i < SAMPLES * 2; i++) {
		double x = (double)out[i];

		out[i] = (float)(x - m[i % 2]);
		m[i % 2] += 6.3 * 3 / 48000 * (x - m[i % 2]);
	}
}

/* Decodes and subtracts the source: the error at the source's sample i, stereo. */
static float *error_of(const uint8_t *packets, const float *source)
{
	int err;
	OpusDecoder *d = opus_decoder_create(48000, 2, &err);
	float *out = calloc((SAMPLES + 960) * 2, sizeof(*out));

	assert_non_null(d);
	for (int64_t k = 0; k < PACKETS; k++)
		assert_int_equal(opus_decode_float(d, packets + k * PACKET_BYTES, PACKET_BYTES,
						   out + k * 1920, 960, 0),
				 960);
	opus_decoder_destroy(d);
	for (int64_t i = 0; i < (SAMPLES - 312) * 2; i++)
		out[i] = out[i + 312 * 2] - source[i];
	return out;
}

static double energy(const float *x, int64_t first, int64_t count)
{
	double sum = 0;

	for (int64_t i = first * 2; i < (first + count) * 2; i++)
		sum += (double)x[i] * (double)x[i];
	return sum;
}

/* The loudest 5 ms of an error in [first, end). */
static double loudest(const float *x, int64_t first, int64_t end)
{
	double most = 0;

	for (; first + WINDOW <= end; first += WINDOW / 4)
		most = fmax(most, energy(x, first, WINDOW));
	return most;
}

struct comparison {
	double snr; /* dB of segments' SNR over the serial encode's */
	double click; /* dB of the loudest 5 ms about a join over the loudest in the
			 serial encode near there */
};

static struct comparison compare(struct music music)
{
	uint8_t *packets = malloc(PACKETS * PACKET_BYTES);
	float *source = malloc(SAMPLES * 2 * sizeof(*source));
	float *ours, *serial;
	struct comparison c = {0, -999};

	reject_dc(music, source);
	encode_segments(music, packets);
	ours = error_of(packets, source);
	encode_serially(music, packets);
	serial = error_of(packets, source);
	c.snr = 10 * log10(energy(serial, 0, SAMPLES - 960) / energy(ours, 0, SAMPLES - 960));
	for (int64_t join = 1; join < JOINS; join++) {
		int64_t at = join * LAYOUT_RUN_PACKETS * LAYOUT_PACKET_SAMPLES;
		double near = loudest(serial, at - 24000, at + 24000);

		c.click = fmax(c.click, 10 * log10(loudest(ours, at - 2400, at + 2400) / near));
	}
	print_message("# SNR %+.3f dB, worst click %+.2f dB\n", c.snr, c.click);
	free(packets);
	free(source);
	free(ours);
	free(serial);
	return c;
}

static void it_joins_without_a_click_and_sounds_like_the_serial_encode(void **state)
{
	float (*const signals[])(int64_t, int32_t) = {tone, tone_on_dc, glide, music_sample};

	(void)state;
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		struct music music = {2, SAMPLES, signals[i]};
		struct comparison c = compare(music);

		assert_true(c.snr > -0.05);
		assert_true(c.click < 0.3);
	}
}

/* The loudest difference of a decoder that starts at a page from one that has played up to
   it (of the same packets, all over both), dBFS: the truth about an entry. */
static double residue(const uint8_t *packets, int32_t entry)
{
	float warm[960 * 2], cold[960 * 2];
	int32_t start = entry > 250 ? entry - 250 : 0, end = entry + LAYOUT_RUN_PACKETS;
	double worst = 1e-9;
	int err;
	OpusDecoder *w = opus_decoder_create(48000, 2, &err);
	OpusDecoder *c = opus_decoder_create(48000, 2, &err);

	for (int32_t k = start; k < end && k < PACKETS; k++) {
		const uint8_t *packet = packets + k * PACKET_BYTES;

		assert_int_equal(opus_decode_float(w, packet, PACKET_BYTES, warm, 960, 0), 960);
		if (k < entry)
			continue;
		assert_int_equal(opus_decode_float(c, packet, PACKET_BYTES, cold, 960, 0), 960);
		for (int i = k == entry ? 312 * 2 : 0; i < 960 * 2; i++)
			worst = fmax(worst, fabs((double)warm[i] - (double)cold[i]));
	}
	opus_decoder_destroy(w);
	opus_decoder_destroy(c);
	return 20 * log10(worst);
}

struct entries {
	double worst; /* dBFS */
	int32_t audible; /* over -96 dBFS */
};

static struct entries entries_of(const uint8_t *packets)
{
	struct entries found = {-999, 0};

	for (int32_t k = LAYOUT_PAGE_PACKETS; k < PACKETS; k += LAYOUT_PAGE_PACKETS) {
		double r = residue(packets, k);

		found.worst = fmax(found.worst, r);
		found.audible += r > -96;
	}
	return found;
}

static void it_makes_every_page_an_entry_and_encodes_next_to_nothing_twice(void **state)
{
	float (*const signals[])(int64_t, int32_t) = {
		tone, tone_on_dc, glide, music_sample, dithered, dense, music_rattle,
	};
	uint8_t *packets = malloc(PACKETS * PACKET_BYTES);
	int32_t audible_without = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		struct music music = {2, SAMPLES, signals[i]};
		struct entries ours;
		double per_packet;

		encode_serially(music, packets);
		audible_without += entries_of(packets).audible;
		print_message("# serially: worst %.1f dBFS, %d audible\n",
			      entries_of(packets).worst, entries_of(packets).audible);
		encodes = 0;
		encode_segments(music, packets);
		per_packet = (double)encodes / PACKETS;
		ours = entries_of(packets);
		print_message("# entries: worst %.1f dBFS; %.3f encodes a packet\n", ours.worst,
			      per_packet);
		assert_true(ours.worst < -90);
		assert_true(per_packet >= 1 && per_packet <= ENCODES_MAX);
	}
	assert_true(audible_without >= 5); /* or the signals are too tame for this test */
	free(packets);
}

static void it_has_a_fingerprint_for_all_that_decides_the_bytes(void **state)
{
	struct layout_params a = layout_params(320, 2, false), b = layout_params(318, 2, false);
	struct layout_params c = layout_params(320, 1, false), d = layout_params(320, 2, true);

	(void)state;
	assert_in_range(segment_fingerprint(&a), 0, 999999);
	assert_int_equal(segment_fingerprint(&a), segment_fingerprint(&a));
	assert_int_not_equal(segment_fingerprint(&a), segment_fingerprint(&b));
	assert_int_not_equal(segment_fingerprint(&a), segment_fingerprint(&c));
	assert_int_not_equal(segment_fingerprint(&a), segment_fingerprint(&d));
	assert_int_equal(strncmp(segment_vendor(), "libopus", 7), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_needs_what_the_design_says),
		cmocka_unit_test(it_depends_on_nothing_encoded_before),
		cmocka_unit_test(it_gives_the_same_packets_for_any_part),
		cmocka_unit_test(it_stays_in_the_mdct_mode_at_every_bitrate),
		cmocka_unit_test(it_takes_what_is_not_a_number_for_silence),
		cmocka_unit_test(it_joins_without_a_click_and_sounds_like_the_serial_encode),
		cmocka_unit_test(it_makes_every_page_an_entry_and_encodes_next_to_nothing_twice),
		cmocka_unit_test(it_has_a_fingerprint_for_all_that_decides_the_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
