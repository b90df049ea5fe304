#include "opus/opusfile.h"

#include "opusmade.h"

#include <fcntl.h>
#include <math.h>
#include <ogg/ogg.h>
#include <opusfile.h>

/* Walks the file with libogg, which checks every CRC. */
static void check_pages(const struct artifact *a)
{
	ogg_sync_state sync;
	ogg_page page;
	int64_t count = 0, offset = 0, found;
	struct seekidx idx = sidecar_of(a);

	ogg_sync_init(&sync);
	memcpy(ogg_sync_buffer(&sync, (long)a->file.len), a->file.data, a->file.len);
	ogg_sync_wrote(&sync, (long)a->file.len);
	for (; (found = ogg_sync_pageseek(&sync, &page)) != 0; offset += found, count++) {
		int64_t b = count - LAYOUT_SETUP_PAGES;

		assert_true(found > 0);
		assert_int_equal((uint32_t)ogg_page_serialno(&page), SERIAL);
		assert_int_equal(ogg_page_pageno(&page), count);
		assert_int_equal(ogg_page_bos(&page) != 0, count == 0);
		assert_int_equal(ogg_page_eos(&page) != 0, b == a->layout.pages - 1);
		if (b < 0)
			continue;
		assert_false(ogg_page_continued(&page));
		assert_int_equal(ogg_page_granulepos(&page), layout_page_granule(&a->layout, b));
		assert_int_equal(ogg_page_packets(&page), layout_page_packets(&a->layout, b));
		assert_int_equal(seekidx_get(&idx, (uint32_t)b).offset, offset);
		assert_int_equal(seekidx_get(&idx, (uint32_t)b).sample, 24000 * b);
	}
	assert_int_equal(offset, a->file.len);
	assert_int_equal(count, a->layout.pages + LAYOUT_SETUP_PAGES);
	assert_int_equal(idx.entry_count, a->layout.pages);
	assert_int_equal(idx.bytes, a->file.len);
	assert_int_equal(idx.samples, a->music.samples);
	ogg_sync_clear(&sync);
}

static void check_formula(const struct artifact *a)
{
	struct seekidx idx = sidecar_of(a);

	assert_int_equal(layout_bytes(&a->layout), a->file.len);
	for (uint32_t b = 0; b < idx.entry_count; b++)
		assert_int_equal(seekidx_get(&idx, b).offset, layout_page_offset(&a->layout, b));
}

/* Decodes an Ogg Opus stream; returns samples per channel, *out is the caller's. */
static int64_t decode(const char *data, size_t len, int32_t channels, float **out)
{
	int err;
	OggOpusFile *of = op_open_memory((const unsigned char *)data, len, &err);
	float *pcm;
	int64_t room, total = 0;
	int n;

	assert_non_null(of);
	room = op_pcm_total(of, -1) + 5760; /* one read more, to see the end */
	pcm = malloc((size_t)(room * channels) * sizeof(*pcm));
	assert_int_equal(op_channel_count(of, -1), channels);
	while ((n = op_read_float(of, pcm + total * channels, 5760 * channels, NULL)) > 0) {
		total += n;
		assert_true(total + 5760 <= room);
	}
	assert_int_equal(n, 0);
	assert_int_equal(op_pcm_total(of, -1), total);
	op_free(of);
	*out = pcm;
	return total;
}

static void check_length(const struct artifact *a)
{
	float *pcm;

	assert_int_equal(decode(a->file.data, a->file.len, a->music.channels, &pcm),
			 a->music.samples);
	free(pcm);
}

static void it_is_where_the_closed_formula_says_at_every_length(void **state)
{
	/* around nothing, a packet, a page and a segment */
	static const int64_t lengths[] = {0,	 1,	647,   648,    649,    23687, 23688,
					  23689, 24000, 24001, 239688, 239689, 240000};

	(void)state;
	for (int32_t channels = 1; channels <= 2; channels++)
		for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
			struct music music = {channels, lengths[i], music_sample};
			struct artifact a = make(music, layout_params(320, channels, false));

			check_pages(&a);
			check_formula(&a);
			check_length(&a);
			clear(&a);
		}
}

static void it_makes_other_bitrates_and_vbr(void **state)
{
	static const struct {
		int32_t kbits;
		bool vbr;
	} cases[] = {{32, false}, {97, false}, {510, false}, {32, true}, {192, true}, {510, true}};

	(void)state;
	for (int32_t channels = 1; channels <= 2; channels++)
		for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
			struct music music = {channels, SECONDS(1.3), music_sample};
			struct artifact a =
				make(music, layout_params(cases[i].kbits, channels, cases[i].vbr));

			check_pages(&a);
			check_length(&a);
			if (!cases[i].vbr)
				check_formula(&a);
			clear(&a);
		}
}

