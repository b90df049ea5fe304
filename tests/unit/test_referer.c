/* http/referer: back to a page of this site, and to no other */
#include "http/referer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void it_gives_path_and_query(void **state)
{
	(void)state;
	assert_string_equal(referer_path("http://a.example/b/?c=d", "a.example"), "/b/?c=d");
	assert_string_equal(referer_path("HTTPS://A.example:8080/", "a.EXAMPLE:8080"), "/");
	assert_string_equal(referer_path("http://[::1]:80/x", "[::1]:80"), "/x");
}

static void it_refuses_other_sites(void **state)
{
	static const char *const others[] = {
		"",
		"/b",
		"//a.example/b",
		"http://",
		"http://a.example",
		"http://a.example?b",
		"http://b.example/",
		"http://a.example.b/",
		"http://a.exampl/",
		"http://a.example:80/",
		"http://b@a.example/",
		"http://a.example@b/",
		"http://a.example//b",
		"http://a.example/\\b",
		"ftp://a.example/b",
		"javascript://a.example/%0aalert(1)",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		assert_null(referer_path(others[i], "a.example"));
	assert_null(referer_path(NULL, "a.example"));
	assert_null(referer_path("http://a.example/", NULL));
	assert_null(referer_path("http:///", ""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_gives_path_and_query),
		cmocka_unit_test(it_refuses_other_sites),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
