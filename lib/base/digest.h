/*
 * digest.h - checksums of bytes that arrive in pieces (edge: libcrypto).
 *
 * SHA-256 is what the catalogue keeps of a source; SHA-512 may come in a digest
 * field (RFC 9530); SHA-1 and MD5 are there
 * because tus clients ask for them, never against somebody who wants two
 * files to look alike.
 */
#ifndef DRIFT_BASE_DIGEST_H
#define DRIFT_BASE_DIGEST_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

#define DIGEST_MAX 64 /* bytes of the longest one */

enum digest_kind { DIGEST_MD5, DIGEST_SHA1, DIGEST_SHA256, DIGEST_SHA512 };

/* One that somebody tells. */
struct digest_value {
	enum digest_kind kind;
	uint8_t bytes[DIGEST_MAX]; /* digest_size(kind) of them count */
};

struct digest {
	void *context; /* owned; all-zero is valid and takes no bytes */
};

/* Bytes of a finished digest: 16, 20, 32 or 64. */
size_t digest_size(enum digest_kind kind);

/* DRIFT_ENOMEM when libcrypto cannot; out is the caller's to digest_clear(). */
enum drift_err digest_init(struct digest *out, enum digest_kind kind) MUST_CHECK;

/* Nothing happens on an all-zero digest. */
void digest_add(struct digest *d, const void *data, size_t len);

/* Writes digest_size() bytes; no more may be added. The digest is not all-zero. */
void digest_finish(struct digest *d, uint8_t out[DIGEST_MAX]);

void digest_clear(struct digest *d);

/* HMAC-SHA256 (RFC 2104) of a text. It fails only when out of memory, and then ends
   the program: no tag at all is better than one that can be guessed. */
void digest_hmac(const uint8_t key[32], const char *text, uint8_t out[32]);

/* Lower-case hexadecimal digits and NUL: out has room for 2 * len + 1. */
void digest_hex(const uint8_t *bytes, size_t len, char *out);

#endif
