/* http/query: the pairs of a query string or a form */
#include "http/query.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct query parse(const char *text)
{
	struct query q = {0};

	assert_int_equal(query_parse(text, &q), DRIFT_OK);
	return q;
}

static void expect(const char *text, const char *name, const char *value)
{
	struct query q = parse(text);
	const char *got = query_get(&q, name);

	if (value)
		assert_string_equal(got, value);
	else
		assert_null(got);
	query_clear(&q);
}

static void it_reads_pairs(void **state)
{
	(void)state;
	expect("a=1&b=2", "a", "1");
	expect("a=1&b=2", "b", "2");
	expect("a=1&b=2", "c", NULL);
	expect("&&a=1&&", "a", "1");
	expect("a=b=c", "a", "b=c");
	expect("=x&a=1", "", "x");
	expect("A=1", "a", NULL);
	expect("", "a", NULL);
	expect(NULL, "a", NULL);
}

static void it_reads_a_name_without_a_value_as_empty(void **state)
{
	(void)state;
	expect("a", "a", "");
	expect("a=", "a", "");
	expect("a&b=1", "a", "");
}

static void it_takes_the_first_of_a_name(void **state)
{
	(void)state;
	expect("a=1&a=2", "a", "1");
}

static void it_decodes(void **state)
{
	(void)state;
	expect("a=%41%62%2f%2F+x", "a", "Ab// x");
	expect("%61=1", "a", "1");
	expect("a=%26%3d%25", "a", "&=%");
	expect("a=%c3%a4", "a", "\xc3\xa4");
	expect("a=%2541", "a", "%41");
}

static void it_marks_what_is_not_well_formed(void **state)
{
	static const char *const texts[] = {"a=%",   "a=%4", "a=%4x", "a=%x4",
					    "a=%00", "a=b%", "a=b%0", "a=b%00c"};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct query q = parse(texts[i]);

		assert_true(q.bad);
		assert_null(query_get(&q, "a"));
		query_clear(&q);
	}
}

static void it_keeps_the_good_pairs_beside_a_bad_one(void **state)
{
	struct query q = parse("x=%00&%=1&a=1");

	(void)state;
	assert_true(q.bad);
	assert_string_equal(query_get(&q, "a"), "1");
	query_clear(&q);
	q = parse("a=1&b=%20");
	assert_false(q.bad);
	query_clear(&q);
}

static void it_stops_at_the_last_pair_it_has_room_for(void **state)
{
	char text[QUERY_PAIRS_MAX * 8 + 16] = "";
	char name[8];
	struct query q;

	(void)state;
	for (int i = 0; i <= QUERY_PAIRS_MAX; i++)
		sprintf(text + strlen(text), "&n%d=v", i);
	q = parse(text);
	assert_int_equal(q.count, QUERY_PAIRS_MAX);
	sprintf(name, "n%d", QUERY_PAIRS_MAX - 1);
	assert_non_null(query_get(&q, name));
	sprintf(name, "n%d", QUERY_PAIRS_MAX);
	assert_null(query_get(&q, name));
	query_clear(&q);
}

static void it_leaves_its_input_alone(void **state)
{
	const char text[] = "a=%41&b=2";
	char copy[sizeof(text)];
	struct query q;

	(void)state;
	memcpy(copy, text, sizeof(text));
	q = parse(copy);
	assert_string_equal(copy, text);
	query_clear(&q);
	assert_int_equal(q.count, 0);
	query_clear(&q);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_reads_pairs),
		cmocka_unit_test(it_reads_a_name_without_a_value_as_empty),
		cmocka_unit_test(it_takes_the_first_of_a_name),
		cmocka_unit_test(it_decodes),
		cmocka_unit_test(it_marks_what_is_not_well_formed),
		cmocka_unit_test(it_keeps_the_good_pairs_beside_a_bad_one),
		cmocka_unit_test(it_stops_at_the_last_pair_it_has_room_for),
		cmocka_unit_test(it_leaves_its_input_alone),
	};

	return cmocka_run_group_tests_name("query", tests, NULL, NULL);
}
