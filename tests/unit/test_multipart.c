/* http/multipart: a form's fields and files, however the body is cut into pieces */
#include "http/multipart.h"

#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define TYPE "multipart/form-data; boundary=XX"

/* What a form says, written out: "name(filename)=bytes;", a "." for its end. */
struct reading {
	struct multipart m;
	struct buf text;
	enum drift_err err;
	bool is_open; /* between a part's beginning and end */
	bool has_ended;
};

static void note(struct reading *r, enum multipart_event event)
{
	switch (event) {
	case MULTIPART_PART:
		assert_false(r->is_open);
		r->is_open = true;
		buf_addf(&r->text, "%s", r->m.part.name);
		if (r->m.part.is_file)
			buf_addf(&r->text, "(%s)", r->m.part.filename);
		buf_add_text(&r->text, "=");
		return;
	case MULTIPART_DATA:
		assert_true(r->is_open && r->m.len > 0);
		buf_add(&r->text, (const char *)r->m.data, r->m.len);
		return;
	case MULTIPART_PART_END:
		assert_true(r->is_open);
		r->is_open = false;
		buf_add_text(&r->text, ";");
		return;
	case MULTIPART_END:
		r->has_ended = true;
		buf_add_text(&r->text, ".");
		return;
	case MULTIPART_MORE:
		return;
	}
}

/* In memory of its own, so that nobody reads past its end. */
static void give(struct reading *r, const char *bytes, size_t len)
{
	uint8_t *copy = malloc(len ? len : 1);
	const uint8_t *at = copy;
	enum multipart_event event = MULTIPART_PART;

	memcpy(copy, bytes, len);
	while (!r->err && !r->has_ended && event != MULTIPART_MORE) {
		r->err = multipart_next(&r->m, &at, &len, &event);
		if (!r->err)
			note(r, event);
	}
	if (!r->err && event == MULTIPART_MORE)
		assert_int_equal(len, 0);
	free(copy);
}

static void start(struct reading *r, const char *type)
{
	*r = (struct reading){0};
	assert_int_equal(multipart_init(&r->m, type), DRIFT_OK);
}

static void expect_at(const char *type, const char *body, size_t len, size_t first, size_t second,
		      const char *text)
{
	struct reading r;

	start(&r, type);
	give(&r, body, first);
	give(&r, body + first, second - first);
	give(&r, body + second, len - second);
	assert_int_equal(r.err, DRIFT_OK);
	if (strcmp(buf_text(&r.text), text) != 0)
		fail_msg("cut at %zu and %zu: %s", first, second, buf_text(&r.text));
	buf_clear(&r.text);
}

/* Whole, cut at every pair of places, and byte by byte. */
static void expect(const char *type, const char *body, const char *text)
{
	size_t len = strlen(body);
	struct reading r;

	for (size_t first = 0; first <= len; first++)
		for (size_t second = first; second <= len; second++)
			expect_at(type, body, len, first, second, text);
	start(&r, type);
	for (size_t i = 0; i < len; i++)
		give(&r, body + i, 1);
	assert_string_equal(buf_text(&r.text), text);
	buf_clear(&r.text);
}

#define PART(name) "--XX\r\nContent-Disposition: form-data; name=\"" name "\"\r\n\r\n"
#define FILE_PART(name, file)                                                                      \
	"--XX\r\nContent-Disposition: form-data; name=\"" name "\"; filename=\"" file              \
	"\"\r\nContent-Type: audio/x-wav\r\n\r\n"

static void it_reads_fields_and_files_however_they_are_cut(void **state)
{
	(void)state;
	expect(TYPE, PART("key") "abc\r\n" FILE_PART("f", "a.wav") "RIFF\r\n--XX--\r\n",
	       "key=abc;f(a.wav)=RIFF;.");
	expect(TYPE, PART("a") "\r\n" FILE_PART("f", "") "\r\n--XX--", "a=;f()=;.");
	expect(TYPE, "--XX--", ".");
}

