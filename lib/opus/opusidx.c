#include "opus/opusidx.h"

#include "format/seekidx.h"

static struct seekidx index_of(const struct layout *layout, const uint8_t *setup,
			       const struct buf *entries)
{
	return (struct seekidx){
		.codec = "Opus",
		.flags = layout_entries_are_exact(&layout->params) ? SEEKIDX_EXACT : 0,
		.timescale = LAYOUT_RATE,
		.pre_skip = LAYOUT_PRE_SKIP,
		.setup = setup,
		.setup_bytes = (uint32_t)layout->setup_bytes,
		.entries = (const uint8_t *)entries->data,
		.entry_count = (uint32_t)(entries->len / SEEKIDX_ENTRY_BYTES),
	};
}

static void write(const struct seekidx *idx, const struct buf *entries, struct buf *out)
{
	if (buf_ok(entries))
		seekidx_write(idx, out);
	else
		out->failed = true;
}

void opusidx_write_entries(const struct layout *layout, const uint8_t *setup, int64_t bytes,
			   const struct buf *entries, struct buf *out)
{
	struct seekidx idx = index_of(layout, setup, entries);

	idx.samples = (uint64_t)layout->samples48;
	idx.bytes = (uint64_t)bytes;
	write(&idx, entries, out);
}

void opusidx_write_growing_entries(const struct layout *layout, const uint8_t *setup,
				   const struct buf *entries, struct buf *out)
{
	struct seekidx idx = index_of(layout, setup, entries);

	idx.flags |= SEEKIDX_GROWING;
	write(&idx, entries, out);
}

/* Where the first pages begin. */
static void add_entries(const struct layout *layout, int64_t pages, struct buf *out)
{
	for (int64_t page = 0; page < pages; page++)
		seekidx_add(out, (struct seekidx_entry){
					 .sample = (uint64_t)(page * LAYOUT_PAGE_SAMPLES),
					 .offset = (uint64_t)layout_page_offset(layout, page),
				 });
}

void opusidx_write_growing(const struct layout *layout, const uint8_t *setup, int64_t pages,
			   struct buf *out)
{
	struct buf entries = {0};

	add_entries(layout, pages + 1, &entries);
	opusidx_write_growing_entries(layout, setup, &entries, out);
	buf_clear(&entries);
}

void opusidx_write(const struct layout *layout, const uint8_t *setup, struct buf *out)
{
	struct buf entries = {0};

	add_entries(layout, layout->pages, &entries);
	opusidx_write_entries(layout, setup, layout_bytes(layout), &entries, out);
	buf_clear(&entries);
}
