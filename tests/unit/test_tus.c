/* http/tus: numbers, checksums and metadata, and every bad form of them */
#include "http/tus.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void it_reads_numbers(void **state)
{
	int64_t n = -1;

	(void)state;
	assert_int_equal(tus_parse_number("0", &n), DRIFT_OK);
	assert_int_equal(n, 0);
	assert_int_equal(tus_parse_number("007", &n), DRIFT_OK);
	assert_int_equal(n, 7);
	assert_int_equal(tus_parse_number("9223372036854775807", &n), DRIFT_OK);
	assert_true(n == INT64_MAX);
}

static void it_refuses_what_is_no_number(void **state)
{
	static const char *const bad[] = {"",
					  "-1",
					  "+1",
					  " 1",
					  "1 ",
					  "1.0",
					  "1e3",
					  "0x10",
					  "1,1",
					  "９",
					  "9223372036854775808",
					  "99999999999999999999"};
	int64_t n = 42;

	(void)state;
	assert_int_equal(tus_parse_number(NULL, &n), DRIFT_EINVAL);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(tus_parse_number(bad[i], &n), DRIFT_EINVAL);
	assert_int_equal(n, 42);
}

/* printf 'hello world' | openssl dgst -binary -<name> | base64 */
static void it_reads_the_checksums_that_it_names(void **state)
{
	static const uint8_t md5[] = {0x5e, 0xb6, 0x3b, 0xbb};
	static const uint8_t sha1[] = {0x2a, 0xae, 0x6c, 0x35};
	static const uint8_t sha256[] = {0xb9, 0x4d, 0x27, 0xb9};
	struct digest_value c;

	(void)state;
	assert_int_equal(tus_parse_checksum("md5 XrY7u+Ae7tCTyyK7j1rNww==", &c), DRIFT_OK);
	assert_int_equal(c.kind, DIGEST_MD5);
	assert_memory_equal(c.bytes, md5, 4);
	assert_int_equal(tus_parse_checksum("sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu0=", &c), DRIFT_OK);
	assert_int_equal(c.kind, DIGEST_SHA1);
	assert_memory_equal(c.bytes, sha1, 4);
	assert_int_equal(
		tus_parse_checksum("sha256 uU0nuZNNPgilLlLX2n2r+sSE7+N6U4DukIj3rOLvzek=", &c),
		DRIFT_OK);
	assert_int_equal(c.kind, DIGEST_SHA256);
	assert_memory_equal(c.bytes, sha256, 4);
}

static void it_refuses_bad_checksums(void **state)
{
	static const char *const bad[] = {
		"",
		" ",
		"sha1",
		"sha1 ",
		"sha1  Kq5sNclPz7QV2+lfQIuc6R7oRu0=",
		"sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu0",
		"sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu0==",
		"sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu1=",
		"sha1 Kq5sNclPz7QV2-lfQIuc6R7oRu0=",
		"sha1 Kq5s=clPz7QV2+lfQIuc6R7oRu0=",
		"sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu0=\n",
		"sha1 2aae6c35c94fcfb415dbe95f408b9ce91ee846ed",
		"sha1 ====",
		"SHA1 Kq5sNclPz7QV2+lfQIuc6R7oRu0=",
		"sha 1 Kq5sNclPz7QV2+lfQIuc6R7oRu0=",
		"md5 Kq5sNclPz7QV2+lfQIuc6R7oRu0=",
		"crc32 DUoRhQ==",
		"sha512 MJ7MSJwSRHykrEFQEEmwKw8KyVpFAz0VnEOx",
	};
	struct digest_value c;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(tus_parse_checksum(bad[i], &c), DRIFT_EINVAL);
}

static void it_reads_what_is_to_be_joined(void **state)
{
	static const char ids[2][37] = {"8d3c2c72-7bc4-4fdd-97fb-b154f4c9954a",
					"00000000-0000-4000-8000-000000000001"};
	struct tus_concat c;
	char text[256];

	(void)state;
	assert_int_equal(tus_parse_concat("partial", &c), DRIFT_OK);
	assert_false(c.is_final);
	snprintf(text, sizeof(text), "final;/cgi-bin/upload.fcgi/%s https://a.example/x/%s", ids[0],
		 ids[1]);
	assert_int_equal(tus_parse_concat(text, &c), DRIFT_OK);
	assert_true(c.is_final);
	assert_int_equal(c.parts, 2);
	for (int i = 0; i < 2; i++)
		assert_string_equal(c.part[i].text, ids[i]);
}

static void it_refuses_what_cannot_be_joined(void **state)
{
	static const char *const bad[] = {
		"",
		"Partial",
		"partial ",
		"final",
		"final;",
		"final; ",
		"final;/files/",
		"final;/files/8d3c2c72-7bc4-4fdd-97fb-b154f4c9954",
		"final;/files/8d3c2c72-7bc4-4fdd-97fb-b154f4c9954a/",
		"final;/files/8d3c2c72-7bc4-4fdd-97fb-b154f4c9954a x",
		"final;/files/8d3c2c72-7bc4-4fdd-97fb-b154f4c9954a,"
		"/files/8d3c2c72-7bc4-4fdd-97fb-b154f4c9954a/",
	};
	struct tus_concat c;
	struct buf many = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(tus_parse_concat(bad[i], &c), DRIFT_EINVAL);
	buf_add_text(&many, "final;");
	for (int i = 0; i <= TUS_PARTS_MAX; i++) {
		if (i == TUS_PARTS_MAX)
			assert_int_equal(tus_parse_concat(buf_text(&many), &c), DRIFT_OK);
		buf_add_text(&many, i ? " " : "");
		buf_add_text(&many, "8d3c2c72-7bc4-4fdd-97fb-b154f4c9954a");
	}
	assert_int_equal(tus_parse_concat(buf_text(&many), &c), DRIFT_EINVAL);
	buf_clear(&many);
}

