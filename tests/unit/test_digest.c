/* base/digest: the digests that openssl prints, however the bytes arrive */
#include "base/digest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void expect(enum digest_kind kind, size_t step, const char *hex)
{
	const char *text = "hello world";
	char found[2 * DIGEST_MAX + 1];
	uint8_t bytes[DIGEST_MAX];
	struct digest d;

	assert_int_equal(digest_init(&d, kind), DRIFT_OK);
	for (size_t i = 0; i < strlen(text); i += step)
		digest_add(&d, text + i, strlen(text) - i < step ? strlen(text) - i : step);
	digest_finish(&d, bytes);
	digest_clear(&d);
	digest_hex(bytes, digest_size(kind), found);
	assert_string_equal(found, hex);
}

static void it_is_what_openssl_prints(void **state)
{
	(void)state;
	for (size_t step = 1; step <= 11; step++) {
		expect(DIGEST_MD5, step, "5eb63bbbe01eeed093cb22bb8f5acdc3");
		expect(DIGEST_SHA1, step, "2aae6c35c94fcfb415dbe95f408b9ce91ee846ed");
		expect(DIGEST_SHA256, step,
		       "b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9");
	}
}

static void it_takes_nothing_while_it_is_empty(void **state)
{
	struct digest d = {0};

	(void)state;
	digest_add(&d, "a", 1);
	digest_clear(&d);
	assert_null(d.context);
}

/* RFC 4231 has no key of 32 bytes; this is what `openssl dgst -mac hmac` prints */
static void it_signs_as_openssl_does(void **state)
{
	static const uint8_t key[32] = "0123456789abcdef0123456789abcde";
	char found[65];
	uint8_t mac[32];

	(void)state;
	digest_hmac(key, "hello world", mac);
	digest_hex(mac, sizeof(mac), found);
	assert_string_equal(found,
			    "7d0444f74e8b94f2fdf5b7a06075a7dfb3c172969c49f3608f64e10a29c60326");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_what_openssl_prints),
		cmocka_unit_test(it_takes_nothing_while_it_is_empty),
		cmocka_unit_test(it_signs_as_openssl_does),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
