#include "media/opusfile.h"

#include "base/buf.h"
#include "base/io.h"
#include "media/oggopus.h"
#include "media/seekidx.h"
#include "music.h"

#include <fcntl.h>
#include <ogg/ogg.h>
#include <opusfile.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define SERIAL 0xcafe1234u
#define SECONDS(s) ((int64_t)((s)*48000))

/* A whole artifact in memory, made as the transcoder makes it. */
struct artifact {
	struct music music;
	struct layout layout;
	struct buf file;
	struct buf sidecar;
};

static struct buf setup_pages(int32_t channels)
{
	struct oggopus_tag tags[] = {{"TITLE", "Test"}, {"ARTIST", "Drift"}};
	struct oggopus_setup setup = {
		.serial = SERIAL,
		.channels = channels,
		.sample_rate = 44100,
		.vendor = segment_vendor(),
		.tags = tags,
		.tag_count = 2,
	};
	struct buf out = {0};

	assert_int_equal(oggopus_setup(&setup, &out), DRIFT_OK);
	return out;
}

static void write_segments(struct artifact *a, struct opusfile_writer *w)
{
	struct segment_encoder *e;
	struct segment *segment = malloc(sizeof(*segment));
	float *pcm = malloc(SEGMENT_NEEDS_MAX * 2 * sizeof(*pcm));

	assert_int_equal(segment_encoder_new(&a->layout.params, &e), DRIFT_OK);
	for (int64_t s = 0; s < a->layout.segments; s++) {
		int32_t packets = layout_segment_packets(&a->layout, s);

		assert_int_equal(music_pcm(&a->music, segment_needs(s, packets), pcm), DRIFT_OK);
		assert_int_equal(segment_encode(e, s, packets, pcm, segment), DRIFT_OK);
		assert_int_equal(opusfile_add_segment(w, segment), DRIFT_OK);
	}
	segment_encoder_free(e);
	free(pcm);
	free(segment);
}

static void read_back(int fd, struct buf *out)
{
	off_t size = lseek(fd, 0, SEEK_END);
	void *data = malloc((size_t)size);

	assert_int_equal(io_pread_all(fd, data, (size_t)size, 0), DRIFT_OK);
	buf_add(out, data, (size_t)size);
	free(data);
}

static struct artifact make(struct music music, struct layout_params params)
{
	char path[] = "/tmp/drift-opusfile-XXXXXX";
	int fd = mkstemp(path);
	struct artifact a = {.music = music};
	struct buf setup = setup_pages(music.channels);
	struct opusfile_writer *w;

	unlink(path);
	layout_init(&a.layout, &params, music.samples, (int32_t)setup.len);
	assert_int_equal(opusfile_new(fd, &a.layout, SERIAL, &w), DRIFT_OK);
	write_segments(&a, w);
	assert_int_equal(opusfile_finish(w, (uint8_t *)setup.data, setup.len, &a.sidecar),
			 DRIFT_OK);
	read_back(fd, &a.file);
	assert_int_equal(opusfile_bytes(w), a.file.len);
	opusfile_free(w);
	buf_clear(&setup);
	close(fd);
	return a;
}

static void clear(struct artifact *a)
{
	buf_clear(&a->file);
	buf_clear(&a->sidecar);
}

static struct seekidx sidecar_of(const struct artifact *a)
{
	struct seekidx idx;

	assert_int_equal(seekidx_parse((const uint8_t *)a->sidecar.data, a->sidecar.len, &idx),
			 DRIFT_OK);
	return idx;
}

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

static void it_gives_the_same_pages_on_demand_as_in_the_file(void **state)
{
	static const int64_t ranges[][2] = {{27, 28}, {3, 4}, {9, 11}, {0, 1}, {0, 33}};
	struct music music = {2, SECONDS(16.3), music_sample};
	struct artifact a = make(music, layout_params(320, 2, false));
	struct segment_encoder *e;

	(void)state;
	assert_int_equal(segment_encoder_new(&a.layout.params, &e), DRIFT_OK);
	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
		int64_t first = ranges[i][0], end = ranges[i][1];
		int64_t offset = layout_page_offset(&a.layout, first);
		struct buf got = {0};

		assert_int_equal(opusfile_encode_pages(&a.layout, SERIAL, e, music_pcm, &music,
						       first, end, &got),
				 DRIFT_OK);
		assert_int_equal(got.len, layout_page_offset(&a.layout, end) - offset);
		assert_memory_equal(got.data, a.file.data + offset, got.len);
		buf_clear(&got);
	}
	segment_encoder_free(e);
	clear(&a);
}

static enum drift_err refuse_pcm(void *context, struct resample_range want, float *out)
{
	(void)context, (void)want, (void)out;
	return DRIFT_EMEDIA;
}

static void it_hands_on_what_the_source_says(void **state)
{
	struct layout_params params = layout_params(320, 2, false);
	struct segment_encoder *e;
	struct layout layout;
	struct buf out = {0};

	(void)state;
	layout_init(&layout, &params, 100000, 200);
	assert_int_equal(segment_encoder_new(&params, &e), DRIFT_OK);
	assert_int_equal(opusfile_encode_pages(&layout, SERIAL, e, refuse_pcm, NULL, 0, 1, &out),
			 DRIFT_EMEDIA);
	assert_int_equal(out.len, 0);
	segment_encoder_free(e);
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
	struct opusfile_writer *w;
	struct segment *segment = calloc(1, sizeof(*segment));
	int fd = open("/dev/full", O_WRONLY);

	(void)state;
	layout_init(&layout, &params, 100, 200);
	segment->packets = 1;
	segment->bytes[0] = 800;
	assert_int_equal(opusfile_new(fd, &layout, SERIAL, &w), DRIFT_OK);
	assert_int_equal(opusfile_add_segment(w, segment), DRIFT_ENOSPC);
	assert_int_equal(opusfile_bytes(w), 200);
	opusfile_free(w);
	free(segment);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_where_the_closed_formula_says_at_every_length),
		cmocka_unit_test(it_makes_other_bitrates_and_vbr),
		cmocka_unit_test(it_gives_the_same_pages_on_demand_as_in_the_file),
		cmocka_unit_test(it_hands_on_what_the_source_says),
		cmocka_unit_test(it_decodes_exactly_from_every_page),
		cmocka_unit_test(
			it_leaves_nothing_for_opusinfo_and_oggz_validate_to_complain_about),
		cmocka_unit_test(it_says_when_the_disk_is_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
