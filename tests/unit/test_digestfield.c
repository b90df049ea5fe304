/* http/digestfield: what Content-Digest and Repr-Digest say */
#include "http/digestfield.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

/* of {"hello": "world"} and a line end: RFC 9530 appendix B.1 and section 2 */
#define SHA256 "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:"
#define SHA512                                                                                     \
	"sha-512=:YMAam51Jz/jOATT6/zvHrLVgOYTGFy1d6GJiOHTohq4yP+pgk4vf2aCsyRZOtw8MjkM7iw7yZ/"      \
	"WkppmM44T3qg==:"

static bool read(const char *text, struct digest_value *out)
{
	bool found = false;

	assert_int_equal(digestfield_parse(text, &found, out), DRIFT_OK);
	return found;
}

static void it_reads_the_examples_of_the_rfc(void **state)
{
	struct digest_value v;

	(void)state;
	assert_true(read(SHA256, &v));
	assert_int_equal(v.kind, DIGEST_SHA256);
	assert_int_equal(v.bytes[0], 0x44);
	assert_int_equal(v.bytes[31], 0x38);
	assert_true(read(SHA512, &v));
	assert_int_equal(v.kind, DIGEST_SHA512);
	assert_int_equal(v.bytes[0], 0x60);
	assert_int_equal(v.bytes[63], 0xaa);
}

static void it_takes_the_strongest_of_several(void **state)
{
	struct digest_value v;

	(void)state;
	assert_true(read(SHA256 ", " SHA512, &v));
	assert_int_equal(v.kind, DIGEST_SHA512);
	assert_true(read(SHA512 " ,\t" SHA256, &v));
	assert_int_equal(v.kind, DIGEST_SHA512);
	assert_true(read("md5=:AAAA:, " SHA256 ";a=\"x,\\\"y\";b", &v));
	assert_int_equal(v.kind, DIGEST_SHA256);
}

static void it_leaves_what_it_does_not_know(void **state)
{
	struct digest_value v;

	(void)state;
	assert_false(read(NULL, &v));
	assert_false(read("", &v));
	assert_false(read("unixsum=:AAAA:", &v));
	assert_false(read("sha=::, md5=:AAAA:", &v));
}

static void it_refuses_what_is_not_well_formed(void **state)
{
	static const char *const texts[] = {
		"sha-256",
		"sha-256=",
		"sha-256=:",
		"sha-256=RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=",
		"sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=",
		"sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabD:",
		"sha-256=:AAAA:",
		"sha-512=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:",
		SHA256 ",",
		SHA256 "x",
		SHA256 " " SHA512,
		"SHA-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:",
		", " SHA256,
		"sha-256=:"
		"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
		"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA:",
	};
	struct digest_value v = {.kind = DIGEST_MD5};
	bool found = false;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (digestfield_parse(texts[i], &found, &v) != DRIFT_EINVAL)
			fail_msg("%s is taken", texts[i]);
	assert_int_equal(v.kind, DIGEST_MD5);
	assert_false(found);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_reads_the_examples_of_the_rfc),
		cmocka_unit_test(it_takes_the_strongest_of_several),
		cmocka_unit_test(it_leaves_what_it_does_not_know),
		cmocka_unit_test(it_refuses_what_is_not_well_formed),
	};

	return cmocka_run_group_tests_name("digestfield", tests, NULL, NULL);
}
