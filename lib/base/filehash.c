#include "base/filehash.h"

#include "base/io.h"

#include <assert.h>

#define PIECE 65536

enum drift_err filehash_init(struct filehash *h, int fd, int64_t bytes)
{
	struct filehash new = {.fd = fd, .bytes = bytes};
	enum drift_err err = digest_init(&new.digest, DIGEST_SHA256);

	if (!err)
		*h = new;
	return err;
}

void filehash_clear(struct filehash *h)
{
	digest_clear(&h->digest);
	*h = (struct filehash){0};
}

enum drift_err filehash_advance(struct filehash *h, double part)
{
	int64_t end = part < 1 ? (int64_t)(part * (double)h->bytes) : h->bytes;
	uint8_t piece[PIECE];

	while (h->at < end) {
		size_t n = end - h->at < PIECE ? (size_t)(end - h->at) : PIECE;
		enum drift_err err = io_pread_all(h->fd, piece, n, h->at);

		if (err)
			return err;
		digest_add(&h->digest, piece, n);
		h->at += (int64_t)n;
	}
	return DRIFT_OK;
}

void filehash_finish(struct filehash *h, char out[FILEHASH_TEXT_MAX])
{
	uint8_t digest[DIGEST_MAX];

	assert(h->at == h->bytes);
	digest_finish(&h->digest, digest);
	digest_hex(digest, digest_size(DIGEST_SHA256), out);
}
