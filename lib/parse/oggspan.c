#include "parse/oggspan.h"

#include <string.h>
#include <unistd.h>

#define HEADER 27
#define PAGE_HEADER_MAX (HEADER + 255)
#define FLAG_FIRST 2
#define FLAG_LAST 4
#define BEAT_PAGES 4096

struct page {
	int64_t granule;
	uint32_t serial;
	uint8_t flags;
	int packets; /* that end on it */
	int64_t bytes;
	uint8_t body[8]; /* the first bytes of the first packet */
};

static uint64_t little(const uint8_t *d, int bytes)
{
	uint64_t v = 0;

	while (bytes-- > 0)
		v = v << 8 | d[bytes];
	return v;
}

static bool read_page(int fd, int64_t at, struct page *out)
{
	uint8_t h[PAGE_HEADER_MAX + 8];
	ssize_t got = pread(fd, h, sizeof(h), at);
	int64_t body = 0;

	if (got < HEADER || memcmp(h, "OggS", 4) != 0 || h[4] != 0 || got < HEADER + h[26])
		return false;
	*out = (struct page){
		.granule = (int64_t)little(h + 6, 8),
		.serial = (uint32_t)little(h + 14, 4),
		.flags = h[5],
	};
	for (int i = 0; i < h[26]; i++) {
		body += h[HEADER + i];
		out->packets += h[HEADER + i] < 255;
	}
	out->bytes = HEADER + h[26] + body;
	if (got >= HEADER + h[26] + 8)
		memcpy(out->body, h + HEADER + h[26], 8);
	return true;
}

/* The next capture pattern at or behind at, -1 for none. */
static int64_t find_page(int fd, int64_t at, int64_t end)
{
	char block[65536];
	ssize_t got;
	char *hit;

	while (at < end && (got = pread(fd, block, sizeof(block), at)) >= 4) {
		hit = memmem(block, (size_t)got, "OggS", 4);
		if (hit)
			return at + (hit - block);
		at += got - 3;
	}
	return -1;
}

static int header_packets(const struct page *p)
{
	if (!(p->flags & FLAG_FIRST))
		return 0;
	if (memcmp(p->body, "OpusHead", 8) == 0)
		return 2;
	return memcmp(p->body, "\1vorbis", 7) == 0 ? 3 : 0;
}

struct walk {
	uint32_t serial;
	int headers; /* packets still to pass; -1 until the stream is found */
	bool done;
	struct oggspan span;
};

static void add_audio(struct oggspan *s, const struct page *p)
{
	s->one_page = s->packets == 0;
	if (s->packets == 0) {
		s->first_granule = p->granule;
		s->first_packets = p->packets;
	}
	s->packets += p->packets;
	s->last_granule = p->granule;
	s->last_packets = p->packets;
}

/* All streams that sound together begin before there is any audio. */
static bool is_of_next_link(const struct walk *w, const struct page *p)
{
	return header_packets(p) > 0 && w->span.packets > 0;
}

static void add_page(struct walk *w, const struct page *p, int64_t at)
{
	if (w->headers < 0 && header_packets(p) > 0) {
		w->serial = p->serial;
		w->headers = header_packets(p);
		w->span.start = at;
	}
	if (w->headers < 0 || p->serial != w->serial)
		return;
	if (w->headers > 0)
		w->headers = p->packets < w->headers ? w->headers - p->packets : 0;
	else if (p->packets > 0)
		add_audio(&w->span, p);
	w->done = p->flags & FLAG_LAST;
}

bool oggspan_read(int fd, int64_t start, int64_t end, void (*beat)(void), struct oggspan *out)
{
	struct walk w = {.headers = -1};
	struct page page;
	int64_t at = start;

	for (int64_t n = 1; !w.done && at >= 0 && at < end; n++) {
		if (n % BEAT_PAGES == 0 && beat)
			beat();
		if (!read_page(fd, at, &page)) {
			at = find_page(fd, at + 1, end);
			continue;
		}
		/* a page cut off by the end of the file gives no packets */
		if (at + page.bytes > end)
			break;
		if (is_of_next_link(&w, &page))
			break;
		add_page(&w, &page, at);
		at += page.bytes;
	}
	if (w.headers < 0)
		return false;
	w.span.end = at < 0 ? end : at;
	*out = w.span;
	return true;
}
