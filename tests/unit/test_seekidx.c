#include "format/seekidx.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const uint8_t setup[] = "thirteen byte";
#define SETUP_BYTES 13
#define ENTRIES_AT (SEEKIDX_HEAD_BYTES + 16)

/* Three entries of half a second. */
static struct buf sample_sidecar(void)
{
	struct buf entries = {0}, out = {0};
	struct seekidx idx = {
		.codec = "Opus",
		.flags = SEEKIDX_EXACT,
		.timescale = 48000,
		.pre_skip = 312,
		.samples = 70000,
		.bytes = 90000,
		.setup = setup,
		.setup_bytes = SETUP_BYTES,
		.entry_count = 3,
	};

	for (uint64_t i = 0; i < 3; i++)
		seekidx_add(&entries, (struct seekidx_entry){24000 * i, 20 + 20127 * i});
	idx.entries = (const uint8_t *)entries.data;
	seekidx_write(&idx, &out);
	assert_true(buf_ok(&out));
	buf_clear(&entries);
	return out;
}

static enum drift_err parse(const struct buf *b, struct seekidx *out)
{
	return seekidx_parse((const uint8_t *)b->data, b->len, out);
}

/* Byte for byte as in the design's table. */
static void it_writes_the_table_of_the_design(void **state)
{
	static const uint8_t head[] = {
		'D', 'R',  'F', 'T', 'I', 'D', 'X', '1', 'O', 'p', 'u', 's', 2, 0, 0, 0,
		128, 0xbb, 0,	0,   56,  1,   0,   0,	 112, 17,  1,	0,   0, 0, 0, 0,
		144, 95,   1,	0,   0,	  0,   0,   0,	 13,  0,   0,	0,   3, 0, 0, 0,
	};
	static const uint8_t second[] = {0xc0, 0x5d, 0, 0, 0, 0, 0, 0,
					 0xb3, 0x4e, 0, 0, 0, 0, 0, 0};
	struct buf b = sample_sidecar();

	(void)state;
	assert_int_equal(b.len, SEEKIDX_HEAD_BYTES + 16 + 3 * SEEKIDX_ENTRY_BYTES);
	assert_memory_equal(b.data, head, sizeof(head));
	assert_memory_equal(b.data + SEEKIDX_HEAD_BYTES, "thirteen byte\0\0\0", 16);
	assert_memory_equal(b.data + ENTRIES_AT + SEEKIDX_ENTRY_BYTES, second, sizeof(second));
	buf_clear(&b);
}

static void it_reads_what_it_wrote(void **state)
{
	struct buf b = sample_sidecar();
	struct seekidx x;

	(void)state;
	assert_int_equal(parse(&b, &x), DRIFT_OK);
	assert_string_equal(x.codec, "Opus");
	assert_int_equal(x.flags, SEEKIDX_EXACT);
	assert_int_equal(x.timescale, 48000);
	assert_int_equal(x.pre_skip, 312);
	assert_int_equal(x.samples, 70000);
	assert_int_equal(x.bytes, 90000);
	assert_int_equal(x.setup_bytes, SETUP_BYTES);
	assert_memory_equal(x.setup, setup, SETUP_BYTES);
	assert_int_equal(x.entry_count, 3);
	assert_int_equal(seekidx_get(&x, 2).sample, 48000);
	assert_int_equal(seekidx_get(&x, 2).offset, 20 + 2 * 20127);
	buf_clear(&b);
}

static void it_finds_the_entry_at_or_before_a_sample(void **state)
{
	static const struct {
		uint64_t sample;
		uint32_t entry;
	} rows[] = {{0, 0},	{1, 0},	    {23999, 0},	    {24000, 1},
		    {47999, 1}, {48000, 2}, {UINT64_MAX, 2}};
	struct buf b = sample_sidecar();
	struct seekidx x;
	uint32_t found = 99;

	(void)state;
	assert_int_equal(parse(&b, &x), DRIFT_OK);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(seekidx_find(&x, rows[i].sample, &found), DRIFT_OK);
		assert_int_equal(found, rows[i].entry);
	}
	x.entries += SEEKIDX_ENTRY_BYTES; /* as if the first were missing */
	x.entry_count = 2;
	assert_int_equal(seekidx_find(&x, 23999, &found), DRIFT_ENOENT);
	x.entry_count = 0;
	assert_int_equal(seekidx_find(&x, 0, &found), DRIFT_ENOENT);
	assert_int_equal(found, 2);
	buf_clear(&b);
}