static void it_reads_metadata_as_clients_send_it(void **state)
{
	const char *text = "filename TG93IFRpZGUud2F2,filetype YXVkaW8vd2F2,is_confidential";
	struct tus_metadata m = {0};

	(void)state;
	assert_int_equal(tus_parse_metadata(text, &m), DRIFT_OK);
	assert_string_equal(m.name, "Low Tide.wav");
	assert_string_equal(m.track, "");
	assert_string_equal(buf_text(&m.json),
			    "{\"Upload-Metadata\":\"filename TG93IFRpZGUud2F2,filetype "
			    "YXVkaW8vd2F2,is_confidential\",\"filename\":\"Low Tide.wav\","
			    "\"filetype\":\"audio/wav\",\"is_confidential\":\"\"}");
	buf_clear(&m.json);
}

static void expect_names(const char *text, const char *name, const char *track)
{
	struct tus_metadata m = {0};

	assert_int_equal(tus_parse_metadata(text, &m), DRIFT_OK);
	assert_string_equal(m.name, name);
	assert_string_equal(m.track, track);
	buf_clear(&m.json);
}

static void it_finds_name_and_track(void **state)
{
	(void)state;
	expect_names(NULL, "", "");
	expect_names("", "", "");
	expect_names("name YQ==", "a", "");
	expect_names("name YQ==,filename Yg==", "b", "");
	expect_names("track YWI=", "", "ab");
	expect_names("filename", "", "");
	expect_names("filename ", "", "");
	expect_names("a YQ== , name YQ==", "a", "");
	expect_names("Upload-Metadata YQ==,name YQ==", "a", "");
	expect_names("name 8J+OtSDDhHJnZXI=", "🎵 Ärger", "");
}

static void it_refuses_bad_metadata(void **state)
{
	static const char *const bad[] = {
		",",
		"name YQ==,",
		",name YQ==",
		"name YQ==,,track YQ==",
		" ",
		"name YQ",
		"name YQ=",
		"name YQ= =",
		"name YR==",
		"name Y Q==",
		"name  YQ==",
		"name YQ==,name YQ==",
		"n\xc3\xa4me",
		"n\x01me YQ==",
		"name AA==",
		"name YQBi",
		"name YQ==\t YQ==",
		"name ====",
		"name a-_=",
		"name\tYQ==",
	};
	struct tus_metadata m = {.name = "untouched"};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(tus_parse_metadata(bad[i], &m), DRIFT_EINVAL);
	assert_string_equal(m.name, "untouched");
	assert_null(m.json.data);
}

/* "filename " and so many times "YWFh", which is "aaa" */
static void expect_long_name(size_t groups, enum drift_err expected)
{
	struct tus_metadata m = {0};
	struct buf text = {0};

	buf_add_text(&text, "filename ");
	for (size_t i = 0; i < groups; i++)
		buf_add_text(&text, "YWFh");
	assert_int_equal(tus_parse_metadata(buf_text(&text), &m), expected);
	buf_clear(&m.json);
	buf_clear(&text);
}

static void it_refuses_a_name_that_is_too_long(void **state)
{
	(void)state;
	expect_long_name(341, DRIFT_OK);
	expect_long_name(342, DRIFT_EINVAL);
	expect_long_name(2731, DRIFT_EINVAL);
}

static void it_refuses_more_pairs_than_anybody_needs(void **state)
{
	struct tus_metadata m = {0};
	struct buf text = {0};

	(void)state;
	for (int i = 0; i < TUS_PAIRS_MAX; i++)
		buf_addf(&text, "%sk%d YQ==", i ? "," : "", i);
	assert_int_equal(tus_parse_metadata(buf_text(&text), &m), DRIFT_OK);
	buf_clear(&m.json);
	buf_add_text(&text, ",one YQ==");
	assert_int_equal(tus_parse_metadata(buf_text(&text), &m), DRIFT_EINVAL);
	buf_clear(&text);
}

/* Not one input may be read past its end: run it under a sanitizer too. */
static void it_survives_every_flipped_byte(void **state)
{
	static const char good[] = "filename TG93IFRpZGUud2F2,track YQ==,flag";
	char text[sizeof(good)];

	(void)state;
	for (size_t i = 0; i < sizeof(good) - 1; i++) {
		for (int c = 0; c < 256; c++) {
			struct tus_metadata m = {0};

			memcpy(text, good, sizeof(good));
			text[i] = (char)c;
			if (tus_parse_metadata(text, &m) == DRIFT_OK)
				assert_true(strlen(m.name) <= 12 && strlen(m.track) <= 2);
			buf_clear(&m.json);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_reads_numbers),
		cmocka_unit_test(it_refuses_what_is_no_number),
		cmocka_unit_test(it_reads_the_checksums_that_it_names),
		cmocka_unit_test(it_refuses_bad_checksums),
		cmocka_unit_test(it_reads_what_is_to_be_joined),
		cmocka_unit_test(it_refuses_what_cannot_be_joined),
		cmocka_unit_test(it_reads_metadata_as_clients_send_it),
		cmocka_unit_test(it_finds_name_and_track),
		cmocka_unit_test(it_refuses_bad_metadata),
		cmocka_unit_test(it_refuses_a_name_that_is_too_long),
		cmocka_unit_test(it_refuses_more_pairs_than_anybody_needs),
		cmocka_unit_test(it_survives_every_flipped_byte),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