static void it_keeps_what_only_looks_like_a_delimiter(void **state)
{
	(void)state;
	expect(TYPE, PART("a") "\r\n--X\r\n-\r\n\r\r\n--\r\n--XY--XX\r--XX\n--XX\r\n--XX--",
	       "a=\r\n--X\r\n-\r\n\r\r\n--\r\n--XY--XX\r--XX\n--XX;.");
	expect(TYPE, PART("a") "--XX\r\n\r\n--XX--", "a=--XX\r\n;.");
	expect(TYPE, PART("a") "-\r\n--XX--", "a=-;.");
}

static void it_drops_what_is_before_and_behind_the_parts(void **state)
{
	(void)state;
	expect(TYPE, "This is a form.\r\n--X\r\n" PART("a") "1\r\n--XX--\r\n--XX\r\nmore", "a=1;.");
	expect(TYPE, "\r\n" PART("a") "1\r\n--XX-- ", "a=1;.");
}

static void it_takes_blanks_behind_a_delimiter(void **state)
{
	(void)state;
	expect(TYPE,
	       "--XX \t\r\ncontent-disposition:form-data;name=a\r\nX-Other: y\r\n\r\n1\r\n--XX--",
	       "a=1;.");
}

static void it_decodes_what_browsers_encode_in_names(void **state)
{
	(void)state;
	expect(TYPE, FILE_PART("f", "a%22b%0D%0a%20.wav") "1\r\n--XX--", "f(a\"b\r\n%20.wav)=1;.");
}

static void it_finds_the_boundary(void **state)
{
	struct multipart m;

	(void)state;
	expect("Multipart/Form-Data; charset=utf-8; Boundary=\"XX\"; x=y", PART("a") "1\r\n--XX--",
	       "a=1;.");
	expect("multipart/form-data;boundary=XX ; x", PART("a") "1\r\n--XX--", "a=1;.");
	assert_int_equal(multipart_init(&m, "multipart/form-data; boundary=\"a b'()+_,-./:=?\""),
			 DRIFT_OK);
}

static void it_refuses_boundaries_that_are_none(void **state)
{
	static const char *const types[] = {
		"multipart/form-data",
		"multipart/form-data; boundary",
		"multipart/form-data; boundary=",
		"multipart/form-data; boundary=\"\"",
		"multipart/form-data; boundary=\"a \"",
		"multipart/form-data; boundary=a\rb",
		"multipart/form-data; boundary=\"a\\\"",
		"multipart/form-data; boundary=\"a\nb\"",
		"multipart/form-data; boundary=a*b",
		"multipart/form-data; xboundary=a",
		/* 71 characters */
		"multipart/form-data; boundary="
		"12345678901234567890123456789012345678901234567890123456789012345678901",
	};
	struct multipart m;

	(void)state;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (multipart_init(&m, types[i]) != DRIFT_EINVAL)
			fail_msg("%s is taken", types[i]);
	assert_int_equal(multipart_init(&m,
					"multipart/form-data; boundary="
					"1234567890123456789012345678901234567890123456789012345"
					"678901234567890"),
			 DRIFT_OK);
}

static void it_sees_that_the_end_is_missing(void **state)
{
	static const char body[] = PART("a") "123\r\n--XX--";
	struct reading r;

	(void)state;
	for (size_t len = 0; len < sizeof(body) - 1; len++) {
		start(&r, TYPE);
		give(&r, body, len);
		assert_int_equal(r.err, DRIFT_OK);
		assert_false(r.has_ended);
		buf_clear(&r.text);
	}
}

static enum drift_err fault(const char *body, size_t len)
{
	struct reading r;

	start(&r, TYPE);
	give(&r, body, len);
	buf_clear(&r.text);
	return r.err;
}

