#include "format/packetidx.h"

#include <string.h>

static struct seekidx over(const struct packetidx *x)
{
	return (struct seekidx){.entries = (const uint8_t *)x->entries.data,
				.entry_count = x->count};
}

void packetidx_clear(struct packetidx *x)
{
	buf_clear(&x->entries);
	*x = (struct packetidx){0};
}

struct seekidx_entry packetidx_get(const struct packetidx *x, int64_t i)
{
	struct seekidx all = over(x);

	return seekidx_get(&all, (uint32_t)i);
}

void packetidx_add(struct packetidx *x, int64_t at, int64_t offset)
{
	struct seekidx_entry last;

	if (offset < 0 || x->count == SEEKIDX_ENTRIES_MAX)
		return;
	if (x->count > 0) {
		last = packetidx_get(x, (int64_t)x->count - 1);
		if (at < (int64_t)last.sample + x->step || at <= (int64_t)last.sample ||
		    offset <= (int64_t)last.offset)
			return;
	}
	seekidx_add(&x->entries, (struct seekidx_entry){(uint64_t)at, (uint64_t)offset});
	if (buf_ok(&x->entries))
		x->count++;
}

int64_t packetidx_before(const struct packetidx *x, int64_t at)
{
	struct seekidx all = over(x);
	uint32_t i;

	if (at < 0 || seekidx_find(&all, (uint64_t)at, &i) != DRIFT_OK)
		return -1;
	return i;
}

bool packetidx_find(const struct packetidx *x, int64_t offset, int64_t *at)
{
	int64_t low = 0, high = (int64_t)x->count - 1;

	while (low <= high) {
		int64_t middle = (low + high) / 2;
		struct seekidx_entry e = packetidx_get(x, middle);

		if ((int64_t)e.offset == offset) {
			*at = (int64_t)e.sample;
			return true;
		}
		if ((int64_t)e.offset < offset)
			low = middle + 1;
		else
			high = middle - 1;
	}
	return false;
}

/* Packets behind the last sample heard are of no use to anybody. */
static uint32_t useful(const struct packetidx *x, int64_t end)
{
	return (uint32_t)(packetidx_before(x, end) + 1);
}

void packetidx_write(const struct packetidx *x, const struct packetidx_facts *facts,
		     struct buf *out)
{
	struct seekidx s = over(x);

	memcpy(s.codec, "pkts", sizeof(s.codec));
	s.timescale = (uint32_t)facts->rate;
	s.pre_skip = (uint32_t)facts->delay;
	s.samples = (uint64_t)facts->samples;
	s.bytes = (uint64_t)facts->bytes;
	s.entry_count = useful(x, facts->delay + facts->samples);
	seekidx_write(&s, out);
}

enum drift_err packetidx_read(struct packetidx *x, struct packetidx_facts *facts,
			      const uint8_t *data, size_t len)
{
	struct seekidx s;
	enum drift_err err = seekidx_parse(data, len, &s);

	if (err)
		return err;
	if (memcmp(s.codec, "pkts", 4) != 0 || s.timescale > INT32_MAX || s.samples > INT64_MAX ||
	    s.pre_skip > INT32_MAX || s.bytes > INT64_MAX)
		return DRIFT_EFORMAT;
	buf_add(&x->entries, s.entries, (size_t)s.entry_count * SEEKIDX_ENTRY_BYTES);
	if (!buf_ok(&x->entries))
		return DRIFT_ENOMEM;
	x->count = s.entry_count;
	*facts = (struct packetidx_facts){
		.rate = (int32_t)s.timescale,
		.delay = s.pre_skip,
		.samples = (int64_t)s.samples,
		.bytes = (int64_t)s.bytes,
	};
	return DRIFT_OK;
}
