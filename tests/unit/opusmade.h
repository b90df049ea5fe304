/*
 * opusmade.h - an Opus rendition in memory, made of music as the transcoder makes it.
 */
#ifndef DRIFT_TESTS_OPUSMADE_H
#define DRIFT_TESTS_OPUSMADE_H

#include "base/buf.h"
#include "base/io.h"
#include "format/seekidx.h"
#include "opus/oggopus.h"
#include "opus/opusfile.h"
#include "opus/opuspages.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "music.h"

#define SERIAL 0xcafe1234u
#define SECONDS(s) ((int64_t)((s)*48000))

/* A whole artifact in memory, made as the transcoder makes it. */
struct artifact {
	struct music music;
	struct layout layout;
	struct buf file;
	struct buf sidecar;
};

static inline struct buf setup_pages(int32_t channels)
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

static inline enum drift_err put_page(void *context, int64_t page, const void *data, size_t bytes)
{
	return opusfile_put(context, page, data, bytes);
}

static inline struct opuspages_order order_for(struct artifact *a)
{
	return (struct opuspages_order){
		.layout = &a->layout,
		.serial = SERIAL,
		.pcm = music_pcm,
		.pcm_context = &a->music,
	};
}

static inline void make_segment(struct artifact *a, struct opuspages *desk, struct opusfile *f,
				int64_t s)
{
	struct opuspages_order order = order_for(a);

	order.sink = put_page;
	order.sink_context = f;
	assert_int_equal(opusfile_claim(f, s), OPUSFILE_YOURS);
	assert_int_equal(opuspages_make(desk, &order, layout_segment_pages(&a->layout, s)),
			 DRIFT_OK);
	assert_int_equal(opusfile_end_segment(f, s), DRIFT_OK);
}

/* The middle one first, then from the last to the first: VBR has to wait, CBR not. */
static inline void write_segments(struct artifact *a, struct opusfile *f)
{
	int64_t middle = a->layout.segments / 2;
	struct opuspages *desk;

	assert_int_equal(opuspages_new(&desk), DRIFT_OK);
	make_segment(a, desk, f, middle);
	for (int64_t s = a->layout.segments - 1; s >= 0; s--)
		if (s != middle)
			make_segment(a, desk, f, s);
	opuspages_free(desk);
}

static inline void read_back(int fd, struct buf *out)
{
	off_t size = lseek(fd, 0, SEEK_END);
	void *data = malloc((size_t)size);

	assert_int_equal(io_pread_all(fd, data, (size_t)size, 0), DRIFT_OK);
	buf_add(out, data, (size_t)size);
	free(data);
}

static inline struct artifact make(struct music music, struct layout_params params)
{
	char path[] = "/tmp/drift-opusfile-XXXXXX";
	int fd = mkstemp(path);
	struct artifact a = {.music = music};
	struct buf setup = setup_pages(music.channels);
	struct opusfile *f;

	unlink(path);
	layout_init(&a.layout, &params, music.samples, (int32_t)setup.len);
	assert_int_equal(opusfile_new(fd, &a.layout, SERIAL, &f), DRIFT_OK);
	write_segments(&a, f);
	assert_int_equal(opusfile_finish(f, (uint8_t *)setup.data, setup.len, &a.sidecar),
			 DRIFT_OK);
	read_back(fd, &a.file);
	assert_int_equal(opusfile_bytes(f), a.file.len);
	opusfile_free(f);
	buf_clear(&setup);
	close(fd);
	return a;
}

static inline void clear(struct artifact *a)
{
	buf_clear(&a->file);
	buf_clear(&a->sidecar);
}

static inline struct seekidx sidecar_of(const struct artifact *a)
{
	struct seekidx idx;

	assert_int_equal(seekidx_parse((const uint8_t *)a->sidecar.data, a->sidecar.len, &idx),
			 DRIFT_OK);
	return idx;
}

/* Where page b begins in the file; pages: its end. */
static inline int64_t offset_of(const struct artifact *a, int64_t page)
{
	struct seekidx idx = sidecar_of(a);

	if (page == a->layout.pages)
		return (int64_t)a->file.len;
	return (int64_t)seekidx_get(&idx, (uint32_t)page).offset;
}

#endif
