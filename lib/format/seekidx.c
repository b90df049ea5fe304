#include "format/seekidx.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

static const char MAGIC[8] = {'D', 'R', 'F', 'T', 'I', 'D', 'X', '1'};

static uint64_t get_le(const uint8_t *p, int bytes)
{
	uint64_t v = 0;

	for (int i = bytes - 1; i >= 0; i--)
		v = v << 8 | p[i];
	return v;
}

static size_t padded(size_t bytes)
{
	return (bytes + 7) & ~(size_t)7;
}

void seekidx_add(struct buf *entries, struct seekidx_entry entry)
{
	buf_add_u64le(entries, entry.sample);
	buf_add_u64le(entries, entry.offset);
}

struct seekidx_entry seekidx_get(const struct seekidx *idx, uint32_t i)
{
	const uint8_t *p = idx->entries + (size_t)i * SEEKIDX_ENTRY_BYTES;

	assert(i < idx->entry_count);
	return (struct seekidx_entry){get_le(p, 8), get_le(p + 8, 8)};
}

static bool codec_is_known(const char *codec)
{
	static const char known[][5] = {"Opus", "fLaC", "mp4a", "mp3 ", "avc1",
					"hvc1", "vp09", "av01", "pkts"};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (memcmp(codec, known[i], 4) == 0)
			return true;
	return false;
}

static bool head_is_sound(const struct seekidx *x)
{
	return codec_is_known(x->codec) && (x->flags & ~(SEEKIDX_GROWING | SEEKIDX_EXACT)) == 0 &&
	       x->timescale != 0 && x->setup_bytes <= SEEKIDX_SETUP_MAX &&
	       x->entry_count <= SEEKIDX_ENTRIES_MAX;
}

static bool entries_are_sound(const struct seekidx *x)
{
	struct seekidx_entry before = {0};

	for (uint32_t i = 0; i < x->entry_count; i++) {
		struct seekidx_entry e = seekidx_get(x, i);

		if (i == 0 && e.offset < x->setup_bytes)
			return false;
		if (i > 0 && (e.sample <= before.sample || e.offset <= before.offset))
			return false;
		before = e;
	}
	/* both ascend, so the last entry speaks for all */
	return (x->samples == 0 || before.sample <= x->samples + x->pre_skip) &&
	       (x->bytes == 0 || before.offset < x->bytes);
}

void seekidx_write(const struct seekidx *idx, struct buf *out)
{
	static const uint8_t zeros[8];

	assert(head_is_sound(idx) && entries_are_sound(idx));
	buf_add(out, MAGIC, sizeof(MAGIC));
	buf_add(out, idx->codec, 4);
	buf_add_u32le(out, idx->flags);
	buf_add_u32le(out, idx->timescale);
	buf_add_u32le(out, idx->pre_skip);
	buf_add_u64le(out, idx->samples);
	buf_add_u64le(out, idx->bytes);
	buf_add_u32le(out, idx->setup_bytes);
	buf_add_u32le(out, idx->entry_count);
	buf_add(out, idx->setup, idx->setup_bytes);
	buf_add(out, zeros, padded(idx->setup_bytes) - idx->setup_bytes);
	buf_add(out, idx->entries, (size_t)idx->entry_count * SEEKIDX_ENTRY_BYTES);
}

static struct seekidx parse_head(const uint8_t *p)
{
	struct seekidx x = {
		.flags = (uint32_t)get_le(p + 12, 4),
		.timescale = (uint32_t)get_le(p + 16, 4),
		.pre_skip = (uint32_t)get_le(p + 20, 4),
		.samples = get_le(p + 24, 8),
		.bytes = get_le(p + 32, 8),
		.setup_bytes = (uint32_t)get_le(p + 40, 4),
		.entry_count = (uint32_t)get_le(p + 44, 4),
	};

	memcpy(x.codec, p + 8, 4);
	return x;
}

static bool is_zero(const uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (p[i])
			return false;
	return true;
}

enum drift_err seekidx_parse_head(const uint8_t *data, size_t len, struct seekidx *out)
{
	struct seekidx x;

	if (memcmp(data, MAGIC, len < sizeof(MAGIC) ? len : sizeof(MAGIC)) != 0)
		return DRIFT_EFORMAT;
	if (len < SEEKIDX_HEAD_BYTES)
		return DRIFT_EMORE;
	x = parse_head(data);
	if (!head_is_sound(&x))
		return DRIFT_EFORMAT;
	if (len < SEEKIDX_HEAD_BYTES + padded(x.setup_bytes))
		return DRIFT_EMORE;
	x.setup = data + SEEKIDX_HEAD_BYTES;
	if (!is_zero(x.setup + x.setup_bytes, padded(x.setup_bytes) - x.setup_bytes))
		return DRIFT_EFORMAT;
	*out = x;
	return DRIFT_OK;
}

enum drift_err seekidx_parse_own(const uint8_t *data, size_t len, struct seekidx *out)
{
	struct seekidx x;
	size_t setup_end, whole;
	enum drift_err err = seekidx_parse_head(data, len, &x);

	if (err)
		return err;
	setup_end = SEEKIDX_HEAD_BYTES + padded(x.setup_bytes);
	whole = setup_end + (size_t)x.entry_count * SEEKIDX_ENTRY_BYTES;
	if (len != whole)
		return len < whole ? DRIFT_EMORE : DRIFT_EFORMAT;
	x.entries = data + setup_end;
	*out = x;
	return DRIFT_OK;
}

enum drift_err seekidx_parse(const uint8_t *data, size_t len, struct seekidx *out)
{
	struct seekidx x;
	enum drift_err err = seekidx_parse_own(data, len, &x);

	if (err)
		return err;
	if (!entries_are_sound(&x))
		return DRIFT_EFORMAT;
	*out = x;
	return DRIFT_OK;
}

enum drift_err seekidx_find(const struct seekidx *idx, uint64_t sample, uint32_t *out)
{
	uint32_t low = 0, high = idx->entry_count;

	/* entries before low start at or before sample, those from high on after it */
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (seekidx_get(idx, middle).sample <= sample)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == 0)
		return DRIFT_ENOENT;
	*out = low - 1;
	return DRIFT_OK;
}
