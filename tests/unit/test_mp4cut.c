#include "mp4/mp4cut.h"

#include "base/io.h"
#include "mp4/fmp4.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define FRAGMENTS 6
#define PACKETS 10 /* of a fragment */

/* Packet i of all has 100 + i bytes of the value i. */
static uint32_t bytes_of(uint32_t i)
{
	return 100 + i;
}

/* A file of fragments whose packets are 1,000 samples, the last of each fragment last. */
struct file {
	int fd;
	struct buf bytes, entries;
	struct seekidx index;
};

static void add_fragment(struct file *f, uint32_t n, uint32_t last)
{
	struct packing_entry packet[PACKETS];
	const struct fmp4_fragment fragment = {
		.number = n + 1,
		.at = (int64_t)n * ((PACKETS - 1) * 1000 + last),
		.packet = packet,
		.packets = PACKETS,
	};

	seekidx_add(&f->entries, (struct seekidx_entry){(uint64_t)fragment.at, f->bytes.len});
	for (uint32_t i = 0; i < PACKETS; i++)
		packet[i] = (struct packing_entry){bytes_of(n * PACKETS + i),
						   i < PACKETS - 1 ? 1000 : last};
	fmp4_add_fragment(&f->bytes, &fragment);
	for (uint32_t i = n * PACKETS; i < (n + 1) * PACKETS; i++)
		for (uint32_t k = 0; k < bytes_of(i); k++)
			buf_add_byte(&f->bytes, (uint8_t)i);
}

static void write_file(struct file *f)
{
	assert_int_equal(io_pwrite_all(f->fd, f->bytes.data, f->bytes.len, 0), DRIFT_OK);
}

static struct file make_file(uint32_t last)
{
	char path[] = "/tmp/drift-mp4cut-XXXXXX";
	struct file f = {.fd = mkstemp(path)};

	assert_true(f.fd >= 0);
	unlink(path);
	for (uint32_t n = 0; n < FRAGMENTS; n++)
		add_fragment(&f, n, last);
	f.index = (struct seekidx){
		.timescale = 1000,
		.entries = (const uint8_t *)f.entries.data,
		.entry_count = FRAGMENTS,
	};
	write_file(&f);
	return f;
}

static void clear_file(struct file *f)
{
	close(f->fd);
	buf_clear(&f->bytes);
	buf_clear(&f->entries);
}

/* Packets [first, end) of all, which are 1,000 samples each, as one fragment. */
static void check_cut(struct file *f, uint32_t first, uint32_t end)
{
	struct packing_entry packet[FRAGMENTS * PACKETS];
	const struct fmp4_fragment want = {
		.number = 7,
		.at = (int64_t)first * 1000,
		.packet = packet,
		.packets = end - first,
	};
	const struct pieces_window window = {(int64_t)first * 1000 - 500,
					     (int64_t)end * 1000 - 500};
	struct buf got = {0}, expected = {0};

	for (uint32_t i = first; i < end; i++)
		packet[i - first] = (struct packing_entry){bytes_of(i), 1000};
	fmp4_add_fragment(&expected, &want);
	for (uint32_t i = first; i < end; i++)
		for (uint32_t k = 0; k < bytes_of(i); k++)
			buf_add_byte(&expected, (uint8_t)i);
	assert_int_equal(mp4cut_add(f->fd, &f->index, window, 7, &got), DRIFT_OK);
	assert_int_equal(got.len, expected.len);
	assert_memory_equal(got.data, expected.data, got.len);
	buf_clear(&got);
	buf_clear(&expected);
}

static void it_takes_the_packets_that_start_in_the_window(void **state)
{
	struct file f = make_file(1000);

	(void)state;
	for (uint32_t first = 0; first < FRAGMENTS * PACKETS; first++)
		for (uint32_t end = first + 1; end <= FRAGMENTS * PACKETS; end += 7)
			check_cut(&f, first, end);
	clear_file(&f);
}

static void it_reads_durations_that_differ(void **state)
{
	const struct pieces_window window = {10 * 1000 - 600, 20 * 1000 - 1200};
	struct file f = make_file(400);
	struct buf got = {0};

	(void)state;
	/* fragment 1 starts at 9,400: ten packets of it */
	assert_int_equal(mp4cut_add(f.fd, &f.index, window, 1, &got), DRIFT_OK);
	assert_int_equal((uint8_t)got.data[got.len - 1], 19);
	buf_clear(&got);
	clear_file(&f);
}

static void it_survives_any_flipped_bit_and_a_short_file(void **state)
{
	struct file f = make_file(400);
	const struct pieces_window all = {0, 1000000};
	struct buf got = {0};

	(void)state;
	for (size_t at = 0; at < 400; at++)
		for (int bit = 0; bit < 8; bit++) {
			f.bytes.data[at] = (char)(f.bytes.data[at] ^ 1 << bit);
			write_file(&f);
			(void)!mp4cut_add(f.fd, &f.index, all, 1, &got);
			buf_reset(&got);
			f.bytes.data[at] = (char)(f.bytes.data[at] ^ 1 << bit);
		}
	write_file(&f);
	for (off_t len = 0; len < 400; len++) {
		assert_int_equal(ftruncate(f.fd, len), 0);
		assert_int_not_equal(mp4cut_add(f.fd, &f.index, all, 1, &got), DRIFT_OK);
		buf_reset(&got);
	}
	buf_clear(&got);
	clear_file(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_takes_the_packets_that_start_in_the_window),
		cmocka_unit_test(it_reads_durations_that_differ),
		cmocka_unit_test(it_survives_any_flipped_bit_and_a_short_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
