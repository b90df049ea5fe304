#include "opus/oggopus.h"

#include <opusfile.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct oggopus_setup sample_setup(void)
{
	return (struct oggopus_setup){
		.serial = 0x80000001u,
		.channels = 2,
		.sample_rate = 96000,
		.vendor = "libopus test",
	};
}

static struct buf write_setup(const struct oggopus_setup *setup)
{
	struct buf out = {0};

	assert_int_equal(oggopus_setup(setup, &out), DRIFT_OK);
	assert_in_range(out.len, 1, LAYOUT_SETUP_MAX);
	return out;
}

/* The second page's packet: libopusfile's reader checks it. */
static void read_tags(const struct buf *pages, OpusTags *tags)
{
	const uint8_t *page = (const uint8_t *)pages->data + 47;
	size_t head = 27 + (size_t)page[26];

	assert_memory_equal(page, "OggS", 4);
	assert_int_equal(opus_tags_parse(tags, page + head, pages->len - 47 - head), 0);
}

static void it_writes_what_libopusfile_reads(void **state)
{
	struct oggopus_tag tags[] = {{"TITLE", "Zwölf – 12"}, {"ARTIST", "A=B"}};
	struct oggopus_setup setup = sample_setup();
	struct buf out;
	OpusHead head;
	OpusTags got;

	(void)state;
	setup.tags = tags;
	setup.tag_count = 2;
	out = write_setup(&setup);
	assert_int_equal(opus_head_parse(&head, (unsigned char *)out.data + 28, 19), 0);
	assert_int_equal(head.channel_count, 2);
	assert_int_equal(head.pre_skip, 312);
	assert_int_equal(head.input_sample_rate, 96000);
	assert_int_equal(head.output_gain, 0);
	assert_int_equal(head.mapping_family, 0);
	read_tags(&out, &got);
	assert_string_equal(got.vendor, "libopus test");
	assert_int_equal(got.comments, 2);
	assert_string_equal(opus_tags_query(&got, "title", 0), "Zwölf – 12");
	assert_string_equal(opus_tags_query(&got, "artist", 0), "A=B");
	opus_tags_clear(&got);
	buf_clear(&out);
}

static size_t length_with_gain(double gain, int expected)
{
	struct oggopus_setup setup = sample_setup();
	struct buf out;
	OpusTags tags;
	int q8 = 99999;
	size_t len;

	setup.has_gain = true;
	setup.track_gain = gain;
	out = write_setup(&setup);
	read_tags(&out, &tags);
	assert_int_equal(opus_tags_get_track_gain(&tags, &q8), 0);
	assert_int_equal(q8, expected);
	assert_int_equal(strlen(opus_tags_query(&tags, "R128_TRACK_GAIN", 0)), 6);
	opus_tags_clear(&tags);
	len = out.len;
	buf_clear(&out);
	return len;
}

static size_t length_without_gain(void)
{
	const struct oggopus_setup setup = sample_setup();
	struct buf out = write_setup(&setup);
	size_t len = out.len;
	OpusTags tags;

	read_tags(&out, &tags);
	assert_int_equal(tags.comments, 0);
	opus_tags_clear(&tags);
	buf_clear(&out);
	return len;
}

static void it_is_as_long_whatever_the_gain(void **state)
{
	size_t len = length_with_gain(0, 0);

	(void)state;
	assert_int_equal(length_with_gain(-7.25, -1856), len);
	assert_int_equal(length_with_gain(0.004, 1), len);
	assert_int_equal(length_with_gain(1e9, 127 * 256), len);
	assert_int_equal(length_with_gain(-1e9, -127 * 256), len);
	assert_int_equal(length_without_gain(), len);
}

static void it_leaves_out_what_is_not_the_sources_to_say(void **state)
{
	struct oggopus_tag tags[] = {
		{"R128_TRACK_GAIN", "-1"},
		{"r128_album_gain", "-1"},
		{"REPLAYGAIN_TRACK_GAIN", "-1dB"},
		{"METADATA_BLOCK_PICTURE", "AAAA"},
		{"", "no key"},
		{"A=B", "ill-formed"},
		{"TÎTRE", "not ASCII"},
		{"EMPTY", ""},
		{"GENRE", "Drift"},
	};
	struct oggopus_setup setup = sample_setup();
	struct buf out;
	OpusTags got;

	(void)state;
	setup.tags = tags;
	setup.tag_count = sizeof(tags) / sizeof(tags[0]);
	out = write_setup(&setup);
	read_tags(&out, &got);
	assert_int_equal(got.comments, 1);
	assert_string_equal(got.user_comments[0], "GENRE=Drift");
	opus_tags_clear(&got);
	buf_clear(&out);
}

static void it_cuts_a_long_text_between_characters(void **state)
{
	char text[2000];
	struct oggopus_tag tags[] = {{"TITLE", text}};
	struct oggopus_setup setup = sample_setup();
	struct buf out;
	OpusTags got;

	(void)state;
	strcpy(text, "x");
	while (strlen(text) < 1500)
		strcat(text, "€"); /* 3 bytes: 1 + 3 * 170 = 511 */
	setup.tags = tags;
	setup.tag_count = 1;
	out = write_setup(&setup);
	read_tags(&out, &got);
	assert_int_equal(strlen(opus_tags_query(&got, "TITLE", 0)), 511);
	opus_tags_clear(&got);
	buf_clear(&out);
}

static void it_stays_under_8_kib_with_any_number_of_tags(void **state)
{
	static char keys[300][32], texts[300][600];
	static struct oggopus_tag tags[301];
	struct oggopus_setup setup = sample_setup();
	struct buf out;
	OpusTags got;

	(void)state;
	for (int i = 0; i < 300; i++) {
		snprintf(keys[i], sizeof(keys[i]), "KEY%d", i);
		memset(texts[i], 'a' + i % 26, sizeof(texts[i]) - 1);
		tags[i] = (struct oggopus_tag){keys[i], texts[i]};
	}
	tags[300] = (struct oggopus_tag){"LAST", "small enough to fit still"};
	setup.tags = tags;
	setup.tag_count = 301;
	setup.has_gain = true;
	out = write_setup(&setup);
	read_tags(&out, &got);
	assert_int_equal(got.comments, 1 + 15 + 1);
	assert_non_null(opus_tags_query(&got, "KEY14", 0));
	assert_non_null(opus_tags_query(&got, "LAST", 0));
	opus_tags_clear(&got);
	buf_clear(&out);
}

static void it_hashes_track_and_version_into_the_serial(void **state)
{
	struct uuid a = {"0190aaaa-0000-7000-8000-000000000001"};
	struct uuid b = {"0190aaaa-0000-7000-8000-000000000002"};

	(void)state;
	assert_int_equal(oggopus_serial(&a, 1), oggopus_serial(&a, 1));
	assert_int_not_equal(oggopus_serial(&a, 1), oggopus_serial(&a, 2));
	assert_int_not_equal(oggopus_serial(&a, 1), oggopus_serial(&b, 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_writes_what_libopusfile_reads),
		cmocka_unit_test(it_is_as_long_whatever_the_gain),
		cmocka_unit_test(it_leaves_out_what_is_not_the_sources_to_say),
		cmocka_unit_test(it_cuts_a_long_text_between_characters),
		cmocka_unit_test(it_stays_under_8_kib_with_any_number_of_tags),
		cmocka_unit_test(it_hashes_track_and_version_into_the_serial),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
