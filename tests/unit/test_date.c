/* http/date: dates of header fields */
#include "http/date.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static void it_writes_the_present_form(void **state)
{
	(void)state;
	assert_string_equal(date_write(784111777).text, "Sun, 06 Nov 1994 08:49:37 GMT");
	assert_string_equal(date_write(0).text, "Thu, 01 Jan 1970 00:00:00 GMT");
	assert_string_equal(date_write(INT64_C(4102444799)).text, "Thu, 31 Dec 2099 23:59:59 GMT");
}

static void it_reads_back_what_it_writes(void **state)
{
	int64_t got;

	(void)state;
	for (int64_t at = 0; at < INT64_C(6000000000); at += 86399 * 37) {
		assert_int_equal(date_parse(date_write(at).text, &got), DRIFT_OK);
		assert_int_equal(got, at);
	}
}

static void it_reads_the_obsolete_forms(void **state)
{
	int64_t got;

	(void)state;
	assert_int_equal(date_parse("Sunday, 06-Nov-94 08:49:37 GMT", &got), DRIFT_OK);
	assert_int_equal(got, 784111777);
	assert_int_equal(date_parse("Sun Nov  6 08:49:37 1994", &got), DRIFT_OK);
	assert_int_equal(got, 784111777);
}

static void it_knows_no_date_in_anything_else(void **state)
{
	static const char *const texts[] = {"",
					    "0",
					    "784111777",
					    "Sun, 06 Nov 1994 08:49:37",
					    "Sun, 06 Nov 1994 08:49:37 CET",
					    "Sun, 06 Nov 1994 08:49:37 GMT, x",
					    "Sun, 32 Nov 1994 08:49:37 GMT",
					    "Sun, 06 Nov 1994 25:49:37 GMT",
					    "1994-11-06T08:49:37Z"};
	int64_t got = 5;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (date_parse(texts[i], &got) != DRIFT_EFORMAT)
			fail_msg("\"%s\" is a date", texts[i]);
	assert_int_equal(date_parse(NULL, &got), DRIFT_EFORMAT);
	assert_int_equal(got, 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_writes_the_present_form),
		cmocka_unit_test(it_reads_back_what_it_writes),
		cmocka_unit_test(it_reads_the_obsolete_forms),
		cmocka_unit_test(it_knows_no_date_in_anything_else),
	};

	return cmocka_run_group_tests_name("date", tests, NULL, NULL);
}
