#include "parse/latestart.h"

#include <stdbool.h>
#include <string.h>

#define HEAD 8 /* size and type of a box */
#define EMPTY UINT32_MAX /* media time of an empty edit */
#define EDIT 12 /* bytes of an entry, version 0 */

struct box {
	uint8_t *data; /* behind the head */
	size_t len;
};

static uint32_t u32(const uint8_t *d)
{
	return (uint32_t)d[0] << 24 | (uint32_t)d[1] << 16 | (uint32_t)d[2] << 8 | d[3];
}

static void put_u32(uint8_t *d, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		d[i] = (uint8_t)(v >> (24 - 8 * i));
}

/* The box of that type at or behind *at; *at moves behind it. */
static bool next_box(struct box in, const char *type, size_t *at, struct box *out)
{
	while (*at + HEAD <= in.len) {
		uint8_t *d = in.data + *at;
		size_t size = u32(d);

		if (size < HEAD || size > in.len - *at)
			return false;
		*at += size;
		*out = (struct box){d + HEAD, size - HEAD};
		if (memcmp(d + 4, type, 4) == 0)
			return true;
	}
	return false;
}

static bool find_box(struct box in, const char *type, struct box *out)
{
	size_t at = 0;

	return next_box(in, type, &at, out);
}

/* Version 0 of mvhd and mdhd alike: two times, then it. */
static uint32_t timescale_of(struct box in, const char *type)
{
	struct box box;

	return find_box(in, type, &box) && box.len >= 16 && box.data[0] == 0 ? u32(box.data + 12)
									     : 0;
}

/* The real edit takes the place of the empty one, and a free box its own. */
static bool drop_empty_edit(struct box elst, uint32_t *duration)
{
	uint8_t *entry = elst.data + 8;

	if (elst.len != 8 + 2 * EDIT || elst.data[0] != 0 || u32(elst.data + 4) != 2 ||
	    u32(entry + 4) != EMPTY)
		return false;
	*duration = u32(entry);
	memmove(entry, entry + EDIT, EDIT);
	put_u32(elst.data + 4, 1);
	put_u32(elst.data - HEAD, HEAD + 8 + EDIT);
	put_u32(entry + EDIT, EDIT);
	memcpy(entry + EDIT + 4, "free", 4);
	put_u32(entry + EDIT + 8, 0);
	return true;
}

static int64_t take_of_track(struct box trak, uint32_t movie)
{
	struct box edts, elst, mdia;
	uint32_t duration, own;

	if (!find_box(trak, "edts", &edts) || !find_box(edts, "elst", &elst) ||
	    !find_box(trak, "mdia", &mdia))
		return 0;
	own = timescale_of(mdia, "mdhd");
	if (own == 0 || !drop_empty_edit(elst, &duration))
		return 0;
	return (int64_t)(((uint64_t)duration * own + movie / 2) / movie);
}

void latestart_take(uint8_t *init, size_t len, struct latestart *out)
{
	struct box moov, trak;
	uint32_t movie;
	size_t at = 0;

	*out = (struct latestart){0};
	if (!find_box((struct box){init, len}, "moov", &moov))
		return;
	movie = timescale_of(moov, "mvhd");
	for (int i = 0; movie && i < LATESTART_TRACKS && next_box(moov, "trak", &at, &trak); i++)
		out->wait[i] = take_of_track(trak, movie);
}

static void apply_to_track(const struct latestart *l, struct box traf)
{
	struct box tfhd, tfdt;
	uint32_t track;
	uint64_t time;

	if (!find_box(traf, "tfhd", &tfhd) || tfhd.len < 8 || !find_box(traf, "tfdt", &tfdt) ||
	    tfdt.len < 12 || tfdt.data[0] != 1)
		return;
	track = u32(tfhd.data + 4);
	if (track < 1 || track > LATESTART_TRACKS)
		return;
	time = (uint64_t)u32(tfdt.data + 4) << 32 | u32(tfdt.data + 8);
	time += (uint64_t)l->wait[track - 1];
	put_u32(tfdt.data + 4, (uint32_t)(time >> 32));
	put_u32(tfdt.data + 8, (uint32_t)time);
}

void latestart_apply(const struct latestart *l, uint8_t *fragment, size_t len)
{
	struct box moof, traf;
	size_t at = 0;

	if (!find_box((struct box){fragment, len}, "moof", &moof))
		return;
	while (next_box(moof, "traf", &at, &traf))
		apply_to_track(l, traf);
}
