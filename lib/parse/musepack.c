#include "parse/musepack.h"

#include <string.h>

#define HEAD_BYTES 64
#define NUMBER_BYTES 9 /* of a coded number at most */

struct reader {
	const uint8_t *at, *end;
};

/* Seven bits a byte, the highest first; the top bit says that more follow. -1: too long. */
static int64_t read_number(struct reader *r)
{
	int64_t value = 0;

	for (int i = 0; i < NUMBER_BYTES && r->at < r->end; i++) {
		uint8_t byte = *r->at++;

		value = value << 7 | (byte & 0x7f);
		if (!(byte & 0x80))
			return value;
	}
	return -1;
}

static bool skip(struct reader *r, int bytes)
{
	if (r->end - r->at < bytes)
		return false;
	r->at += bytes;
	return true;
}

/* Size of the packet, checksum, version 8, samples, silence. */
static bool read_head(struct reader *r, struct musepack *out)
{
	struct musepack head;

	if (read_number(r) < 0 || !skip(r, 4) || r->at == r->end || *r->at++ != 8)
		return false;
	head.samples = read_number(r);
	head.silence = read_number(r);
	if (head.silence < 0 || head.samples <= head.silence)
		return false;
	*out = head;
	return true;
}

bool musepack_read(struct incoming *in, int64_t start, struct musepack *out)
{
	uint8_t data[HEAD_BYTES];
	ssize_t got = incoming_fill(in, data, sizeof(data), start);
	struct reader r = {data + 6, data + got};

	if (got < 7 || memcmp(data, "MPCKSH", 6) != 0)
		return false;
	return read_head(&r, out);
}
