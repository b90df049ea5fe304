#include "opus/layout.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void it_takes_the_packet_size_from_bitrate_and_channels(void **state)
{
	static const struct {
		int32_t kbits, channels, bytes, bitrate;
		bool exact;
	} rows[] = {
		{320, 2, 800, 320000, true},  {320, 1, 400, 160000, true},
		{510, 2, 1275, 510000, true}, {256, 2, 640, 256000, true},
		{256, 1, 320, 128000, true},  {255, 2, 637, 254800, false},
		{255, 1, 318, 127200, false}, {97, 2, 242, 96800, false},
		{97, 1, 121, 48400, false},   {32, 1, 40, 16000, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct layout_params p = layout_params(rows[i].kbits, rows[i].channels, false);

		assert_int_equal(p.packet_bytes, rows[i].bytes);
		assert_int_equal(layout_bitrate(&p), rows[i].bitrate);
		assert_int_equal(layout_entries_are_exact(&p), rows[i].exact);
	}
}

/* doc/design.md, with H = 1000 */
static void it_computes_the_formulas_of_the_design(void **state)
{
	struct layout_params stereo = layout_params(320, 2, false);
	struct layout_params mono = layout_params(320, 1, false);
	struct layout l;

	(void)state;
	layout_init(&l, &stereo, 172800000, 1000); /* an hour */
	assert_int_equal(l.packets, 180001);
	assert_int_equal(l.pages, 7201);
	assert_int_equal(l.segments, 721);
	assert_int_equal(layout_page_offset(&l, 100), 1000 + 20127 * 100);
	assert_int_equal(layout_page_packets(&l, 7199), 25);
	assert_int_equal(layout_page_packets(&l, 7200), 1);
	assert_int_equal(layout_segment_packets(&l, 719), 250);
	assert_int_equal(layout_segment_packets(&l, 720), 1);
	assert_int_equal(layout_page_granule(&l, 0), 24000);
	assert_int_equal(layout_page_granule(&l, 7200), 172800312);
	assert_int_equal(layout_bytes(&l), 1000 + 20127 * 7200LL + 27 + 804);
	layout_init(&l, &mono, 24000 - 312, 1000); /* one whole page */
	assert_int_equal(l.pages, 1);
	assert_int_equal(layout_bytes(&l), 1000 + 10077);
}

static void it_has_a_packet_even_for_nothing(void **state)
{
	struct layout_params p = layout_params(320, 2, false);
	struct layout l;

	(void)state;
	layout_init(&l, &p, 0, 100);
	assert_int_equal(l.packets, 1);
	assert_int_equal(l.pages, 1);
	assert_int_equal(l.segments, 1);
	assert_int_equal(layout_page_granule(&l, 0), 312);
}

static void it_holds_the_longest_track(void **state)
{
	struct layout_params p = layout_params(510, 2, false);
	struct layout l;

	(void)state;
	layout_init(&l, &p, LAYOUT_SAMPLES_MAX, LAYOUT_SETUP_MAX);
	assert_true(layout_bytes(&l) > (int64_t)1 << 40);
	assert_int_equal(layout_page_offset(&l, l.pages), layout_bytes(&l));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_takes_the_packet_size_from_bitrate_and_channels),
		cmocka_unit_test(it_computes_the_formulas_of_the_design),
		cmocka_unit_test(it_has_a_packet_even_for_nothing),
		cmocka_unit_test(it_holds_the_longest_track),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
