#include "parse/cafpakt.h"

#include <string.h>

#define FILE_HEAD 8 /* bytes: magic, version, flags */
#define CHUNK_HEAD 12 /* type, length */
#define PAKT_HEAD 24
#define CHUNKS_MAX 1000 /* of a hostile file */

static int64_t big(const uint8_t *d, int bytes)
{
	uint64_t v = 0;

	for (int i = 0; i < bytes; i++)
		v = v << 8 | d[i];
	return bytes == 4 ? (int32_t)(uint32_t)v : (int64_t)v;
}

static bool parse(const uint8_t *d, struct cafpakt *out)
{
	struct cafpakt pakt = {
		.valid = big(d + 8, 8),
		.priming = big(d + 16, 4),
		.remainder = big(d + 20, 4),
	};

	if (pakt.valid < 0 || pakt.priming < 0 || pakt.remainder < 0)
		return false;
	*out = pakt;
	return true;
}

bool cafpakt_read(struct incoming *in, int64_t start, struct cafpakt *out)
{
	uint8_t d[CHUNK_HEAD + PAKT_HEAD];
	int64_t at = start + FILE_HEAD, bytes;

	for (int i = 0; i < CHUNKS_MAX; i++) {
		ssize_t got = incoming_fill(in, d, sizeof(d), at);

		if (got < CHUNK_HEAD)
			return false;
		if (memcmp(d, "pakt", 4) == 0)
			return got == sizeof(d) && parse(d + CHUNK_HEAD, out);
		bytes = big(d + 4, 8);
		if (bytes < 0 || bytes > in->bytes - at - CHUNK_HEAD)
			return false;
		if (memcmp(d, "data", 4) == 0 && !incoming_is_whole(in))
			return false;
		at += CHUNK_HEAD + bytes;
	}
	return false;
}
