#include "parse/ilst.h"

#include "parse/id3v1.h"
#include "parse/tagtext.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define HEAD 8 /* bytes of a box's head */
#define DATA_HEAD 8 /* of a data box behind it: type of the value, locale */
#define TYPE_IMPLICIT 0
#define TYPE_UTF8 1
#define TYPE_UTF16 2
#define TYPE_INTEGER 21

enum form { TEXT, NUMBER, PAIR, GENRE_NUMBER };

static const struct {
	const char *box;
	const char *name;
	enum form form;
} names[] = {
	{"\251nam", "TITLE", TEXT},	   {"\251ART", "ARTIST", TEXT},
	{"\251alb", "ALBUM", TEXT},	   {"aART", "ALBUMARTIST", TEXT},
	{"\251day", "DATE", TEXT},	   {"\251gen", "GENRE", TEXT},
	{"gnre", "GENRE", GENRE_NUMBER},   {"\251wrt", "COMPOSER", TEXT},
	{"\251com", "COMPOSER", TEXT},	   {"\251cmt", "COMMENT", TEXT},
	{"desc", "COMMENT", TEXT},	   {"\251lyr", "LYRICS", TEXT},
	{"\251grp", "GROUPING", TEXT},	   {"\251wrk", "WORK", TEXT},
	{"\251mvn", "MOVEMENTNAME", TEXT}, {"\251con", "CONDUCTOR", TEXT},
	{"\251lab", "ORGANIZATION", TEXT}, {"\251pub", "ORGANIZATION", TEXT},
	{"cprt", "COPYRIGHT", TEXT},	   {"sonm", "TITLESORT", TEXT},
	{"soar", "ARTISTSORT", TEXT},	   {"soal", "ALBUMSORT", TEXT},
	{"soaa", "ALBUMARTISTSORT", TEXT}, {"soco", "COMPOSERSORT", TEXT},
	{"trkn", "TRACKNUMBER", PAIR},	   {"disk", "DISCNUMBER", PAIR},
	{"tmpo", "BPM", NUMBER},	   {"cpil", "COMPILATION", NUMBER},
};

static uint32_t u32be(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* A box in another one. */
struct box {
	const uint8_t *data; /* NULL: before the first one */
	const uint8_t *name; /* 4 bytes */
	size_t len;
};

/* The next one of those at data; false at the end, and where one is longer than what is left. */
static bool next_box(const uint8_t *data, size_t len, struct box *b)
{
	const uint8_t *at = b->data ? b->data + b->len : data;
	size_t left = len - (size_t)(at - data);

	if (left < HEAD || u32be(at) < HEAD || u32be(at) > left)
		return false;
	*b = (struct box){at + HEAD, at + 4, u32be(at) - HEAD};
	return true;
}

static bool is_named(const struct box *b, const char *name)
{
	return memcmp(b->name, name, 4) == 0;
}

static void add_number(const char *name, const uint8_t *value, size_t len, struct tagdraft *out)
{
	char text[24];
	uint64_t number = 0;

	if (len > 8)
		return;
	for (size_t i = 0; i < len; i++)
		number = number << 8 | value[i];
	if (number == 0)
		return;
	snprintf(text, sizeof(text), "%" PRIu64, number);
	tagdraft_add(out, name, text, strlen(text));
}

/* "3/12", or "3" where nobody says of how many: two bytes, then both numbers. */
static void add_pair(const char *name, const uint8_t *value, size_t len, struct tagdraft *out)
{
	char text[16];
	unsigned number, of;

	if (len < 6)
		return;
	number = u32be(value) & 0xffff;
	of = (unsigned)value[4] << 8 | value[5];
	if (number == 0)
		return;
	snprintf(text, sizeof(text), of ? "%u/%u" : "%u", number, of);
	tagdraft_add(out, name, text, strlen(text));
}

static void add_genre(const char *name, const uint8_t *value, size_t len, struct tagdraft *out)
{
	unsigned number = len == 2 ? (unsigned)value[0] << 8 | value[1] : 0;
	const char *genre = number ? id3v1_genre(number - 1) : NULL;

	if (genre)
		tagdraft_add(out, name, genre, strlen(genre));
}

static void add_text(const char *name, uint32_t type, const uint8_t *value, size_t len,
		     struct tagdraft *out)
{
	struct buf text = {0};

	if (type == TYPE_INTEGER) {
		add_number(name, value, len, out);
	} else if (type == TYPE_UTF16) {
		tagtext_add_utf16(value, len, true, &text);
		if (buf_ok(&text) && text.len)
			tagdraft_add(out, name, text.data, text.len);
		buf_clear(&text);
	} else if (type == TYPE_UTF8 || type == TYPE_IMPLICIT) {
		tagdraft_add(out, name, value, len);
	}
}

static void add_value(const char *name, enum form form, const struct box *b, struct tagdraft *out)
{
	const uint8_t *value = b->data + DATA_HEAD;
	size_t len = b->len - DATA_HEAD;

	switch (form) {
	case TEXT:
		add_text(name, u32be(b->data) & 0xffffff, value, len, out);
		break;
	case NUMBER:
		add_number(name, value, len, out);
		break;
	case PAIR:
		add_pair(name, value, len, out);
		break;
	case GENRE_NUMBER:
		add_genre(name, value, len, out);
		break;
	}
}

/* Every data box is a value. */
static void add_values(const char *name, enum form form, const struct box *in, struct tagdraft *out)
{
	struct box b = {0};

	while (next_box(in->data, in->len, &b))
		if (is_named(&b, "data") && b.len > DATA_HEAD)
			add_value(name, form, &b, out);
}

/* "----": mean, which is com.apple.iTunes or a program's own, name, and data. */
static void add_freeform(const struct box *in, struct tagdraft *out)
{
	char name[TAGSET_KEY_MAX] = "";
	struct box b = {0};

	while (next_box(in->data, in->len, &b)) {
		if (!is_named(&b, "name") || b.len < 4 || b.len - 4 >= sizeof(name))
			continue;
		memcpy(name, b.data + 4, b.len - 4);
		name[b.len - 4] = '\0';
	}
	if (*name)
		add_values(name, TEXT, in, out);
}

static void add_item(const struct box *b, struct tagdraft *out)
{
	if (is_named(b, "----"))
		add_freeform(b, out);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (is_named(b, names[i].box))
			add_values(names[i].name, names[i].form, b, out);
}

void ilst_read(const uint8_t *data, size_t len, struct tagdraft *out)
{
	struct box b = {0};

	while (next_box(data, len, &b))
		add_item(&b, out);
}
