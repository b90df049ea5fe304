#include "dsp/waveform.h"

#include "music.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static uint32_t u32_at(const struct buf *b, size_t at)
{
	const uint8_t *p = (const uint8_t *)b->data + at;

	return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static struct buf write_and_free(struct waveform *w)
{
	struct buf out = {0};

	assert_int_equal(waveform_write(w, &out), DRIFT_OK);
	waveform_free(w);
	return out;
}

static struct waveform *new_waveform(int32_t rate, int32_t channels, int64_t samples)
{
	struct waveform *w;

	assert_int_equal(waveform_new(rate, channels, samples, WAVEFORM_PAIRS_WHOLE, &w), DRIFT_OK);
	return w;
}

static void it_writes_header_and_values_as_audiowaveform_does(void **state)
{
	static const int8_t want[] = {-64, 64, 0, 127, -128, 0, 25, 25};
	struct waveform *w = new_waveform(44100, 1, 769);
	float pcm[769] = {0};
	struct buf out;

	(void)state;
	pcm[3] = -0.5f;
	pcm[255] = 0.5f;
	pcm[256] = 1.5f; /* over full scale: clipped */
	pcm[600] = -1.5f;
	pcm[601] = NAN;
	pcm[768] = 0.2f; /* 25.6 */
	waveform_add(w, pcm, 769);
	out = write_and_free(w);
	assert_int_equal(out.len, WAVEFORM_HEAD_BYTES + sizeof(want));
	assert_int_equal(u32_at(&out, 0), 2);
	assert_int_equal(u32_at(&out, 4), 1);
	assert_int_equal(u32_at(&out, 8), 44100);
	assert_int_equal(u32_at(&out, 12), 256);
	assert_int_equal(u32_at(&out, 16), 4);
	assert_int_equal(u32_at(&out, 20), 1);
	assert_memory_equal(out.data + WAVEFORM_HEAD_BYTES, want, sizeof(want));
	buf_clear(&out);
}

static void it_mixes_stereo_by_its_mean(void **state)
{
	struct waveform *w = new_waveform(48000, 2, 2);
	const float pcm[] = {1, 0, -0.5f, 0.25f};
	struct buf out;

	(void)state;
	waveform_add(w, pcm, 2);
	out = write_and_free(w);
	assert_int_equal(out.data[WAVEFORM_HEAD_BYTES], -16);
	assert_int_equal(out.data[WAVEFORM_HEAD_BYTES + 1], 64);
	buf_clear(&out);
}

static void it_gives_the_same_whatever_the_pieces(void **state)
{
	struct waveform *a = new_waveform(48000, 2, 100000), *b = new_waveform(48000, 2, 100000);
	float *pcm = malloc(100000 * 2 * sizeof(*pcm));
	struct buf whole, pieces;

	(void)state;
	for (int64_t n = 0; n < 100000 * 2; n++)
		pcm[n] = music_noise(n);
	waveform_add(a, pcm, 100000);
	for (size_t at = 0, n = 1; at < 100000; at += n, n = n % 3000 + 7)
		waveform_add(b, pcm + at * 2, n < 100000 - at ? n : 100000 - at);
	whole = write_and_free(a);
	pieces = write_and_free(b);
	assert_int_equal(whole.len, pieces.len);
	assert_memory_equal(whole.data, pieces.data, whole.len);
	buf_clear(&whole);
	buf_clear(&pieces);
	free(pcm);
}

static uint32_t scale_of(int64_t samples)
{
	struct buf out = write_and_free(new_waveform(44100, 2, samples));
	uint32_t scale = u32_at(&out, 12);

	buf_clear(&out);
	return scale;
}

static void it_never_has_more_than_16384_pairs(void **state)
{
	(void)state;
	assert_int_equal(scale_of(0), 256);
	assert_int_equal(scale_of(256 * 16384), 256);
	assert_int_equal(scale_of(256 * 16384 + 1), 512);
	assert_int_equal(scale_of((int64_t)44100 * 3600), 16384);
	assert_int_equal(scale_of((int64_t)1 << 40), 1 << 26);
}

static void it_has_as_many_as_are_asked_for(void **state)
{
	const int64_t hour = (int64_t)44100 * 3600;
	struct waveform *w;
	struct buf out;

	(void)state;
	assert_int_equal(waveform_new(44100, 2, hour, WAVEFORM_PAIRS_ZOOM, &w), DRIFT_OK);
	out = write_and_free(w);
	assert_int_equal(u32_at(&out, 12), 256);
	buf_clear(&out);
}

static void it_is_a_bare_header_for_nothing(void **state)
{
	struct buf out = write_and_free(new_waveform(8000, 1, 0));

	(void)state;
	assert_int_equal(out.len, WAVEFORM_HEAD_BYTES);
	assert_int_equal(u32_at(&out, 16), 0);
	buf_clear(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_writes_header_and_values_as_audiowaveform_does),
		cmocka_unit_test(it_mixes_stereo_by_its_mean),
		cmocka_unit_test(it_gives_the_same_whatever_the_pieces),
		cmocka_unit_test(it_never_has_more_than_16384_pairs),
		cmocka_unit_test(it_has_as_many_as_are_asked_for),
		cmocka_unit_test(it_is_a_bare_header_for_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
