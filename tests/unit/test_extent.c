/* walled/extent through drift-decode: where sound begins and ends, in whatever unit a file says
   it; judged by where clicks are in what is heard */
#include "clicks.h"
#include "mp4made.h"

#include "parse/itunsmpb.h"

#define CORE 22050 /* Hz */
#define SAMPLES (8 * CORE) /* of the core */
#define DELAY 1024 /* of ffmpeg's encoder */
#define PACKETS ((SAMPLES + DELAY + 1023) / 1024)
#define PADDING (PACKETS * 1024 - SAMPLES - DELAY)
#define NORMAL 0x10000 /* an edit's rate */

/* As heard without SBR, and with it. */
static const struct clicks core = {CORE, 2, SAMPLES, 2, {CORE, 7 * CORE}};
static const struct clicks twice = {2 * CORE, 2, 2 * SAMPLES, 2, {2 * CORE, 14 * CORE}};

static const struct mp4made lc = {.adts = "c.aac",
				  .core = CORE,
				  .channels = 2,
				  .object = MP4MADE_LC,
				  .media_scale = CORE,
				  .movie_scale = CORE,
				  .packet = 1024};
static const struct mp4made he = {.adts = "c.aac",
				  .core = CORE,
				  .channels = 2,
				  .object = MP4MADE_HE,
				  .media_scale = CORE,
				  .movie_scale = CORE,
				  .packet = 1024};
static const struct mp4made he_v2 = {.adts = "m.aac",
				     .core = CORE,
				     .channels = 1,
				     .object = MP4MADE_HE_V2,
				     .media_scale = CORE,
				     .movie_scale = CORE,
				     .packet = 1024};
/* Its timeline is in samples that are heard. */
static const struct mp4made he_out = {.adts = "c.aac",
				      .core = CORE,
				      .channels = 2,
				      .object = MP4MADE_HE,
				      .media_scale = 2 * CORE,
				      .movie_scale = 2 * CORE,
				      .packet = 2048};

static int setup(void **state)
{
	struct clicks mono = core;

	if (strange_setup(state) != 0)
		return -1;
	mono.channels = 1;
	clicks_wav("c.wav", &core);
	clicks_wav("m.wav", &mono);
	strange_run("ffmpeg -v error -y -i c.wav -c:a aac -b:a 64k c.aac && "
		    "ffmpeg -v error -y -i m.wav -c:a aac -b:a 48k m.aac");
	return 0;
}

/* --- iTunSMPB --------------------------------------------------------------------- */

static const char *itunes(int delay, int padding, int64_t samples)
{
	static char text[160];

	snprintf(text, sizeof(text),
		 " 00000000 %08X %08X %016llX 00000000 00000000 00000000 00000000 00000000 "
		 "00000000 00000000 00000000",
		 delay, padding, (unsigned long long)samples);
	return text;
}

static void expect_tagged(const struct mp4made *made, const char *text, const struct clicks *want)
{
	struct mp4made m = *made;

	m.itunes = text;
	mp4made_write("t.m4a", &m);
	clicks_expect("t.m4a", want);
}

static void it_reads_itunsmpb_in_the_rate_of_the_core(void **state)
{
	struct mp4made compatible = he;

	(void)state;
	expect_tagged(&lc, itunes(DELAY, PADDING, SAMPLES), &core);
	expect_tagged(&he, itunes(DELAY, PADDING, SAMPLES), &twice);
	expect_tagged(&he_v2, itunes(DELAY, PADDING, SAMPLES), &twice);
	expect_tagged(&he_out, itunes(DELAY, PADDING, SAMPLES), &twice);
	compatible.compatible = true;
	expect_tagged(&compatible, itunes(DELAY, PADDING, SAMPLES), &twice);
}

/* The length is what was encoded also where the decoder is later than the padding lasts. */
static void it_loses_no_length_to_a_padding_that_is_short(void **state)
{
	const int short_of = 2 * (ITUNSMPB_SBR_DELAY - 100);
	const struct clicks want = {2 * CORE,
				    2,
				    2 * (SAMPLES + PADDING - 100),
				    2,
				    {2 * CORE + short_of, 14 * CORE + short_of}};

	(void)state;
	expect_tagged(&he, itunes(DELAY, 100, SAMPLES + PADDING - 100), &want);
}

