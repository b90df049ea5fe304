#include "parse/mkvtags.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define TAGS_MAX (16 << 20) /* bytes; larger ones are not read */
#define STEPS_MAX 1000 /* elements that are stepped over */
#define HEAD_MAX 12 /* bytes of an id and a size */

#define ID_SEGMENT 0x18538067
#define ID_SEEKHEAD 0x114d9b74
#define ID_SEEK 0x4dbb
#define ID_SEEK_ID 0x53ab
#define ID_SEEK_POSITION 0x53ac
#define ID_TAGS 0x1254c367
#define ID_TAG 0x7373
#define ID_TARGETS 0x63c0
#define ID_LEVEL 0x68ca
#define ID_EDITION 0x63c9
#define ID_CHAPTER 0x63c4
#define ID_ATTACHMENT 0x63c6
#define ID_SIMPLE 0x67c8
#define ID_NAME 0x45a3
#define ID_STRING 0x4487

#define LEVEL_TRACK 30
#define LEVEL_ALBUM 50

struct element {
	uint32_t id;
	size_t head; /* bytes */
	uint64_t bytes; /* behind the head; UINT64_MAX: to the end of what it is in */
};

/* A number whose first byte says how long it is, 0 for none; marker: that bit stays in it. */
static size_t read_number(const uint8_t *data, size_t len, size_t max, bool marker, uint64_t *out)
{
	size_t bytes = 1;
	bool ones;

	while (bytes <= max && len > 0 && !(data[0] & 0x80 >> (bytes - 1)))
		bytes++;
	if (len < bytes || bytes > max)
		return 0;
	*out = marker ? data[0] : data[0] & (0x7f >> (bytes - 1));
	ones = (data[0] | (0xff & ~(0x7f >> (bytes - 1)))) == 0xff;
	for (size_t i = 1; i < bytes; i++) {
		*out = *out << 8 | data[i];
		ones = ones && data[i] == 0xff;
	}
	if (!marker && ones)
		*out = UINT64_MAX;
	return bytes;
}

static bool read_head(const uint8_t *data, size_t len, struct element *e)
{
	uint64_t id;
	size_t id_bytes = read_number(data, len, 4, true, &id), size_bytes;

	if (id_bytes == 0)
		return false;
	size_bytes = read_number(data + id_bytes, len - id_bytes, 8, false, &e->bytes);
	e->id = (uint32_t)id;
	e->head = id_bytes + size_bytes;
	return size_bytes > 0;
}

/* An element in another one that is in memory. */
struct inner {
	const uint8_t *data; /* NULL: before the first one */
	size_t len;
	uint32_t id;
};

static bool next_inner(const uint8_t *data, size_t len, struct inner *in)
{
	const uint8_t *at = in->data ? in->data + in->len : data;
	size_t left = len - (size_t)(at - data);
	struct element e;

	if (!read_head(at, left, &e) || e.bytes > left - e.head)
		return false;
	*in = (struct inner){at + e.head, (size_t)e.bytes, e.id};
	return true;
}

static uint64_t number_in(const struct inner *in)
{
	uint64_t number = 0;

	for (size_t i = 0; i < in->len && i < 8; i++)
		number = number << 8 | in->data[i];
	return number;
}

/* --- tags --------------------------------------------------------------------------------- */

/* What a tag is of. False: of a chapter or an attachment, not of the sound. */
static bool read_targets(const struct inner *tag, uint64_t *level)
{
	struct inner targets = {0}, e;

	*level = LEVEL_ALBUM; /* where nothing is said */
	while (next_inner(tag->data, tag->len, &targets)) {
		e = (struct inner){0};
		while (targets.id == ID_TARGETS && next_inner(targets.data, targets.len, &e)) {
			if (e.id == ID_LEVEL)
				*level = number_in(&e);
			else if ((e.id == ID_EDITION || e.id == ID_CHAPTER ||
				  e.id == ID_ATTACHMENT) &&
				 number_in(&e) != 0)
				return false;
		}
	}
	return true;
}

/* The name for it where there is an album around the track; NULL: it is of neither. */
static const char *name_at(uint64_t level, const char *name)
{
	static const struct {
		const char *name, *of_track, *of_album;
	} names[] = {
		{"TITLE", "TITLE", "ALBUM"},
		{"ARTIST", "ARTIST", "ALBUMARTIST"},
		{"PART_NUMBER", "TRACKNUMBER", "DISCNUMBER"},
		{"TOTAL_PARTS", "", "TRACKTOTAL"},
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcasecmp(name, names[i].name) == 0)
			return level > LEVEL_ALBUM    ? ""
			       : level == LEVEL_ALBUM ? names[i].of_album
						      : names[i].of_track;
	return name;
}