static double decibels(double amplitude)
{
	return 20 * log10(amplitude + 1e-12);
}

/* The largest difference between a slice's samples and those of the whole, dBFS. */
static double residue(const float *slice, const float *whole, int64_t count, int32_t channels)
{
	double worst = 0;

	for (int64_t i = 0; i < count * channels; i++)
		worst = fmax(worst, fabs((double)slice[i] - (double)whole[i]));
	return decibels(worst);
}

/* The slice of up to four pages from page on, against the whole's samples. */
static double slice_residue(const struct artifact *a, uint32_t page, const float *whole)
{
	struct seekidx idx = sidecar_of(a);
	bool to_the_end = page + 4 >= idx.entry_count;
	struct seekidx_entry from = seekidx_get(&idx, page);
	uint64_t end = to_the_end ? idx.bytes : seekidx_get(&idx, page + 4).offset;
	int64_t heard = to_the_end ? (int64_t)(idx.samples - from.sample) : 4 * 24000 - 312, got;
	struct buf slice = {0};
	float *pcm;
	double worst;

	buf_add(&slice, idx.setup, idx.setup_bytes);
	buf_add(&slice, a->file.data + from.offset, end - from.offset);
	got = decode(slice.data, slice.len, a->music.channels, &pcm);
	/* nobody trims a stream of one page at its end: the player clamps */
	if (page == idx.entry_count - 1)
		assert_true(got >= heard);
	else
		assert_int_equal(got, heard);
	worst = residue(pcm, whole + (int64_t)from.sample * a->music.channels, heard,
			a->music.channels);
	free(pcm);
	buf_clear(&slice);
	return worst;
}

static void check_every_slice(struct music music, struct layout_params params)
{
	struct artifact a = make(music, params);
	float *whole;
	double worst = -999;

	decode(a.file.data, a.file.len, music.channels, &whole);
	for (uint32_t b = 1; b < (uint32_t)a.layout.pages; b++)
		worst = fmax(worst, slice_residue(&a, b, whole));
	print_message("# worst slice: %.1f dBFS\n", worst);
	assert_true(worst <= -90);
	free(whole);
	clear(&a);
}

static void it_decodes_exactly_from_every_page(void **state)
{
	struct music stereo = {2, SECONDS(16.4), music_sample};
	struct music mono = {1, SECONDS(16.4), music_sample};
	struct music rattle = {2, SECONDS(31), music_rattle};

	(void)state;
	check_every_slice(stereo, layout_params(320, 2, false));
	check_every_slice(rattle, layout_params(320, 2, false));
	check_every_slice(mono, layout_params(320, 1, false));
	check_every_slice(stereo, layout_params(320, 2, true));
}

/* 0 when the tool finds nothing, or is not there. */
static int run_tool(const char *tool, const char *complaint, const char *path)
{
	char command[512];

	snprintf(command, sizeof(command),
		 "command -v %s >/dev/null || exit 0; %s '%s' >'%s.out' 2>&1 && ! grep -qiE '%s' "
		 "'%s.out'",
		 tool, tool, path, path, complaint, path);
	return system(command);
}

static void it_leaves_nothing_for_opusinfo_and_oggz_validate_to_complain_about(void **state)
{
	static const int64_t lengths[] = {0, 1, 648, 23688, SECONDS(1.7)};

	(void)state;
	for (size_t i = 0; i < 2 * sizeof(lengths) / sizeof(lengths[0]); i++) {
		struct music music = {1 + (int32_t)i % 2, lengths[i / 2], music_sample};
		struct artifact a = make(music, layout_params(320, music.channels, false));
		char path[] = "/tmp/drift-tool-XXXXXX";
		char out[64];
		int fd = mkstemp(path);

		assert_int_equal(io_write_all(fd, a.file.data, a.file.len), DRIFT_OK);
		close(fd);
		assert_int_equal(run_tool("opusinfo", "warning|error|invalid", path), 0);
		assert_int_equal(run_tool("oggz-validate", "[^:]:", path), 0);
		unlink(path);
		snprintf(out, sizeof(out), "%s.out", path);
		unlink(out);
		clear(&a);
	}
}

