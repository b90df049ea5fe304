#include "media/opusidx.h"

#include "media/seekidx.h"

void opusidx_write_entries(const struct layout *layout, const uint8_t *setup, int64_t bytes,
			   const struct buf *entries, struct buf *out)
{
	const struct seekidx idx = {
		.codec = "Opus",
		.flags = SEEKIDX_EXACT,
		.timescale = LAYOUT_RATE,
		.pre_skip = LAYOUT_PRE_SKIP,
		.samples = (uint64_t)layout->samples48,
		.bytes = (uint64_t)bytes,
		.setup = setup,
		.setup_bytes = (uint32_t)layout->setup_bytes,
		.entries = (const uint8_t *)entries->data,
		.entry_count = (uint32_t)(entries->len / SEEKIDX_ENTRY_BYTES),
	};

	if (buf_ok(entries))
		seekidx_write(&idx, out);
	else
		out->failed = true;
}

void opusidx_write(const struct layout *layout, const uint8_t *setup, struct buf *out)
{
	struct buf entries = {0};

	for (int64_t page = 0; page < layout->pages; page++)
		seekidx_add(&entries, (struct seekidx_entry){
					      .sample = (uint64_t)(page * LAYOUT_PAGE_SAMPLES),
					      .offset = (uint64_t)layout_page_offset(layout, page),
				      });
	opusidx_write_entries(layout, setup, layout_bytes(layout), &entries, out);
	buf_clear(&entries);
}
