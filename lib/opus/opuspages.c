#include "opus/opuspages.h"

#include "opus/oggopus.h"
#include "opus/segment.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct opuspages {
	struct segment_encoder *encoder; /* for params; NULL: none yet */
	struct layout_params params;
	struct segment segment;
	struct buf page;
	float pcm[SEGMENT_NEEDS_MAX * 2];
};

enum drift_err opuspages_new(struct opuspages **out)
{
	struct opuspages *o = calloc(1, sizeof(*o));

	if (!o)
		return DRIFT_ENOMEM;
	*out = o;
	return DRIFT_OK;
}

void opuspages_free(struct opuspages *o)
{
	if (!o)
		return;
	segment_encoder_free(o->encoder);
	buf_clear(&o->page);
	free(o);
}

static bool params_are_equal(const struct layout_params *a, const struct layout_params *b)
{
	return a->channels == b->channels && a->packet_bytes == b->packet_bytes && a->vbr == b->vbr;
}

/* An encoder for params: the last one, if it was for the same. */
static enum drift_err prepare(struct opuspages *o, const struct layout_params *params)
{
	struct segment_encoder *encoder;
	enum drift_err err;

	if (o->encoder && params_are_equal(&o->params, params))
		return DRIFT_OK;
	err = segment_encoder_new(params, &encoder);
	if (err)
		return err;
	segment_encoder_free(o->encoder);
	o->encoder = encoder;
	o->params = *params;
	return DRIFT_OK;
}

static enum drift_err hand_out(struct opuspages *o, const struct opuspages_order *order,
			       int64_t page)
{
	enum drift_err err;

	buf_reset(&o->page);
	err = oggopus_page(order->layout, order->serial, page, &o->segment, &o->page);
	if (err)
		return err;
	return order->sink(order->sink_context, page, o->page.data, o->page.len);
}

/* What pages are made of, all of one segment, where a run starts with the first. */
static struct resample_range needs(const struct layout *l, struct layout_pages pages)
{
	int64_t segment = pages.first / LAYOUT_SEGMENT_PAGES;
	int64_t first = segment * LAYOUT_SEGMENT_PAGES;

	return segment_needs(segment, (int32_t)(pages.first - first) * LAYOUT_PAGE_PACKETS,
			     (int32_t)(pages.end - 1 - first) * LAYOUT_PAGE_PACKETS +
				     layout_page_packets(l, pages.end - 1));
}

/* Where the PCM begins of which pages from page on are made. */
static int64_t pcm_start(const struct opuspages_order *order, int64_t page)
{
	int64_t in_segment = page % LAYOUT_SEGMENT_PAGES;

	return order->is_lossy ? page - in_segment : layout_run_start(page);
}

/* PCM of these pages; what was there already is the same again. */
static enum drift_err load(struct opuspages *o, const struct opuspages_order *order,
			   struct layout_pages pages)
{
	return order->pcm(order->pcm_context, needs(order->layout, pages), o->pcm);
}

/* At the run of that page, with PCM from another one of its segment on. */
static void start(struct opuspages *o, const struct layout *l, int64_t page, int64_t pcm)
{
	int64_t segment = page / LAYOUT_SEGMENT_PAGES, first = layout_run_start(page);
	int32_t packet = (int32_t)(first - segment * LAYOUT_SEGMENT_PAGES) * LAYOUT_PAGE_PACKETS;

	segment_start(o->encoder, segment, packet,
		      o->pcm + (first - pcm) * LAYOUT_PAGE_SAMPLES * l->params.channels,
		      &o->segment);
}

static enum drift_err add_pages(struct opuspages *o, const struct opuspages_order *order,
				struct layout_pages pages, int64_t first_wanted)
{
	enum drift_err err = DRIFT_OK;

	for (int64_t page = pages.first; !err && page < pages.end; page++) {
		err = segment_add_page(o->encoder, layout_page_packets(order->layout, page),
				       &o->segment);
		if (!err && page >= first_wanted)
			err = hand_out(o, order, page);
	}
	return err;
}

/* Pages of one segment; soon: behind the page that is waited for. */
static enum drift_err make_of_segment(struct opuspages *o, const struct opuspages_order *order,
				      struct layout_pages want, int64_t soon)
{
	int64_t first = layout_run_start(want.first), pcm = pcm_start(order, want.first);
	enum drift_err err;

	if (soon < want.end && order->expect)
		order->expect(order->pcm_context,
			      needs(order->layout, (struct layout_pages){pcm, want.end}));
	start(o, order->layout, want.first, pcm);
	err = load(o, order, (struct layout_pages){pcm, soon});
	if (!err)
		err = add_pages(o, order, (struct layout_pages){first, soon}, want.first);
	if (err || soon == want.end)
		return err;
	err = load(o, order, (struct layout_pages){pcm, want.end});
	if (!err)
		err = add_pages(o, order, (struct layout_pages){soon, want.end}, want.first);
	return err;
}

enum drift_err opuspages_make_soon(struct opuspages *o, const struct opuspages_order *order,
				   struct layout_pages want, int64_t page)
{
	enum drift_err err = prepare(o, &order->layout->params);

	assert(want.first >= 0 && want.first < want.end && want.end <= order->layout->pages);
	while (!err && want.first < want.end) {
		int64_t segment = want.first / LAYOUT_SEGMENT_PAGES;
		int64_t end = layout_segment_pages(order->layout, segment).end;
		struct layout_pages part = {want.first, end < want.end ? end : want.end};
		bool is_waited_for = page >= part.first && page < part.end;

		err = make_of_segment(o, order, part, is_waited_for ? page + 1 : part.end);
		want.first = part.end;
	}
	return err;
}

enum drift_err opuspages_make(struct opuspages *o, const struct opuspages_order *order,
			      struct layout_pages want)
{
	return opuspages_make_soon(o, order, want, want.end - 1);
}

/* A range of bytes being collected. */
struct window {
	const struct layout *layout;
	int64_t from, to; /* bytes of the file */
	struct buf *out;
};

/* Adds what the window shows of the bytes that begin at offset. */
static enum drift_err add_visible(const struct window *w, int64_t offset, const void *data,
				  size_t bytes)
{
	int64_t from = w->from > offset ? w->from : offset;
	int64_t end = offset + (int64_t)bytes;
	int64_t to = w->to < end ? w->to : end;

	if (from < to)
		buf_add(w->out, (const char *)data + (from - offset), (size_t)(to - from));
	return buf_ok(w->out) ? DRIFT_OK : DRIFT_ENOMEM;
}

static enum drift_err add_page(void *context, int64_t page, const void *data, size_t bytes)
{
	const struct window *w = context;

	return add_visible(w, layout_page_offset(w->layout, page), data, bytes);
}

enum drift_err opuspages_make_bytes(struct opuspages *o, const struct opuspages_order *order,
				    const void *setup, int64_t from, int64_t to, struct buf *out)
{
	struct window window = {order->layout, from, to, out};
	struct layout_pages want = layout_pages_under(order->layout, from, to);
	struct opuspages_order in_window = *order;
	enum drift_err err;

	in_window.sink = add_page;
	in_window.sink_context = &window;
	err = add_visible(&window, 0, setup, (size_t)order->layout->setup_bytes);
	if (err || want.first == want.end)
		return err;
	return opuspages_make(o, &in_window, want);
}