static void it_says_when_the_disk_is_full(void **state)
{
	struct layout_params params = layout_params(320, 2, false);
	struct layout layout;
	struct opusfile *f;
	int fd = open("/dev/full", O_RDWR);
	char page[900] = "";

	(void)state;
	layout_init(&layout, &params, 100, 200);
	assert_int_equal(opusfile_new(fd, &layout, SERIAL, &f), DRIFT_OK);
	assert_int_equal(opusfile_claim(f, 0), OPUSFILE_YOURS);
	assert_int_equal(opusfile_put(f, 0, page, (size_t)layout_page_bytes(&layout, 0)),
			 DRIFT_ENOSPC);
	opusfile_free(f);
	close(fd);
}

/* A file made of a's bytes, some of them changed. */
static int reopen(const struct artifact *a, char *path)
{
	int fd;

	strcpy(path, "/tmp/drift-opusfile-XXXXXX");
	fd = mkstemp(path);
	assert_int_equal(io_pwrite_all(fd, a->file.data, a->file.len, 0), DRIFT_OK);
	return fd;
}

static void it_finds_each_page_that_is_not_what_it_should_be(void **state)
{
	struct music music = {2, SECONDS(11), music_sample};
	struct artifact a = make(music, layout_params(320, 2, false));
	char path[64], byte = 0;
	int fd = reopen(&a, path);
	struct opusfile *f;

	(void)state;
	assert_int_equal(opusfile_new(fd, &a.layout, SERIAL, &f), DRIFT_OK);
	for (int64_t s = 0; s < a.layout.segments; s++)
		assert_int_equal(opusfile_claim(f, s), OPUSFILE_WHOLE);
	for (int64_t at = a.layout.setup_bytes; at < (int64_t)a.file.len; at += 1999) {
		int64_t page = layout_pages_under(&a.layout, at, at + 1).first;

		byte = (char)(a.file.data[at] ^ 4);
		assert_int_equal(io_pwrite_all(fd, &byte, 1, at), DRIFT_OK);
		assert_int_equal(opusfile_claim(f, page / 10), OPUSFILE_YOURS);
		opusfile_give_up_segment(f, page / 10);
		assert_int_equal(io_pwrite_all(fd, a.file.data + at, 1, at), DRIFT_OK);
		assert_int_equal(opusfile_claim(f, page / 10), OPUSFILE_WHOLE);
	}
	opusfile_free(f);
	assert_int_equal(opusfile_new(fd, &a.layout, SERIAL + 1, &f), DRIFT_OK);
	assert_int_equal(opusfile_claim(f, 0), OPUSFILE_YOURS);
	opusfile_free(f);
	close(fd);
	unlink(path);
	clear(&a);
}

static void it_lets_one_of_all_make_a_segment(void **state)
{
	struct music music = {2, SECONDS(11), music_sample};
	struct layout_params params = layout_params(320, 2, false);
	char path[] = "/tmp/drift-opusfile-XXXXXX";
	int one = mkstemp(path), two = open(path, O_RDWR);
	struct opusfile *a, *b;
	struct layout layout;

	(void)state;
	unlink(path);
	layout_init(&layout, &params, music.samples, 200);
	assert_int_equal(opusfile_new(one, &layout, SERIAL, &a), DRIFT_OK);
	assert_int_equal(opusfile_new(two, &layout, SERIAL, &b), DRIFT_OK);
	assert_int_equal(opusfile_claim(a, 1), OPUSFILE_YOURS);
	assert_int_equal(opusfile_claim(b, 1), OPUSFILE_TAKEN);
	assert_int_equal(opusfile_claim(b, 0), OPUSFILE_YOURS);
	assert_int_equal(opusfile_claim(a, 0), OPUSFILE_TAKEN);
	opusfile_give_up_segment(a, 1);
	assert_int_equal(opusfile_claim(b, 1), OPUSFILE_YOURS);
	close(two); /* as the end of a process does */
	assert_int_equal(opusfile_claim(a, 1), OPUSFILE_YOURS);
	opusfile_free(a);
	opusfile_free(b);
	close(one);
}