/* A copy of exactly that size, so that a checker sees a read behind it. */
static enum drift_err parse_copy(const char *data, size_t len, struct seekidx *out)
{
	uint8_t *copy = malloc(len + !len);
	enum drift_err err;

	memcpy(copy, data, len);
	err = seekidx_parse(copy, len, out);
	free(copy);
	return err;
}

static void it_refuses_every_shorter_one(void **state)
{
	struct buf b = sample_sidecar();
	struct seekidx x = {.timescale = 7};

	(void)state;
	for (size_t len = 0; len < b.len; len++)
		assert_int_equal(parse_copy(b.data, len, &x), DRIFT_EMORE);
	assert_int_equal(x.timescale, 7);
	buf_add_byte(&b, 0);
	assert_int_equal(parse(&b, &x), DRIFT_EFORMAT);
	buf_clear(&b);
}

/* What the contract promises of anything that was parsed. */
static void check_promises(const struct seekidx *x, size_t len)
{
	assert_true(x->timescale > 0);
	assert_true((x->flags & ~3u) == 0);
	assert_true(SEEKIDX_HEAD_BYTES + x->setup_bytes + 16 * (size_t)x->entry_count <= len);
	for (uint32_t i = 0; i < x->entry_count; i++) {
		struct seekidx_entry e = seekidx_get(x, i);

		assert_true(e.offset >= x->setup_bytes);
		assert_true(!x->bytes || e.offset < x->bytes);
		assert_true(!x->samples || e.sample <= x->samples + x->pre_skip);
		assert_true(i == 0 || e.sample > seekidx_get(x, i - 1).sample);
		assert_true(i == 0 || e.offset > seekidx_get(x, i - 1).offset);
	}
}

static void it_refuses_or_holds_its_promises_at_every_flipped_bit(void **state)
{
	struct buf b = sample_sidecar();
	int refused = 0;

	(void)state;
	for (size_t bit = 0; bit < b.len * 8; bit++) {
		struct seekidx x;

		b.data[bit / 8] ^= (char)(1 << bit % 8);
		if (parse(&b, &x) == DRIFT_OK)
			check_promises(&x, b.len);
		else
			refused++;
		b.data[bit / 8] ^= (char)(1 << bit % 8);
	}
	/* at least magic, codec, flags, both sizes, padding */
	assert_true(refused > (8 + 4 + 3 + 4 + 4 + 3) * 8);
	buf_clear(&b);
}

static void put_u64(struct buf *b, size_t at, uint64_t v)
{
	for (size_t i = 0; i < 8; i++)
		b->data[at + i] = (char)(v >> 8 * i);
}

static void check_refused_with(size_t at, uint64_t value)
{
	struct buf b = sample_sidecar();
	struct seekidx x;

	put_u64(&b, at, value);
	assert_int_not_equal(parse(&b, &x), DRIFT_OK);
	buf_clear(&b);
}

static void it_refuses_entries_that_break_the_rules(void **state)
{
	(void)state;
	check_refused_with(ENTRIES_AT + 8, 12); /* inside the setup bytes */
	check_refused_with(ENTRIES_AT + 16, 0); /* as early as the one before */
	check_refused_with(ENTRIES_AT + 24, 20); /* at the same byte */
	check_refused_with(ENTRIES_AT + 32, 70313); /* past the last sample */
	check_refused_with(ENTRIES_AT + 40, 90000); /* past the last byte */
	check_refused_with(40, UINT64_MAX); /* sizes that would overflow */
	check_refused_with(40, 0xffffffff00000000u);
	check_refused_with(40, 0x00000000ffffffffu);
}

static void it_takes_one_that_still_grows(void **state)
{
	struct buf out = {0};
	struct seekidx idx = {.codec = "fLaC", .flags = SEEKIDX_GROWING, .timescale = 96000}, x;

	(void)state;
	seekidx_write(&idx, &out);
	assert_int_equal(parse(&out, &x), DRIFT_OK);
	assert_int_equal(x.entry_count, 0);
	assert_int_equal(x.flags, SEEKIDX_GROWING);
	buf_clear(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_writes_the_table_of_the_design),
		cmocka_unit_test(it_reads_what_it_wrote),
		cmocka_unit_test(it_finds_the_entry_at_or_before_a_sample),
		cmocka_unit_test(it_refuses_every_shorter_one),
		cmocka_unit_test(it_refuses_or_holds_its_promises_at_every_flipped_bit),
		cmocka_unit_test(it_refuses_entries_that_break_the_rules),
		cmocka_unit_test(it_takes_one_that_still_grows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
