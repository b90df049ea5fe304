#include "media/opusfile.h"

#include "base/io.h"
#include "media/oggopus.h"
#include "media/seekidx.h"

#include <assert.h>
#include <stdlib.h>

struct opusfile_writer {
	int fd;
	uint32_t serial;
	struct layout layout;
	int64_t segments; /* written */
	int64_t bytes; /* of the file, up to the last whole page */
	struct buf entries;
	struct buf pages; /* of the segment at work */
};

enum drift_err opusfile_new(int fd, const struct layout *layout, uint32_t serial,
			    struct opusfile_writer **out)
{
	struct opusfile_writer *w = calloc(1, sizeof(*w));

	if (!w)
		return DRIFT_ENOMEM;
	w->fd = fd;
	w->serial = serial;
	w->layout = *layout;
	w->bytes = layout->setup_bytes;
	*out = w;
	return DRIFT_OK;
}

void opusfile_free(struct opusfile_writer *w)
{
	if (!w)
		return;
	buf_clear(&w->entries);
	buf_clear(&w->pages);
	free(w);
}

static int64_t first_page(int64_t segment)
{
	return segment * LAYOUT_SEGMENT_PAGES;
}

static int64_t end_page(const struct layout *l, int64_t segment)
{
	int64_t end = first_page(segment + 1);

	return end < l->pages ? end : l->pages;
}

static enum drift_err add_pages(const struct layout *layout, uint32_t serial,
				const struct segment *segment, int64_t first, int64_t end,
				struct buf *out)
{
	for (int64_t page = first; page < end; page++) {
		enum drift_err err = oggopus_page(layout, serial, page, segment, out);

		if (err != DRIFT_OK)
			return err;
	}
	return DRIFT_OK;
}

/* The pages of a segment, with the entry of each as it will stand in the file. */
static enum drift_err collect(struct opusfile_writer *w, const struct segment *segment)
{
	int64_t end = end_page(&w->layout, segment->index);

	buf_reset(&w->pages);
	for (int64_t page = first_page(segment->index); page < end; page++) {
		struct seekidx_entry entry = {
			.sample = (uint64_t)(page * LAYOUT_PAGE_SAMPLES),
			.offset = (uint64_t)w->bytes + w->pages.len,
		};
		enum drift_err err =
			add_pages(&w->layout, w->serial, segment, page, page + 1, &w->pages);

		if (err != DRIFT_OK)
			return err;
		seekidx_add(&w->entries, entry);
	}
	return buf_ok(&w->entries) ? DRIFT_OK : DRIFT_ENOMEM;
}

enum drift_err opusfile_add_segment(struct opusfile_writer *w, const struct segment *segment)
{
	enum drift_err err;

	assert(segment->index == w->segments);
	assert(segment->packets == layout_segment_packets(&w->layout, segment->index));
	err = collect(w, segment);
	if (err == DRIFT_OK)
		err = io_pwrite_all(w->fd, w->pages.data, w->pages.len, w->bytes);
	if (err != DRIFT_OK)
		return err;
	w->bytes += (int64_t)w->pages.len;
	w->segments++;
	return DRIFT_OK;
}

static void write_sidecar(const struct opusfile_writer *w, const uint8_t *setup,
			  struct buf *sidecar)
{
	struct seekidx idx = {
		.codec = "Opus",
		.flags = SEEKIDX_EXACT,
		.timescale = LAYOUT_RATE,
		.pre_skip = LAYOUT_PRE_SKIP,
		.samples = (uint64_t)w->layout.samples48,
		.bytes = (uint64_t)w->bytes,
		.setup = setup,
		.setup_bytes = (uint32_t)w->layout.setup_bytes,
		.entries = (const uint8_t *)w->entries.data,
		.entry_count = (uint32_t)(w->entries.len / SEEKIDX_ENTRY_BYTES),
	};

	seekidx_write(&idx, sidecar);
}

enum drift_err opusfile_finish(struct opusfile_writer *w, const uint8_t *setup, size_t setup_bytes,
			       struct buf *sidecar)
{
	enum drift_err err;

	assert(w->segments == w->layout.segments);
	assert(setup_bytes == (size_t)w->layout.setup_bytes);
	/* the closed formula is what others were told before */
	assert(w->layout.params.vbr || w->bytes == layout_bytes(&w->layout));
	err = io_pwrite_all(w->fd, setup, setup_bytes, 0);
	if (err != DRIFT_OK)
		return err;
	write_sidecar(w, setup, sidecar);
	return buf_ok(sidecar) ? DRIFT_OK : DRIFT_ENOMEM;
}

int64_t opusfile_bytes(const struct opusfile_writer *w)
{
	return w->bytes;
}

/* Room for the work on one segment. */
struct workspace {
	struct segment segment;
	float pcm[SEGMENT_NEEDS_MAX * 2];
};

/* Encodes a segment up to the page before end. */
static enum drift_err encode_up_to(const struct layout *layout, struct segment_encoder *e,
				   opusfile_pcm pcm, void *context, int64_t segment, int64_t end,
				   struct workspace *work)
{
	int32_t packets = (int32_t)(end - 1 - first_page(segment)) * LAYOUT_PAGE_PACKETS +
			  layout_page_packets(layout, end - 1);
	enum drift_err err = pcm(context, segment_needs(segment, packets), work->pcm);

	if (err != DRIFT_OK)
		return err;
	return segment_encode(e, segment, packets, work->pcm, &work->segment);
}

enum drift_err opusfile_encode_pages(const struct layout *layout, uint32_t serial,
				     struct segment_encoder *e, opusfile_pcm pcm, void *context,
				     int64_t first, int64_t end, struct buf *out)
{
	struct workspace *work = malloc(sizeof(*work));
	enum drift_err err = work ? DRIFT_OK : DRIFT_ENOMEM;

	assert(first >= 0 && first < end && end <= layout->pages);
	while (err == DRIFT_OK && first < end) {
		int64_t segment = first / LAYOUT_SEGMENT_PAGES;
		int64_t stop = end_page(layout, segment);

		stop = stop < end ? stop : end;
		err = encode_up_to(layout, e, pcm, context, segment, stop, work);
		if (err == DRIFT_OK)
			err = add_pages(layout, serial, &work->segment, first, stop, out);
		first = stop;
	}
	free(work);
	return err;
}