static void it_refuses_what_is_no_form(void **state)
{
	static const char *const bodies[] = {
		"--XX\r\n\r\nno head",
		"--XX\r\nContent-Type: text/plain\r\n\r\n",
		"--XX\r\nContent-Disposition: attachment; name=\"a\"\r\n\r\n",
		"--XX\r\nContent-Disposition: form-data\r\n\r\n",
		"--XX\r\nContent-Disposition: form-data; name=\"\"\r\n\r\n",
		"--XX\r\nContent-Disposition: form-data; name=\"a\r\n\r\n",
		"--XXY\r\n",
		"--XX \n",
		"--XX\rx",
		"--XX-x",
		PART("a") "1\r\n--XXX--",
	};
	static const char nul[] = "--XX\r\nContent-Disposition: form-data; name=\"a\0\"\r\n\r\n";
	static const char other[] =
		"--XX\r\nContent-Disposition: form-data; name=a\r\nX: \0\r\n\r\n";

	(void)state;
	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++)
		if (fault(bodies[i], strlen(bodies[i])) != DRIFT_EFORMAT)
			fail_msg("taken: %s", bodies[i]);
	assert_int_equal(fault(nul, sizeof(nul) - 1), DRIFT_EFORMAT);
	assert_int_equal(fault(other, sizeof(other) - 1), DRIFT_EFORMAT);
}

/* A head of so many bytes, and so many before the first part. */
static enum drift_err fault_of_long(size_t head, size_t preamble)
{
	static const char begin[] = "\r\n--XX\r\nContent-Disposition: form-data; name=a\r\nX: ";
	size_t fixed = sizeof(begin) - 1 - 8 + 4, all = preamble + head + 16;
	char *body = malloc(all);
	enum drift_err err;

	memset(body, 'x', all);
	memcpy(body + preamble, begin, sizeof(begin) - 1);
	assert_true(head >= fixed);
	memcpy(body + preamble + 8 + head - 4, "\r\n\r\n", 4);
	err = fault(body, preamble + 8 + head);
	free(body);
	return err;
}

static void it_caps_what_has_no_end(void **state)
{
	(void)state;
	assert_int_equal(fault_of_long(MULTIPART_HEAD_MAX, 0), DRIFT_OK);
	assert_int_equal(fault_of_long(MULTIPART_HEAD_MAX + 1, 0), DRIFT_ELARGE);
	assert_int_equal(fault_of_long(200, MULTIPART_HEAD_MAX - 2), DRIFT_OK);
	assert_int_equal(fault_of_long(200, MULTIPART_HEAD_MAX + 1), DRIFT_ELARGE);
}

/* Whatever a stranger sends: every bit of a good form flipped, and noise. */
static void it_survives_anything(void **state)
{
	static const char good[] =
		PART("k") "v\r\n" FILE_PART("f", "a\\\"b.wav") "1\r\n2\r\n--XX--";
	char bad[sizeof(good)];
	uint32_t seed = 1;

	(void)state;
	for (size_t bit = 0; bit < 8 * (sizeof(good) - 1); bit++) {
		memcpy(bad, good, sizeof(good));
		bad[bit / 8] = (char)(bad[bit / 8] ^ (1 << bit % 8));
		(void)fault(bad, sizeof(good) - 1);
	}
	for (int round = 0; round < 5000; round++) {
		static const char letters[] = "\r\n-X: ;=\"a\\";

		for (size_t i = 0; i < sizeof(bad); i++)
			bad[i] = letters[((seed = seed * 1664525 + 1013904223) >> 8) %
					 (sizeof(letters) - 1)];
		memcpy(bad, good, 20);
		(void)fault(bad, sizeof(bad));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_reads_fields_and_files_however_they_are_cut),
		cmocka_unit_test(it_keeps_what_only_looks_like_a_delimiter),
		cmocka_unit_test(it_drops_what_is_before_and_behind_the_parts),
		cmocka_unit_test(it_takes_blanks_behind_a_delimiter),
		cmocka_unit_test(it_decodes_what_browsers_encode_in_names),
		cmocka_unit_test(it_finds_the_boundary),
		cmocka_unit_test(it_refuses_boundaries_that_are_none),
		cmocka_unit_test(it_sees_that_the_end_is_missing),
		cmocka_unit_test(it_refuses_what_is_no_form),
		cmocka_unit_test(it_caps_what_has_no_end),
		cmocka_unit_test(it_survives_anything),
	};

	return cmocka_run_group_tests_name("multipart", tests, NULL, NULL);
}
