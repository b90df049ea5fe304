#include "media/mp4edit.h"

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

static bool read_edits(struct reader *r, const struct box *trak, struct mp4edit *out)
{
	struct box edts, elst;
	uint8_t d[20];
	int wide;
	uint32_t entries;

	if (!child(r, trak, "edts", &edts) || !child(r, &edts, "elst", &elst) ||
	    incoming_fill(r->in, d, 8, elst.body) < 8)
		return false;
	wide = d[0] == 1 ? 8 : 4;
	entries = (uint32_t)big(d + 4, 4);
	for (uint32_t i = 0; i < entries && r->boxes++ < BOXES_MAX; i++) {
		int64_t at = elst.body + 8 + (int64_t)i * (2 * wide + 4), media_time;

		if (at + 2 * wide > elst.end || incoming_fill(r->in, d, sizeof(d), at) < 2 * wide)
			break;
		media_time = wide == 8 ? (int64_t)big(d + 8, 8) : (int32_t)big(d + 4, 4);
		if (media_time < 0)
			continue; /* an empty edit: a pause that we leave out */
		if (out->edits++ == 0) {
			out->media_time = media_time;
			out->duration = (int64_t)big(d, wide);
		}
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
		    !field(&r, &moov, "mvhd", 12, 20, &edit.movie_scale) ||
		    !read_edits(&r, &trak, &edit))
			return false;
		if (edit.media_scale == 0 || edit.movie_scale == 0)
			return false;
		*out = edit;
		return true;
	}
	return false;
}
