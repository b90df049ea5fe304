#include "opus/layout.h"

#include <assert.h>

#define PAGE_HEAD 27 /* bytes of a page before its lacing values */
#define EXACT_PACKET_BYTES 320 /* a channel */

struct layout_params layout_params(int32_t kbits, int32_t channels, bool vbr)
{
	assert(kbits >= LAYOUT_KBITS_MIN && kbits <= LAYOUT_KBITS_MAX);
	assert(channels == 1 || channels == 2);
	/* 20 ms of 1 kbit/s are 2.5 bytes */
	return (struct layout_params){
		.channels = channels,
		.packet_bytes = kbits * 5 * channels / 4,
		.vbr = vbr,
	};
}

int32_t layout_bitrate(const struct layout_params *p)
{
	return p->packet_bytes * 8 * (LAYOUT_RATE / LAYOUT_PACKET_SAMPLES);
}

bool layout_entries_are_exact(const struct layout_params *p)
{
	return p->packet_bytes >= EXACT_PACKET_BYTES * p->channels;
}

static int64_t ceil_div(int64_t a, int64_t b)
{
	return (a + b - 1) / b;
}

void layout_init(struct layout *l, const struct layout_params *params, int64_t samples48,
		 int32_t setup_bytes)
{
	assert(samples48 >= 0 && samples48 <= LAYOUT_SAMPLES_MAX);
	assert(setup_bytes >= 1 && setup_bytes <= LAYOUT_SETUP_MAX);
	*l = (struct layout){
		.params = *params,
		.setup_bytes = setup_bytes,
		.samples48 = samples48,
		.packets = ceil_div(samples48 + LAYOUT_PRE_SKIP, LAYOUT_PACKET_SAMPLES),
	};
	l->pages = ceil_div(l->packets, LAYOUT_PAGE_PACKETS);
	l->segments = ceil_div(l->pages, LAYOUT_SEGMENT_PAGES);
}

/* How many of the packets fall to the i-th of parts of size each. */
static int32_t part(int64_t packets, int64_t i, int32_t size)
{
	int64_t left = packets - i * size;

	assert(i >= 0 && left > 0);
	return left < size ? (int32_t)left : size;
}

int32_t layout_page_packets(const struct layout *l, int64_t page)
{
	return part(l->packets, page, LAYOUT_PAGE_PACKETS);
}

int32_t layout_segment_packets(const struct layout *l, int64_t segment)
{
	return part(l->packets, segment, LAYOUT_SEGMENT_PACKETS);
}

int64_t layout_page_granule(const struct layout *l, int64_t page)
{
	assert(page >= 0 && page < l->pages);
	if (page == l->pages - 1)
		return l->samples48 + LAYOUT_PRE_SKIP;
	return (page + 1) * LAYOUT_PAGE_SAMPLES;
}

static int64_t page_bytes(const struct layout *l, int32_t packets)
{
	int32_t lacing = l->params.packet_bytes / 255 + 1;

	return PAGE_HEAD + (int64_t)packets * (lacing + l->params.packet_bytes);
}

int64_t layout_page_offset(const struct layout *l, int64_t page)
{
	assert(!l->params.vbr);
	assert(page >= 0 && page <= l->pages);
	if (page == l->pages)
		return layout_page_offset(l, page - 1) +
		       page_bytes(l, layout_page_packets(l, page - 1));
	return l->setup_bytes + page * page_bytes(l, LAYOUT_PAGE_PACKETS);
}

int64_t layout_page_bytes(const struct layout *l, int64_t page)
{
	return layout_page_offset(l, page + 1) - layout_page_offset(l, page);
}

int64_t layout_bytes(const struct layout *l)
{
	return layout_page_offset(l, l->pages);
}

/* The page that the byte at offset is in; the setup pages count as page -1. */
static int64_t page_at(const struct layout *l, int64_t offset)
{
	if (offset < l->setup_bytes)
		return -1;
	return (offset - l->setup_bytes) / page_bytes(l, LAYOUT_PAGE_PACKETS);
}

struct layout_pages layout_pages_under(const struct layout *l, int64_t from, int64_t to)
{
	int64_t first, end;

	assert(from >= 0 && from < to && to <= layout_bytes(l));
	first = page_at(l, from);
	end = page_at(l, to - 1) + 1;
	return (struct layout_pages){first < 0 ? 0 : first, end};
}

struct layout_pages layout_segment_pages(const struct layout *l, int64_t segment)
{
	int64_t first = segment * LAYOUT_SEGMENT_PAGES, end = first + LAYOUT_SEGMENT_PAGES;

	assert(segment >= 0 && segment < l->segments);
	return (struct layout_pages){first, end < l->pages ? end : l->pages};
}

int64_t layout_run_start(int64_t page)
{
	assert(page >= 0);
	return page - page % LAYOUT_RUN_PAGES;
}
