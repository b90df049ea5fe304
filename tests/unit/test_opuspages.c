#include "opus/opuspages.h"

#include "opusmade.h"

static enum drift_err collect(void *context, int64_t page, const void *data, size_t bytes)
{
	struct buf *out = context;

	(void)page;
	buf_add(out, data, bytes);
	return DRIFT_OK;
}

static void check_pages_alone(struct artifact *a, struct opuspages *desk, struct layout_pages want)
{
	struct opuspages_order order = order_for(a);
	int64_t offset = offset_of(a, want.first);
	struct buf got = {0};

	order.sink = collect;
	order.sink_context = &got;
	assert_int_equal(opuspages_make(desk, &order, want), DRIFT_OK);
	assert_int_equal(got.len, offset_of(a, want.end) - offset);
	assert_memory_equal(got.data, a->file.data + offset, got.len);
	buf_clear(&got);
}

static void check_bytes_alone(struct artifact *a, struct opuspages *desk, int64_t from, int64_t to)
{
	struct opuspages_order order = order_for(a);
	struct buf got = {0};

	/* the file's own setup pages: how they are made is another test's */
	assert_int_equal(opuspages_make_bytes(desk, &order, a->file.data, from, to, &got),
			 DRIFT_OK);
	assert_int_equal(got.len, to - from);
	assert_memory_equal(got.data, a->file.data + from, got.len);
	buf_clear(&got);
}

/* Two numbers 0 <= a < b <= limit. */
static void random_range(int64_t limit, int64_t *a, int64_t *b)
{
	*a = rand() % limit;
	*b = *a + 1 + rand() % (limit - *a);
}

static void it_gives_any_pages_alone(void **state)
{
	static const struct layout_pages ranges[] = {{27, 28}, {3, 4}, {9, 11}, {0, 1}, {0, 33}};
	struct music music = {2, SECONDS(16.3), music_sample};
	struct opuspages *desk;

	(void)state;
	assert_int_equal(opuspages_new(&desk), DRIFT_OK);
	for (int vbr = 0; vbr < 2; vbr++) {
		struct artifact a = make(music, layout_params(320, 2, vbr));

		for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
			check_pages_alone(&a, desk, ranges[i]);
		clear(&a);
	}
	opuspages_free(desk);
}

static void it_gives_any_bytes_alone(void **state)
{
	struct music music = {1, SECONDS(11.2), music_sample};
	struct artifact a = make(music, layout_params(320, 1, false));
	int64_t setup = a.layout.setup_bytes, end = (int64_t)a.file.len;
	struct opuspages *desk;

	(void)state;
	srand(3);
	assert_int_equal(opuspages_new(&desk), DRIFT_OK);
	check_bytes_alone(&a, desk, 0, 1);
	check_bytes_alone(&a, desk, 0, setup);
	check_bytes_alone(&a, desk, setup - 1, setup + 1);
	check_bytes_alone(&a, desk, end - 1, end);
	check_bytes_alone(&a, desk, 0, end);
	for (int64_t b = 1; b < a.layout.pages; b++)
		check_bytes_alone(&a, desk, layout_page_offset(&a.layout, b) - 1,
				  layout_page_offset(&a.layout, b) + (b % 2));
	for (int i = 0; i < 20; i++) {
		int64_t from, to;

		random_range(end, &from, &to);
		check_bytes_alone(&a, desk, from, to);
	}
	opuspages_free(desk);
	clear(&a);
}

static enum drift_err refuse_pcm(void *context, struct resample_range want, float *out)
{
	(void)context, (void)want, (void)out;
	return DRIFT_EMEDIA;
}

static void it_hands_on_what_the_source_says(void **state)
{
	struct layout_params params = layout_params(320, 2, false);
	struct layout layout;
	struct buf out = {0};
	struct opuspages_order order = {
		.layout = &layout, .pcm = refuse_pcm, .sink = collect, .sink_context = &out};
	struct opuspages *desk;

	(void)state;
	layout_init(&layout, &params, 100000, 200);
	assert_int_equal(opuspages_new(&desk), DRIFT_OK);
	assert_int_equal(opuspages_make(desk, &order, (struct layout_pages){0, 1}), DRIFT_EMEDIA);
	assert_int_equal(out.len, 0);
	opuspages_free(desk);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_gives_any_pages_alone),
		cmocka_unit_test(it_gives_any_bytes_alone),
		cmocka_unit_test(it_hands_on_what_the_source_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
