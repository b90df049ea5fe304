#include "parse/mp4edit.h"

#include <string.h>

#define BOXES_MAX 100000 /* in all: a hostile file can nest and repeat */

struct reader {
	struct incoming *in;
	int boxes;
};

struct box {
	char type[4];
	int64_t body, end; /* bytes in the file */
};

static uint64_t big(const uint8_t *d, int bytes)
{
	uint64_t v = 0;

	for (int i = 0; i < bytes; i++)
		v = v << 8 | d[i];
	return v;
}

static bool read_box(struct reader *r, int64_t at, int64_t end, struct box *out)
{
	uint8_t h[16];
	ssize_t got = incoming_fill(r->in, h, sizeof(h), at);
	int64_t head = 8;
	uint64_t size;

	if (r->boxes++ >= BOXES_MAX || got < 8 || end - at < 8)
		return false;
	size = big(h, 4);
	if (size == 1 && got == 16) {
		size = big(h + 8, 8);
		head = 16;
	}
	if (size == 0 || size > (uint64_t)(end - at))
		size = (uint64_t)(end - at);
	if (size < (uint64_t)head)
		return false;
	memcpy(out->type, h + 4, 4);
	out->body = at + head;
	out->end = at + (int64_t)size;
	return true;
}

/* Goes on from *at to the next box of that type before end. */
static bool find(struct reader *r, const char *type, int64_t *at, int64_t end, struct box *out)
{
	while (read_box(r, *at, end, out)) {
		*at = out->end;
		if (memcmp(out->type, type, 4) == 0)
			return true;
	}
	return false;
}

static bool child(struct reader *r, const struct box *parent, const char *type, struct box *out)
{
	int64_t at = parent->body;

	return find(r, type, &at, parent->end, out);
}

/* A 32-bit field of a full box; offsets for version 0 and 1. */
static bool field(struct reader *r, const struct box *parent, const char *type, int at0, int at1,
		  uint32_t *out)
{
	struct box box;
	uint8_t d[64];

	if (!child(r, parent, type, &box) || incoming_fill(r->in, d, sizeof(d), box.body) < at1 + 4)
		return false;
	*out = (uint32_t)big(d + (d[0] == 1 ? at1 : at0), 4);
	return true;
}

#define NORMAL_RATE 0x10000 /* 16.16 */

/* One edit that is no pause: a stretch of the media. */
struct stretch {
	int64_t media_time, duration; /* in media_scale; in movie_scale, 0: to the end */
};

static bool parse_edit(const uint8_t *d, int wide, struct stretch *out)
{
	int64_t time = wide == 8 ? (int64_t)big(d + 8, 8) : (int32_t)big(d + 4, 4);
	int64_t duration = (int64_t)big(d, wide), rate = (int32_t)big(d + 2 * wide, 4);

	if (time < 0 || rate == 0 || duration < 0)
		return false;
	if (rate > 0 && rate != NORMAL_RATE && duration < INT64_MAX >> 32)
		duration = duration * rate / NORMAL_RATE;
	*out = (struct stretch){time, duration};
	return true;
}

/* Is it where what was found so far ends, but for the rounding of either scale? */
static bool goes_on(const struct mp4edit *e, const struct stretch *next)
{
	double end = (double)e->media_time / e->media_scale + (double)e->duration / e->movie_scale;
	double off = (double)next->media_time / e->media_scale - end;
	double tick = 1.0 / e->movie_scale + 1.0 / e->media_scale;

	return e->edits == 1 && e->duration > 0 && off < tick && off > -tick;
}

static void add_edit(struct mp4edit *e, const struct stretch *next)
{
	if (e->edits == 0) {
		e->media_time = next->media_time;
		e->duration = next->duration;
		e->edits = 1;
	} else if (!goes_on(e, next)) {
		e->edits++;
	} else if (next->duration == 0) {
		e->duration = 0;
	} else {
		e->duration += next->duration < INT64_MAX / 2 - e->duration ? next->duration : 0;
	}
}

/* out: the scales are set */
static bool read_edits(struct reader *r, const struct box *trak, struct mp4edit *out)
{
	struct box edts, elst;
	struct stretch edit;
	uint8_t d[20];
	int wide;
	uint32_t entries;

	if (!child(r, trak, "edts", &edts) || !child(r, &edts, "elst", &elst) ||
	    incoming_fill(r->in, d, 8, elst.body) < 8)
		return false;
	wide = d[0] == 1 ? 8 : 4;
	entries = (uint32_t)big(d + 4, 4);
	for (uint32_t i = 0; i < entries && r->boxes++ < BOXES_MAX; i++) {
		int size = 2 * wide + 4;
		int64_t at = elst.body + 8 + (int64_t)i * size;

		if (at + size > elst.end || incoming_fill(r->in, d, (size_t)size, at) < size)
			break;
		if (parse_edit(d, wide, &edit))
			add_edit(out, &edit);
	}
	return out->edits > 0;
}

bool mp4edit_read(struct incoming *in, int64_t start, uint32_t track, struct mp4edit *out)
{
	struct reader r = {.in = in};
	struct mp4edit edit = {0};
	struct box moov, trak, mdia;
	int64_t at = start;
	uint32_t id;

	if (!find(&r, "moov", &at, in->bytes, &moov))
		return false;
	at = moov.body;
	while (find(&r, "trak", &at, moov.end, &trak)) {
		if (!field(&r, &trak, "tkhd", 12, 20, &id) || id != track)
			continue;
		if (!child(&r, &trak, "mdia", &mdia) ||
		    !field(&r, &mdia, "mdhd", 12, 20, &edit.media_scale) ||
		    !field(&r, &moov, "mvhd", 12, 20, &edit.movie_scale))
			return false;
		if (edit.media_scale == 0 || edit.movie_scale == 0 || !read_edits(&r, &trak, &edit))
			return false;
		*out = edit;
		return true;
	}
	return false;
}