static void add_simple(const struct inner *simple, uint64_t level, struct tagdraft *out)
{
	char name[TAGSET_KEY_MAX] = "";
	struct inner e = {0}, text = {0};

	while (next_inner(simple->data, simple->len, &e)) {
		if (e.id == ID_STRING)
			text = e;
		if (e.id != ID_NAME || e.len >= sizeof(name))
			continue;
		memcpy(name, e.data, e.len);
		name[e.len] = '\0';
	}
	if (text.data)
		tagdraft_add(out, name_at(level, name), text.data, text.len);
}

/* Without a track's own tags a film's are at the level of albums: they mean what they say. */
static void add_level(const uint8_t *data, size_t len, bool of_track, bool has_track,
		      struct tagdraft *out)
{
	struct inner tag = {0}, e;
	uint64_t level;

	while (next_inner(data, len, &tag)) {
		if (tag.id != ID_TAG || !read_targets(&tag, &level) ||
		    (level <= LEVEL_TRACK) != of_track)
			continue;
		e = (struct inner){0};
		while (next_inner(tag.data, tag.len, &e))
			if (e.id == ID_SIMPLE)
				add_simple(&e, has_track ? level : LEVEL_TRACK, out);
	}
	tagdraft_next_tag(out);
}

static bool has_level_of_track(const uint8_t *data, size_t len)
{
	struct inner tag = {0};
	uint64_t level;

	while (next_inner(data, len, &tag))
		if (tag.id == ID_TAG && read_targets(&tag, &level) && level <= LEVEL_TRACK)
			return true;
	return false;
}

void mkvtags_read_bytes(const uint8_t *data, size_t len, struct tagdraft *out)
{
	bool has_track = has_level_of_track(data, len);

	add_level(data, len, true, has_track, out);
	add_level(data, len, false, has_track, out);
}

/* --- where they are ------------------------------------------------------------------------- */

/* Bytes of an element of the file, the caller's to free(); NULL: it is too large, or cut. */
static uint8_t *load(struct incoming *in, int64_t at, uint64_t bytes, struct tagdraft *out)
{
	uint8_t *data = bytes <= TAGS_MAX ? malloc((size_t)bytes + 1) : NULL;

	out->failed = out->failed || (bytes <= TAGS_MAX && !data);
	if (data && incoming_fill(in, data, (size_t)bytes, at) != (ssize_t)bytes) {
		free(data);
		data = NULL;
	}
	return data;
}

static bool element_at(struct incoming *in, int64_t at, struct element *e)
{
	uint8_t head[HEAD_MAX];
	ssize_t got = at < in->bytes ? incoming_fill(in, head, sizeof(head), at) : -1;

	return got > 0 && read_head(head, (size_t)got, e);
}

static bool read_tags_at(struct incoming *in, int64_t at, struct tagdraft *out)
{
	struct element e;
	uint8_t *data;

	if (!element_at(in, at, &e) || e.id != ID_TAGS)
		return false;
	data = load(in, at + (int64_t)e.head, e.bytes, out);
	if (data)
		mkvtags_read_bytes(data, (size_t)e.bytes, out);
	free(data);
	return true;
}

/* Bytes between the segment's first one and the tags, by the list of what is where; -1: it
   does not say. */
static int64_t sought_tags(const uint8_t *data, size_t len)
{
	struct inner seek = {0}, e;

	while (next_inner(data, len, &seek)) {
		uint64_t id = 0, position = UINT64_MAX;

		e = (struct inner){0};
		while (seek.id == ID_SEEK && next_inner(seek.data, seek.len, &e)) {
			if (e.id == ID_SEEK_ID)
				id = number_in(&e);
			else if (e.id == ID_SEEK_POSITION)
				position = number_in(&e);
		}
		if (id == ID_TAGS && position < INT64_MAX / 2)
			return (int64_t)position;
	}
	return -1;
}

/* True: the list led to the tags. */
static bool follow_list(struct incoming *in, int64_t at, uint64_t bytes, int64_t segment,
			struct tagdraft *out)
{
	uint8_t *data = load(in, at, bytes, out);
	int64_t position = data ? sought_tags(data, (size_t)bytes) : -1;

	free(data);
	return position >= 0 && read_tags_at(in, segment + position, out);
}

/* Steps through the file: into the segment, over all that is in it, until the tags are found. */
void mkvtags_read(struct incoming *in, struct tagdraft *out)
{
	int64_t at = 0, segment = 0;
	struct element e;

	for (int i = 0; i < STEPS_MAX && element_at(in, at, &e); i++) {
		int64_t inside = at + (int64_t)e.head;

		if (read_tags_at(in, at, out) ||
		    (e.id == ID_SEEKHEAD && follow_list(in, inside, e.bytes, segment, out)))
			return;
		if (e.id == ID_SEGMENT)
			segment = at = inside;
		else if (e.bytes > (uint64_t)(in->bytes - at))
			return;
		else
			at = inside + (int64_t)e.bytes;
	}
}
