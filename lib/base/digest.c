#include "base/digest.h"

#include <assert.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>
#include <string.h>

static const EVP_MD *method(enum digest_kind kind)
{
	switch (kind) {
	case DIGEST_MD5:
		return EVP_md5();
	case DIGEST_SHA1:
		return EVP_sha1();
	case DIGEST_SHA256:
		return EVP_sha256();
	case DIGEST_SHA512:
		return EVP_sha512();
	}
	return NULL;
}

size_t digest_size(enum digest_kind kind)
{
	return (size_t)EVP_MD_get_size(method(kind));
}

enum drift_err digest_init(struct digest *out, enum digest_kind kind)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();

	if (!context || !EVP_DigestInit_ex(context, method(kind), NULL)) {
		EVP_MD_CTX_free(context);
		return DRIFT_ENOMEM;
	}
	out->context = context;
	return DRIFT_OK;
}

void digest_add(struct digest *d, const void *data, size_t len)
{
	int ok;

	if (!d->context)
		return;
	ok = EVP_DigestUpdate(d->context, data, len);
	assert(ok);
	(void)ok;
}

void digest_finish(struct digest *d, uint8_t out[DIGEST_MAX])
{
	int ok = EVP_DigestFinal_ex(d->context, out, NULL);

	assert(ok);
	(void)ok;
}

void digest_clear(struct digest *d)
{
	EVP_MD_CTX_free(d->context);
	d->context = NULL;
}

void digest_hmac(const uint8_t key[32], const char *text, uint8_t out[32])
{
	if (!HMAC(EVP_sha256(), key, 32, (const unsigned char *)text, strlen(text), out, NULL))
		abort();
}

void digest_hex(const uint8_t *bytes, size_t len, char *out)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < len; i++) {
		*out++ = digits[bytes[i] >> 4];
		*out++ = digits[bytes[i] & 15];
	}
	*out = '\0';
}
