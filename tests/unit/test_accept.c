/* http/accept: what a client would rather have */
#include "http/accept.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void it_wants_everything_without_a_wish(void **state)
{
	(void)state;
	assert_int_equal(accept_quality(NULL, "text/html"), 1000);
	assert_int_equal(accept_quality("*/*", "text/html"), 1000);
}

static void it_takes_the_most_specific_range(void **state)
{
	const char *accept = "text/*;q=0.3, text/html;q=0.7, */*;q=0.1, text/plain;level=1;q=0.25";

	(void)state;
	assert_int_equal(accept_quality(accept, "text/html"), 700);
	assert_int_equal(accept_quality(accept, "text/css"), 300);
	assert_int_equal(accept_quality(accept, "image/png"), 100);
	assert_int_equal(accept_quality(accept, "text/plain"), 250);
}

static void it_reads_what_browsers_and_scripts_send(void **state)
{
	const char *browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

	(void)state;
	assert_int_equal(accept_quality(browser, "text/html"), 1000);
	assert_int_equal(accept_quality(browser, "application/json"), 800);
	assert_int_equal(accept_quality("application/json", "text/html"), 0);
	assert_int_equal(accept_quality("TEXT/HTML ; Q=0.5", "text/html"), 500);
}

static void it_reads_odd_weights(void **state)
{
	(void)state;
	assert_int_equal(accept_quality("a/b;q=1.000", "a/b"), 1000);
	assert_int_equal(accept_quality("a/b;q=1.9", "a/b"), 1000);
	assert_int_equal(accept_quality("a/b;q=0", "a/b"), 0);
	assert_int_equal(accept_quality("a/b;q=0.1239", "a/b"), 123);
	assert_int_equal(accept_quality("a/b;q=x", "a/b"), 0);
	assert_int_equal(accept_quality("a/b;q=", "a/b"), 0);
}

static void it_survives_every_short_length(void **state)
{
	const char *whole = " text/*;q=0.3,, text/html ;a=b; q=0.7,;q, */*;q=0.1,/;";

	(void)state;
	for (size_t len = 0; len <= strlen(whole); len++) {
		char *text = strndup(whole, len);
		int quality = accept_quality(text, "text/html");

		assert_in_range(quality, 0, 1000);
		free(text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_wants_everything_without_a_wish),
		cmocka_unit_test(it_takes_the_most_specific_range),
		cmocka_unit_test(it_reads_what_browsers_and_scripts_send),
		cmocka_unit_test(it_reads_odd_weights),
		cmocka_unit_test(it_survives_every_short_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
