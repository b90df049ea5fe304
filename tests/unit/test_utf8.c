/* base/utf8: every two and three bytes, and the edges of four */
#include "base/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Writes a code point as RFC 3629 section 3 has it, and returns its length. */
static size_t encode(uint32_t c, char out[5])
{
	size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
	static const uint8_t lead[] = {0, 0, 0xC0, 0xE0, 0xF0};

	for (size_t i = n; i-- > 1; c >>= 6)
		out[i] = (char)(0x80 | (c & 0x3F));
	out[0] = (char)(lead[n] | c);
	out[n] = '\0';
	return n;
}

static void it_takes_every_code_point_but_surrogates(void **state)
{
	char text[5];

	(void)state;
	for (uint32_t c = 1; c < 0x110000; c++) {
		size_t n = encode(c, text);
		size_t wanted = c >= 0xD800 && c < 0xE000 ? 0 : n;

		assert_int_equal(utf8_length(text), wanted);
	}
	for (uint32_t c = 0x110000; c < 0x200000; c += 0x1000) {
		encode(c, text);
		assert_int_equal(utf8_length(text), 0);
	}
}

static void it_refuses_what_is_overlong_cut_or_stray(void **state)
{
	static const char *const bad[] = {
		"\x80",	    "\xC0\x80",		"\xC1\xBF",	"\xE0\x9F\xBF", "\xF0\x8F\xBF\xBF",
		"\xC3",	    "\xE2\x82",		"\xF0\x9F\x8E", "\xC3z",	"\xE2\x82z",
		"\xF5\x80", "\xF4\x90\x80\x80", "\xED\xA0\x80", "\xFF",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		char text[16] = "a";

		strcat(text, bad[i]);
		assert_int_equal(utf8_length(bad[i]), 0);
		assert_false(utf8_is_valid(text));
	}
	assert_true(utf8_is_valid(""));
	assert_true(utf8_is_valid("Bj\xC3\xB6rk \xF0\x9F\x8E\xB5"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_takes_every_code_point_but_surrogates),
		cmocka_unit_test(it_refuses_what_is_overlong_cut_or_stray),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