/* Fraunhofer's encoder counts what a decoder gives, its delay too. */
static void it_reads_itunsmpb_in_the_rate_that_is_heard(void **state)
{
	const int late = 2 * ITUNSMPB_SBR_DELAY;
	const char *text = itunes(2 * DELAY + late, 2 * PADDING - late, 2 * SAMPLES);

	(void)state;
	expect_tagged(&he, text, &twice);
	expect_tagged(&he_v2, text, &twice);
	expect_tagged(&he_out, text, &twice);
}

static void expect_cut_short(const struct mp4made *made, const char *text, int32_t rate,
			     int32_t samples)
{
	const struct clicks want = {rate, 2, samples, 1, {rate}};
	struct mp4made m = *made;

	m.packets = 100;
	expect_tagged(&m, text, &want);
}

/* The tag is of the whole; its delay is as true of the part. */
static void it_keeps_the_delay_of_a_file_that_is_cut_short(void **state)
{
	const int late = 2 * ITUNSMPB_SBR_DELAY, left = 100 * 1024 - DELAY;
	const char *text = itunes(DELAY, PADDING, SAMPLES);

	(void)state;
	expect_cut_short(&lc, text, CORE, left);
	expect_cut_short(&he, text, 2 * CORE, 2 * left - late);
	expect_cut_short(&he_v2, text, 2 * CORE, 2 * left - late);
}

/* Its own tables still say how long it was, so that the tag's unit can be told. */
static void it_knows_the_unit_of_a_file_whose_end_did_not_arrive(void **state)
{
	const int late = 2 * ITUNSMPB_SBR_DELAY;
	const char *text = itunes(2 * DELAY + late, 2 * PADDING - late, 2 * SAMPLES);
	struct mp4made m = he;
	struct clicks got;

	(void)state;
	m.itunes = text;
	mp4made_write("whole.m4a", &m);
	strange_run("head -c -500 whole.m4a > half.m4a");
	got = clicks_find("half.m4a");
	assert_true(got.samples < 2 * SAMPLES - CORE && got.samples > 2 * CORE);
	assert_int_equal(got.count, 1);
	assert_int_equal(got.at[0], 2 * CORE);
}

static void it_takes_no_lie_for_a_tag(void **state)
{
	static const char *const lies[] = {
		"",
		"iTunes",
		" 00000000 00000400",
		" 00000000 00004001 00000000 0000000000000100",
		" 00000000 00000400 00000000 0000000000000000",
		" 00000000 00000400 00000000 FFFFFFFFFFFFFFFF",
		" 00000000 00000400 00000000 7FFFFFFFFFFFFFFF",
	};
	struct clicks all = {CORE, 2, PACKETS * 1024, 2, {CORE + DELAY, 7 * CORE + DELAY}};
	struct itunsmpb tag;

	(void)state;
	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		assert_false(itunsmpb_parse(lies[i], &tag));
		expect_tagged(&lc, lies[i], &all);
	}
	assert_true(itunsmpb_parse(itunes(0x4000, 0, 1), &tag));
	assert_int_equal(tag.delay, 0x4000);
}

/* --- edit lists ----------------------------------------------------------------------- */

static void expect_edited(const struct mp4made *made, uint32_t movie_scale,
			  const struct mp4made_edit *edit, int edits, const struct clicks *want)
{
	struct mp4made m = *made;

	m.movie_scale = movie_scale;
	memcpy(m.edit, edit, sizeof(*edit) * (size_t)edits);
	m.edits = edits;
	mp4made_write("e.m4a", &m);
	clicks_expect("e.m4a", want);
	m.roll = true;
	mp4made_write("e.m4a", &m);
	clicks_expect("e.m4a", want);
}

