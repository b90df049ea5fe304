#include "parse/id3v2.h"

#include "parse/id3frame.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define HEAD 10 /* bytes of the tag's */
#define FRAME_MAX (16u << 20) /* bytes of one, unpacked */

/* Flags of the tag, and of a frame in 2.3 and 2.4 (its second byte). */
#define TAG_UNSYNC 0x80
#define TAG_EXTENDED 0x40
#define V3_COMPRESSED 0x80
#define V3_ENCRYPTED 0x40
#define V3_GROUPED 0x20
#define V4_GROUPED 0x40
#define V4_COMPRESSED 0x08
#define V4_ENCRYPTED 0x04
#define V4_UNSYNC 0x02
#define V4_LENGTH 0x01

struct tag {
	int version; /* 2, 3, 4 */
	bool unsync; /* of every frame, in 2.4 */
	const uint8_t *data; /* frames, and padding */
	size_t len;
};

struct frame {
	char id[5]; /* of three letters in 2.2 */
	size_t head, bytes; /* of its head, and behind it */
	uint8_t flags;
};

static uint32_t u32be(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* Seven bits of each byte. */
static uint32_t synchsafe(const uint8_t *p)
{
	return (uint32_t)(p[0] & 0x7f) << 21 | (uint32_t)(p[1] & 0x7f) << 14 |
	       (uint32_t)(p[2] & 0x7f) << 7 | (p[3] & 0x7f);
}

/* Takes out the zeros behind 0xff (id3v2.4.0-structure 6.1); out has room for len bytes. */
static size_t resync(const uint8_t *data, size_t len, uint8_t *out)
{
	size_t to = 0;

	for (size_t i = 0; i < len; i++) {
		out[to++] = data[i];
		if (data[i] == 0xff && i + 1 < len && data[i + 1] == 0)
			i++;
	}
	return to;
}

/* --- where frames are ------------------------------------------------------------------- */

static bool is_id(const uint8_t *p, size_t letters)
{
	for (size_t i = 0; i < letters; i++)
		if (!isupper(p[i]) && (i == 0 || !isdigit(p[i])))
			return false;
	return true;
}

/* Does a frame begin here, or the padding, or is it the end? */
static bool is_border(const struct tag *t, size_t at)
{
	size_t letters = t->version == 2 ? 3 : 4;

	return at == t->len || (at < t->len && t->data[at] == 0) ||
	       (at + letters <= t->len && is_id(t->data + at, letters));
}

/* iTunes long wrote plain sizes into 2.4: the one behind which something begins is right. */
static size_t size_v4(const struct tag *t, size_t at)
{
	const uint8_t *size = t->data + at + 4;
	bool can_be_safe = !((size[0] | size[1] | size[2] | size[3]) & 0x80);
	size_t safe = synchsafe(size), plain = u32be(size), from = at + 10;

	if (can_be_safe && (safe == plain || is_border(t, from + safe)))
		return safe;
	return is_border(t, from + plain) || !can_be_safe ? plain : safe;
}

/* The frame at that place. False: none begins there, or it does not fit. */
static bool frame_at(const struct tag *t, size_t at, struct frame *f)
{
	const uint8_t *p = t->data + at;

	*f = (struct frame){.head = t->version == 2 ? 6 : 10};
	if (t->len - at <= f->head || !is_id(p, 3))
		return false;
	memcpy(f->id, p, 3);
	if (t->version == 2) {
		f->bytes = u32be(p + 2) & 0xffffff;
	} else {
		/* programs that were made for 2.2 leave a space or nothing behind the letters */
		if (p[3] != 0 && p[3] != ' ' && !is_id(p, 4))
			return false;
		f->id[3] = p[3] == ' ' ? '\0' : (char)p[3];
		f->bytes = t->version == 4 ? size_v4(t, at) : u32be(p + 4);
		f->flags = p[9];
	}
	return f->bytes <= t->len - at - f->head;
}

/* --- what is in one ------------------------------------------------------------------------- */

/* Room for a frame that is made of another: the caller's to free(). NULL: none is left. */
static uint8_t *make_room(size_t bytes, struct tagdraft *out)
{
	uint8_t *room = malloc(bytes ? bytes : 1);

	out->failed = out->failed || !room;
	return room;
}

static void read_inflated(const struct frame *f, const uint8_t *data, size_t len, size_t claimed,
			  struct tagdraft *out)
{
	uint8_t *room = claimed <= FRAME_MAX ? make_room(claimed, out) : NULL;
	z_stream z = {.next_in = (uint8_t *)(uintptr_t)data, .avail_in = (uInt)len};
	int err;

	if (room && inflateInit(&z) == Z_OK) {
		z.next_out = room;
		z.avail_out = (uInt)claimed;
		err = inflate(&z, Z_FINISH);
		if (err == Z_STREAM_END || err == Z_BUF_ERROR)
			id3frame_read(f->id, room, claimed - z.avail_out, out);
		inflateEnd(&z);
	}
	free(room);
}

static void read_v3(const struct frame *f, const uint8_t *data, size_t len, struct tagdraft *out)
{
	size_t claimed = 0, skip = 0;

	if (f->flags & V3_COMPRESSED && len >= 4) {
		claimed = u32be(data);
		skip = 4;
	}
	if (f->flags & V3_GROUPED)
		skip++;
	if (f->flags & V3_ENCRYPTED || len < skip)
		return;
	if (f->flags & V3_COMPRESSED)
		read_inflated(f, data + skip, len - skip, claimed, out);
	else
		id3frame_read(f->id, data + skip, len - skip, out);
}

static void read_v4(const struct frame *f, const uint8_t *data, size_t len, struct tagdraft *out)
{
	size_t claimed = 0, skip = f->flags & V4_GROUPED ? 1 : 0;

	if (f->flags & V4_LENGTH && len >= skip + 4) {
		claimed = synchsafe(data + skip);
		skip += 4;
	}
	if (f->flags & V4_ENCRYPTED || len < skip)
		return;
	if (f->flags & V4_COMPRESSED)
		read_inflated(f, data + skip, len - skip, claimed, out);
	else
		id3frame_read(f->id, data + skip, len - skip, out);
}

static void read_v4_unsynced(const struct frame *f, const uint8_t *data, size_t len,
			     struct tagdraft *out)
{
	uint8_t *room = make_room(len, out);

	if (room)
		read_v4(f, room, resync(data, len, room), out);
	free(room);
}

static void read_frame(const struct tag *t, const struct frame *f, const uint8_t *data,
		       struct tagdraft *out)
{
	if (t->version == 2)
		id3frame_read(f->id, data, f->bytes, out);
	else if (t->version == 3)
		read_v3(f, data, f->bytes, out);
	else if (t->unsync || f->flags & V4_UNSYNC)
		read_v4_unsynced(f, data, f->bytes, out);
	else
		read_v4(f, data, f->bytes, out);
}

/* --- 2.3's date ---------------------------------------------------------------------------- */

/* The four digits of TYER or TDAT, as any encoding has them; false: there are not four. */
static bool four_digits(const uint8_t *data, size_t len, char out[5])
{
	int count = 0;

	for (size_t i = 1; i < len && count < 4; i++)
		if (isdigit(data[i]))
			out[count++] = (char)data[i];
	out[count] = '\0';
	return count == 4;
}

struct date {
	char year[5], day_month[5];
};

static void note_date(const struct frame *f, const uint8_t *data, struct date *d)
{
	if (strcmp(f->id, "TYER") == 0)
		(void)four_digits(data, f->bytes, d->year);
	else if (strcmp(f->id, "TDAT") == 0)
		(void)four_digits(data, f->bytes, d->day_month);
}

/* A frame for the year, one for day and month: together they are a date. */
static void add_date(const struct date *d, struct tagdraft *out)
{
	char text[16];

	if (strlen(d->year) != 4)
		return;
	memcpy(text, d->year, 5);
	if (strlen(d->day_month) == 4) {
		memcpy(text + 4,
		       (const char[]){'-', d->day_month[2], d->day_month[3], '-', d->day_month[0],
				      d->day_month[1], '\0'},
		       7);
	}
	tagdraft_add(out, "DATE", text, strlen(text));
}

/* --- the tag -------------------------------------------------------------------------------- */

static bool is_date_of_v3(const struct tag *t, const struct frame *f)
{
	return t->version == 3 && (strcmp(f->id, "TYER") == 0 || strcmp(f->id, "TDAT") == 0);
}

static void read_frames(const struct tag *t, struct tagdraft *out)
{
	struct date date = {0};
	struct frame f;
	bool is_lost = false;

	for (size_t at = 0; at < t->len;) {
		if (!frame_at(t, at, &f) || (is_lost && !is_border(t, at + f.head + f.bytes))) {
			is_lost = true; /* in padding, or behind something that is none */
			at++;
			continue;
		}
		is_lost = false;
		if (is_date_of_v3(t, &f) && f.flags == 0)
			note_date(&f, t->data + at + f.head, &date);
		else
			read_frame(t, &f, t->data + at + f.head, out);
		at += f.head + f.bytes;
	}
	add_date(&date, out);
}

/* Bytes of the extended header, 0 where it cannot be one. */
static size_t extended_bytes(const struct tag *t)
{
	size_t bytes = 0;

	if (t->len < 4)
		return 0;
	if (t->version == 3)
		bytes = (size_t)u32be(t->data) + 4;
	else if (t->version == 4)
		bytes = synchsafe(t->data);
	return bytes <= t->len ? bytes : 0;
}

static void read_tag(struct tag *t, uint8_t flags, struct tagdraft *out)
{
	size_t extended = t->version > 2 && flags & TAG_EXTENDED ? extended_bytes(t) : 0;

	t->data += extended;
	t->len -= extended;
	read_frames(t, out);
}

void id3v2_read(const uint8_t *data, size_t len, struct tagdraft *out)
{
	struct tag t;
	uint8_t *room = NULL;
	size_t size;

	if (len < HEAD || memcmp(data, "ID3", 3) != 0 || data[3] < 2 || data[3] > 4)
		return;
	size = synchsafe(data + 6);
	t = (struct tag){
		.version = data[3],
		.unsync = data[5] & TAG_UNSYNC,
		.data = data + HEAD,
		.len = size < len - HEAD ? size : len - HEAD,
	};
	if (t.unsync && t.version < 4) {
		room = make_room(t.len, out);
		if (!room)
			return;
		t.len = resync(t.data, t.len, room);
		t.data = room;
	}
	read_tag(&t, data[5], out);
	free(room);
}