static void it_tells_of_each_page_while_a_segment_is_made(void **state)
{
	struct music music = {2, SECONDS(3), music_sample};
	struct artifact a = make(music, layout_params(320, 2, false));
	char path[] = "/tmp/drift-opusfile-XXXXXX";
	int one = mkstemp(path), two = open(path, O_RDWR);
	const char *page = a.file.data + offset_of(&a, 0);
	uint8_t got[OGGOPUS_PAGE_MAX];
	struct opusfile *maker, *other;

	(void)state;
	unlink(path);
	assert_int_equal(opusfile_new(one, &a.layout, SERIAL, &maker), DRIFT_OK);
	assert_int_equal(opusfile_new(two, &a.layout, SERIAL, &other), DRIFT_OK);
	assert_false(opusfile_is_being_made(other, 0));
	assert_int_equal(opusfile_claim(maker, 0), OPUSFILE_YOURS);
	assert_true(opusfile_is_being_made(other, 0));
	assert_int_equal(opusfile_put(maker, 0, page, (size_t)layout_page_bytes(&a.layout, 0)),
			 DRIFT_OK);
	opusfile_wait(other, 0, 60000);
	assert_true(opusfile_read_page(other, 0, got));
	assert_false(opusfile_is_being_made(other, 0));
	assert_true(opusfile_is_being_made(other, 1));
	opusfile_wait(other, 1, 10);
	assert_int_equal(opusfile_claim(other, 0), OPUSFILE_TAKEN);
	close(one); /* as the end of a process does */
	opusfile_wait(other, 1, 60000);
	assert_int_equal(opusfile_claim(other, 0), OPUSFILE_YOURS);
	opusfile_free(maker);
	opusfile_free(other);
	close(two);
	clear(&a);
}

/* The sidecar of a VBR file that has so many pages is that of the whole, as far as it goes. */
static void check_shown(const struct artifact *a, struct opusfile *f, uint32_t pages)
{
	struct seekidx whole = sidecar_of(a), idx;
	struct buf sidecar = {0};

	assert_int_equal(
		opusfile_show(f, (uint8_t *)a->file.data, (size_t)a->layout.setup_bytes, &sidecar),
		DRIFT_OK);
	assert_int_equal(seekidx_parse((uint8_t *)sidecar.data, sidecar.len, &idx), DRIFT_OK);
	assert_int_equal(idx.flags, SEEKIDX_GROWING | SEEKIDX_EXACT);
	assert_int_equal(idx.entry_count, pages + 1);
	assert_memory_equal(idx.entries, whole.entries, (pages + 1) * SEEKIDX_ENTRY_BYTES);
	assert_memory_equal(idx.setup, whole.setup, whole.setup_bytes);
	buf_clear(&sidecar);
}

static void it_goes_on_behind_the_last_whole_segment_of_a_vbr_file(void **state)
{
	struct music music = {2, SECONDS(16.3), music_sample};
	struct artifact a = make(music, layout_params(320, 2, true));
	char path[64];
	int fd = reopen(&a, path);
	struct opusfile *f, *second;
	struct buf again = {0}, sidecar = {0};
	struct opuspages *desk;

	(void)state;
	assert_int_equal(opuspages_new(&desk), DRIFT_OK);
	/* in the middle of page 27, which is in segment 2 */
	assert_int_equal(ftruncate(fd, offset_of(&a, 27) + 5000), 0);
	assert_int_equal(opusfile_new(fd, &a.layout, SERIAL, &f), DRIFT_OK);
	assert_int_equal(opusfile_claim(f, 1), OPUSFILE_WHOLE);
	assert_int_equal(opusfile_new(open(path, O_RDWR), &a.layout, SERIAL, &second),
			 DRIFT_ELOCKED);
	check_shown(&a, f, 20);
	make_segment(&a, desk, f, 2);
	check_shown(&a, f, 30);
	make_segment(&a, desk, f, 3);
	assert_int_equal(
		opusfile_finish(f, (uint8_t *)a.file.data, (size_t)a.layout.setup_bytes, &sidecar),
		DRIFT_OK);
	read_back(fd, &again);
	assert_int_equal(again.len, a.file.len);
	assert_memory_equal(again.data, a.file.data, a.file.len);
	assert_int_equal(sidecar.len, a.sidecar.len);
	assert_memory_equal(sidecar.data, a.sidecar.data, sidecar.len);
	opusfile_free(f);
	opuspages_free(desk);
	buf_clear(&again);
	buf_clear(&sidecar);
	close(fd);
	unlink(path);
	clear(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_where_the_closed_formula_says_at_every_length),
		cmocka_unit_test(it_makes_other_bitrates_and_vbr),
		cmocka_unit_test(it_decodes_exactly_from_every_page),
		cmocka_unit_test(
			it_leaves_nothing_for_opusinfo_and_oggz_validate_to_complain_about),
		cmocka_unit_test(it_says_when_the_disk_is_full),
		cmocka_unit_test(it_finds_each_page_that_is_not_what_it_should_be),
		cmocka_unit_test(it_lets_one_of_all_make_a_segment),
		cmocka_unit_test(it_tells_of_each_page_while_a_segment_is_made),
		cmocka_unit_test(it_goes_on_behind_the_last_whole_segment_of_a_vbr_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