static void expect_edit(const struct mp4made *made, uint32_t movie_scale, int32_t duration,
			int32_t media_time, const struct clicks *want)
{
	const struct mp4made_edit edit = {duration, media_time, NORMAL};

	expect_edited(made, movie_scale, &edit, 1, want);
}

/* qaac and fdkaac write the timeline of the core, libfdk_aac in ffmpeg the one that is heard. */
static void it_reads_an_edit_in_the_units_of_its_timelines(void **state)
{
	(void)state;
	expect_edit(&lc, CORE, SAMPLES, DELAY, &core);
	expect_edit(&lc, 1000, 8000, DELAY, &core);
	expect_edit(&he, CORE, SAMPLES, DELAY, &twice);
	expect_edit(&he, 1000, 8000, DELAY, &twice);
	expect_edit(&he_v2, CORE, SAMPLES, DELAY, &twice);
	expect_edit(&he_out, 2 * CORE, 2 * SAMPLES, 2 * (DELAY + ITUNSMPB_SBR_DELAY), &twice);
}

static void it_joins_edits_that_go_on(void **state)
{
	const struct mp4made_edit edits[] = {{2 * CORE, DELAY, NORMAL},
					     {CORE, DELAY + 2 * CORE, NORMAL},
					     {SAMPLES - 3 * CORE, DELAY + 3 * CORE, NORMAL}};
	const struct mp4made_edit rounded[] = {{1001, DELAY, NORMAL},
					       {6999, DELAY + 22072, NORMAL}};

	(void)state;
	expect_edited(&lc, CORE, edits, 3, &core);
	expect_edited(&he, CORE, edits, 3, &twice);
	expect_edited(&lc, 1000, rounded, 2, &core);
}

static void it_leaves_out_pauses(void **state)
{
	const struct mp4made_edit late[] = {{CORE, -1, NORMAL}, {SAMPLES, DELAY, NORMAL}};
	const struct mp4made_edit still[] = {{CORE, 0, 0}, {SAMPLES, DELAY, NORMAL}};

	(void)state;
	expect_edited(&lc, CORE, late, 2, &core);
	expect_edited(&lc, CORE, still, 2, &core);
}

/* At twice the speed it lasts half as long; what it plays is the same. */
static void it_plays_all_of_an_edit_of_another_speed(void **state)
{
	const struct mp4made_edit fast = {SAMPLES / 2, DELAY, 2 * NORMAL};
	const struct mp4made_edit slow = {2 * SAMPLES, DELAY, NORMAL / 2};

	(void)state;
	expect_edited(&lc, CORE, &fast, 1, &core);
	expect_edited(&lc, CORE, &slow, 1, &core);
}

/* A decoder gives nothing of Vorbis' first packet, whatever that lasts in the tables. */
static void it_finds_vorbis_in_mp4_where_it_is(void **state)
{
	(void)state;
	strange_run("ffmpeg -v error -y -i c.wav -c:a libvorbis v.mp4");
	clicks_expect("v.mp4", &core);
}

/* --- CAF --------------------------------------------------------------------------------- */

static void it_reads_the_packet_table_of_caf(void **state)
{
	const int late = 2 * ITUNSMPB_SBR_DELAY;
	struct mp4made_caf c = {1024, SAMPLES, DELAY, PADDING, false};
	struct mp4made_caf doubled = {2048, 2 * SAMPLES, 2 * DELAY + late, 2 * PADDING - late,
				      false};

	(void)state;
	mp4made_write_caf("first.caf", &lc, &c);
	clicks_expect("first.caf", &core);
	c.table_last = true;
	mp4made_write_caf("last.caf", &lc, &c);
	clicks_expect("last.caf", &core);
	mp4made_write_caf("he.caf", &he, &doubled);
	clicks_expect("he.caf", &twice);
}

