#include "parse/oggcomment.h"

#include "parse/vorbiscomment.h"

#include <string.h>

#define PAGE_HEAD 27 /* bytes before the lacing values */
#define SERIAL_AT 14
#define SEGMENTS_AT 26
#define PAGES_MAX 4096 /* looked at: 16 MiB of comments and pictures are many less */
#define PACKET_MAX (16u << 20) /* bytes */
#define FIRST_MAX 8 /* bytes that say what a stream is */

struct page {
	uint8_t head[PAGE_HEAD + 255];
	int segments;
	size_t bytes; /* behind the head */
	int64_t data_at;
};

/* What begins a stream of sound, and what its packet of comments begins with. */
static const struct {
	const char *first;
	size_t len;
	size_t skip; /* bytes of the second packet before the vendor's length */
} kinds[] = {
	{"OpusHead", 8, 8},
	{"\1vorbis", 7, 7},
	{"\177FLAC", 5, 4},
};

static bool read_page(struct incoming *in, int64_t at, struct page *p)
{
	ssize_t got = incoming_fill(in, p->head, PAGE_HEAD, at);

	if (got != PAGE_HEAD || memcmp(p->head, "OggS", 4) != 0)
		return false;
	p->segments = p->head[SEGMENTS_AT];
	got = incoming_fill(in, p->head + PAGE_HEAD, (size_t)p->segments, at + PAGE_HEAD);
	if (got != p->segments)
		return false;
	p->bytes = 0;
	for (int i = 0; i < p->segments; i++)
		p->bytes += p->head[PAGE_HEAD + i];
	p->data_at = at + PAGE_HEAD + p->segments;
	return true;
}

/* Which of kinds the stream is that this page begins; -1: none. */
static int kind_of(struct incoming *in, const struct page *p)
{
	uint8_t first[FIRST_MAX] = {0};

	if (incoming_fill(in, first, sizeof(first), p->data_at) < (ssize_t)sizeof(first))
		return -1;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (memcmp(first, kinds[i].first, kinds[i].len) == 0)
			return (int)i;
	return -1;
}

/* Adds what the page has of the packet; true: it ends here. */
static bool add_segments(struct incoming *in, const struct page *p, struct buf *packet)
{
	uint8_t data[255 * 255];
	bool ends = false;
	size_t bytes = 0;

	for (int i = 0; i < p->segments && !ends; i++) {
		bytes += p->head[PAGE_HEAD + i];
		ends = p->head[PAGE_HEAD + i] < 255;
	}
	if (incoming_fill(in, data, bytes, p->data_at) != (ssize_t)bytes)
		return false;
	buf_add(packet, data, bytes);
	return ends;
}

/* The packet that the first page of the stream at or behind at begins; false: it is not whole. */
static bool read_packet(struct incoming *in, int64_t at, const uint8_t serial[4],
			struct buf *packet)
{
	struct page p;

	for (int i = 0; i < PAGES_MAX && packet->len < PACKET_MAX; i++) {
		if (!read_page(in, at, &p))
			return false;
		if (memcmp(p.head + SERIAL_AT, serial, 4) == 0 && add_segments(in, &p, packet))
			return buf_ok(packet);
		at = p.data_at + (int64_t)p.bytes;
	}
	return false;
}

bool oggcomment_read(struct incoming *in, int64_t start, struct tagdraft *out)
{
	struct buf packet = {0};
	struct page p;
	int kind = -1;
	bool found = false;

	for (int i = 0; i < PAGES_MAX && kind < 0; i++) {
		if (!read_page(in, start, &p))
			return false;
		kind = kind_of(in, &p);
		start = p.data_at + (int64_t)p.bytes;
	}
	if (kind >= 0 && read_packet(in, start, p.head + SERIAL_AT, &packet) &&
	    packet.len > kinds[kind].skip) {
		vorbiscomment_read((const uint8_t *)packet.data + kinds[kind].skip,
				   packet.len - kinds[kind].skip, out);
		found = true;
	}
	out->failed = out->failed || packet.failed;
	buf_clear(&packet);
	return found;
}
