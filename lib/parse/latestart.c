#include "parse/latestart.h"

#include "format/mp4box.h"

#include <stdbool.h>
#include <string.h>

#define EMPTY UINT32_MAX /* media time of an empty edit */
#define EDIT 12 /* bytes of an entry, version 0 */

static void put_u32(uint8_t *d, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		d[i] = (uint8_t)(v >> (24 - 8 * i));
}

/* Version 0 of mvhd and mdhd alike: two times, then it. */
static uint32_t timescale_of(struct mp4box in, const char *type)
{
	struct mp4box box;

	return mp4box_find(in, type, &box) && box.len >= 16 && box.data[0] == 0
		       ? mp4box_u32(box.data + 12)
		       : 0;
}

/* The same bytes, where they may be changed: b is inside of file. */
static uint8_t *changeable(uint8_t *file, struct mp4box b)
{
	return file + (b.data - file);
}

/* The real edit takes the place of the empty one, and a free box its own. */
static bool drop_empty_edit(uint8_t *file, struct mp4box box, uint32_t *duration)
{
	uint8_t *elst = changeable(file, box), *entry = elst + 8;

	if (box.len != 8 + 2 * EDIT || elst[0] != 0 || mp4box_u32(elst + 4) != 2 ||
	    mp4box_u32(entry + 4) != EMPTY)
		return false;
	*duration = mp4box_u32(entry);
	memmove(entry, entry + EDIT, EDIT);
	put_u32(elst + 4, 1);
	put_u32(elst - MP4BOX_HEAD, MP4BOX_HEAD + 8 + EDIT);
	put_u32(entry + EDIT, EDIT);
	memcpy(entry + EDIT + 4, "free", 4);
	put_u32(entry + EDIT + 8, 0);
	return true;
}

static int64_t take_of_track(uint8_t *file, struct mp4box trak, uint32_t movie)
{
	struct mp4box edts, elst, mdia;
	uint32_t duration, own;

	if (!mp4box_find(trak, "edts", &edts) || !mp4box_find(edts, "elst", &elst) ||
	    !mp4box_find(trak, "mdia", &mdia))
		return 0;
	own = timescale_of(mdia, "mdhd");
	if (own == 0 || !drop_empty_edit(file, elst, &duration))
		return 0;
	return (int64_t)(((uint64_t)duration * own + movie / 2) / movie);
}

void latestart_take(uint8_t *init, size_t len, struct latestart *out)
{
	struct mp4box moov, trak;
	uint32_t movie;
	size_t at = 0;

	*out = (struct latestart){0};
	if (!mp4box_find((struct mp4box){init, len}, "moov", &moov))
		return;
	movie = timescale_of(moov, "mvhd");
	for (int i = 0; movie && i < LATESTART_TRACKS && mp4box_next(moov, "trak", &at, &trak); i++)
		out->wait[i] = take_of_track(init, trak, movie);
}

static void apply_to_track(const struct latestart *l, uint8_t *file, struct mp4box traf)
{
	struct mp4box tfhd, tfdt;
	uint32_t track;
	uint64_t time;
	uint8_t *at;

	if (!mp4box_find(traf, "tfhd", &tfhd) || tfhd.len < 8 ||
	    !mp4box_find(traf, "tfdt", &tfdt) || tfdt.len < 12 || tfdt.data[0] != 1)
		return;
	track = mp4box_u32(tfhd.data + 4);
	if (track < 1 || track > LATESTART_TRACKS)
		return;
	at = changeable(file, tfdt) + 4;
	time = (uint64_t)mp4box_u32(at) << 32 | mp4box_u32(at + 4);
	time += (uint64_t)l->wait[track - 1];
	put_u32(at, (uint32_t)(time >> 32));
	put_u32(at + 4, (uint32_t)time);
}

void latestart_apply(const struct latestart *l, uint8_t *fragment, size_t len)
{
	struct mp4box moof, traf;
	size_t at = 0;

	if (!mp4box_find((struct mp4box){fragment, len}, "moof", &moof))
		return;
	while (mp4box_next(moof, "traf", &at, &traf))
		apply_to_track(l, fragment, traf);
}