/* Numbers below 0, or beyond what is there, cut nothing off. */
static void it_cuts_nothing_by_a_packet_table_that_lies(void **state)
{
	const struct clicks all = {CORE, 2, PACKETS * 1024, 2, {CORE + DELAY, 7 * CORE + DELAY}};
	static const struct mp4made_caf lies[] = {
		{1024, -1, DELAY, PADDING, false}, {1024, SAMPLES, -DELAY, PADDING, false},
		{1024, SAMPLES, DELAY, -1, false}, {1024, SAMPLES, INT32_MAX, PADDING, false},
		{1024, INT64_MAX, 0, 0, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		mp4made_write_caf("lie.caf", &lc, &lies[i]);
		clicks_expect("lie.caf", &all);
	}
}

#define TABLE_VALID (12 + 8) /* bytes from where the chunk begins */

/* ffmpeg writes the table of Opus without the pre-skip, Apple's tools with it. */
static void it_reads_the_packet_table_of_opus_in_caf(void **state)
{
	static const uint8_t said[12] = {0, 0, 0, 0, 0, 5, 0xdc, 0, 0, 0, 1, 0x38};
	const struct clicks heard = {48000, 2, 384000, 2, {48000, 336000}};
	static uint8_t data[1 << 20];
	uint8_t *table;
	size_t len;
	FILE *f;

	(void)state;
	clicks_wav("o.wav", &heard);
	strange_run("ffmpeg -v error -y -i o.wav -c:a libopus -b:a 128k o.caf");
	len = strange_bytes("o.caf", data, sizeof(data));
	table = memmem(data, len, "pakt", 4);
	assert_non_null(table);
	memcpy(table + TABLE_VALID, said, sizeof(said));
	f = fopen("o.caf", "wb");
	assert_non_null(f);
	fwrite(data, 1, len, f);
	fclose(f);
	clicks_expect("o.caf", &heard);
}

/* --- MP3 ----------------------------------------------------------------------------- */

/* Samples from the file's first frame on as mpg123 gives them, and its clicks. */
static struct clicks hear_mpg123(const char *path)
{
	strange_run("mpg123 -q -w mpg123.wav %s", path);
	return clicks_find("mpg123.wav");
}

/* LAME's tag is of the whole; a second decoder begins at the same sample, and agrees on the end
   but for the frame in which the file stops. */
static void it_begins_mp3_where_mpg123_does(void **state)
{
	struct clicks mine, theirs;

	(void)state;
	strange_run("lame --quiet -b 64 c.wav whole.mp3 && "
		    "head -c $(($(wc -c < whole.mp3) / 2)) whole.mp3 > half.mp3");
	theirs = hear_mpg123("whole.mp3");
	assert_int_equal(theirs.samples, SAMPLES);
	clicks_expect("whole.mp3", &theirs);
	theirs = hear_mpg123("half.mp3");
	mine = clicks_find("half.mp3");
	assert_int_equal(mine.count, 1);
	assert_int_equal(mine.at[0], theirs.at[0]);
	assert_in_range(mine.samples, theirs.samples, theirs.samples + 1152);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_reads_itunsmpb_in_the_rate_of_the_core),
		cmocka_unit_test(it_loses_no_length_to_a_padding_that_is_short),
		cmocka_unit_test(it_reads_itunsmpb_in_the_rate_that_is_heard),
		cmocka_unit_test(it_keeps_the_delay_of_a_file_that_is_cut_short),
		cmocka_unit_test(it_knows_the_unit_of_a_file_whose_end_did_not_arrive),
		cmocka_unit_test(it_takes_no_lie_for_a_tag),
		cmocka_unit_test(it_reads_an_edit_in_the_units_of_its_timelines),
		cmocka_unit_test(it_joins_edits_that_go_on),
		cmocka_unit_test(it_leaves_out_pauses),
		cmocka_unit_test(it_plays_all_of_an_edit_of_another_speed),
		cmocka_unit_test(it_finds_vorbis_in_mp4_where_it_is),
		cmocka_unit_test(it_reads_the_packet_table_of_caf),
		cmocka_unit_test(it_cuts_nothing_by_a_packet_table_that_lies),
		cmocka_unit_test(it_reads_the_packet_table_of_opus_in_caf),
		cmocka_unit_test(it_begins_mp3_where_mpg123_does),
	};

	(void)strange_program(); /* while the working folder is still the caller's */
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, setup, strange_teardown);
}
