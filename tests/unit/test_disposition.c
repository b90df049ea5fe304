/* http/disposition: what Content-Disposition says */
#include "http/disposition.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct disposition parse(const char *text)
{
	struct disposition d = {0};

	if (disposition_parse(text, &d) != DRIFT_OK)
		fail_msg("refused: %s", text);
	return d;
}

static void expect_filename(const char *text, const char *filename)
{
	struct disposition d = parse(text);

	assert_true(d.is_file);
	assert_string_equal(d.filename, filename);
}

static void it_reads_what_browsers_and_curl_send(void **state)
{
	struct disposition d = parse(" form-data; name=\"file\"; filename=\"Low Tide.wav\"");

	(void)state;
	assert_string_equal(d.type, "form-data");
	assert_string_equal(d.name, "file");
	assert_true(d.is_file);
	assert_string_equal(d.filename, "Low Tide.wav");
	d = parse("Form-Data;name=key");
	assert_string_equal(d.type, "form-data");
	assert_string_equal(d.name, "key");
	assert_false(d.is_file);
	expect_filename("form-data; name=\"f\"; filename=\"\"", "");
	expect_filename("form-data; NAME=\"f\" ; FileName = x.wav ;", "x.wav");
}

static void it_unescapes_quotes_and_leaves_paths_of_windows(void **state)
{
	(void)state;
	expect_filename("inline; filename=\"a \\\"b\\\".wav\"", "a \"b\".wav");
	expect_filename("inline; filename=\"C:\\music\\new.wav\"", "C:\\music\\new.wav");
	expect_filename("inline; filename=\"a; name=b, c=d.wav\"", "a; name=b, c=d.wav");
}

static void it_prefers_the_name_in_utf_8(void **state)
{
	(void)state;
	expect_filename("inline; filename=\"x.wav\"; filename*=UTF-8''%e2%82%ac%20rates.wav",
			"\u20ac rates.wav");
	expect_filename("inline; filename*=utf-8'en'a%25b.wav; filename=\"x.wav\"", "a%b.wav");
	expect_filename("inline; filename=\"x.wav\"; filename*=iso-8859-1''%e4.wav", "x.wav");
	expect_filename("inline; filename=\"x.wav\"; filename*=UTF-8''a%00b.wav", "x.wav");
	expect_filename("inline; filename=\"x.wav\"; filename*=UTF-8''a%2", "x.wav");
}

static void it_refuses_what_is_not_well_formed(void **state)
{
	static const char *const texts[] = {
		"",
		";",
		"form data",
		"form-data; name",
		"form-data; name=",
		"form-data; =x",
		"form-data; name=\"x",
		"form-data; name=\"x\\\"",
		"form-data; name=\"x\" y",
		"form-data name=\"x\"",
		"form-data; name=\"x\"filename=\"y\"",
	};
	struct disposition d = {.type = "untouched"};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (disposition_parse(texts[i], &d) != DRIFT_EINVAL)
			fail_msg("\"%s\" is taken", texts[i]);
	assert_string_equal(d.type, "untouched");
}

/* A parameter of so many letters. */
static enum drift_err parse_long(const char *parameter, int letters)
{
	char *text = malloc((size_t)letters + 64);
	struct disposition d;
	enum drift_err err;

	sprintf(text, "form-data; %s=\"", parameter);
	memset(text + strlen(text), 'x', (size_t)letters + 1);
	strcpy(strchr(text, '"') + 1 + letters, "\"");
	err = disposition_parse(text, &d);
	free(text);
	return err;
}

static void it_caps_what_is_long(void **state)
{
	(void)state;
	assert_int_equal(parse_long("name", DISPOSITION_NAME_MAX), DRIFT_OK);
	assert_int_equal(parse_long("name", DISPOSITION_NAME_MAX + 1), DRIFT_EINVAL);
	assert_int_equal(parse_long("filename", DISPOSITION_FILENAME_MAX), DRIFT_OK);
	assert_int_equal(parse_long("filename", DISPOSITION_FILENAME_MAX + 1), DRIFT_EINVAL);
	assert_int_equal(parse_long("other", 3000), DRIFT_OK);
	assert_int_equal(parse_long("other", 100000), DRIFT_EINVAL);
	assert_int_equal(parse_long("a-parameter-whose-name-is-far-too-long-for-anybody", 1),
			 DRIFT_EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_reads_what_browsers_and_curl_send),
		cmocka_unit_test(it_unescapes_quotes_and_leaves_paths_of_windows),
		cmocka_unit_test(it_prefers_the_name_in_utf_8),
		cmocka_unit_test(it_refuses_what_is_not_well_formed),
		cmocka_unit_test(it_caps_what_is_long),
	};

	return cmocka_run_group_tests_name("disposition", tests, NULL, NULL);
}
