#include "parse/tagdraft.h"

#include "format/facts.h"
#include "format/sniff.h"
#include "parse/tagname.h"
#include "parse/tagtext.h"

#include <stdlib.h>
#include <string.h>

#define PICTURE_MIN 64 /* bytes; no shorter one is a picture */
#define DESCRIPTION_MAX 4096 /* bytes in front of one */

void tagdraft_clear(struct tagdraft *d)
{
	buf_clear(&d->text);
	free(d->picture);
	*d = (struct tagdraft){0};
}

void tagdraft_next_tag(struct tagdraft *d)
{
	d->settled = d->count;
}

/* --- names and texts -------------------------------------------------------------- */

static const char *key_of(const struct tagdraft *d, size_t i)
{
	return d->text.data + d->entry[i].key;
}

static const char *text_of(const struct tagdraft *d, size_t i)
{
	return d->text.data + d->entry[i].text;
}

static bool has_key(const struct tagdraft *d, const char *key)
{
	for (size_t i = 0; i < d->settled; i++)
		if (strcmp(key_of(d, i), key) == 0)
			return true;
	return false;
}

static bool has_value(const struct tagdraft *d, const char *key, const char *text)
{
	for (size_t i = d->settled; i < d->count; i++)
		if (strcmp(key_of(d, i), key) == 0 && strcmp(text_of(d, i), text) == 0)
			return true;
	return false;
}

/* Is there room for so many bytes more? The last of it is for what is known. */
static bool has_room(const struct tagdraft *d, const char *key, size_t bytes)
{
	bool known = tagname_rank(key) < TAGNAME_UNKNOWN;
	size_t entries = TAGDRAFT_ENTRIES_MAX, room = TAGDRAFT_TEXT_MAX;

	if (!known) {
		entries -= entries / TAGDRAFT_RESERVE;
		room -= room / TAGDRAFT_RESERVE;
	}
	return d->count < entries && d->text.len + bytes <= room;
}

static void add_value(struct tagdraft *d, const char *key, const char *text, size_t len)
{
	char value[TAGSET_TEXT_MAX + 1]; /* one more than is kept: it shows that there was more */
	size_t key_at = d->text.len;

	while (len > 0 && strchr(" \t\r\n", text[0]))
		text++, len--;
	while (len > 0 && strchr(" \t\r\n", text[len - 1]))
		len--;
	if (len == 0)
		return;
	len = len < TAGSET_TEXT_MAX ? len : TAGSET_TEXT_MAX;
	memcpy(value, text, len);
	value[len] = '\0';
	if (has_value(d, key, value) || !has_room(d, key, strlen(key) + len + 2))
		return;
	buf_add(&d->text, key, strlen(key) + 1);
	buf_add(&d->text, value, len + 1);
	d->failed = d->failed || !buf_ok(&d->text);
	if (d->failed)
		return;
	d->entry[d->count].key = (uint32_t)key_at;
	d->entry[d->count].text = (uint32_t)(key_at + strlen(key) + 1);
	d->count++;
}

static void add_values(struct tagdraft *d, const char *key, const struct buf *list)
{
	for (size_t at = 0; at < list->len;) {
		size_t len = strnlen(list->data + at, list->len - at);

		add_value(d, key, list->data + at, len);
		at += len + 1;
	}
}

void tagdraft_add(struct tagdraft *d, const char *name, const void *text, size_t len)
{
	char key[TAGSET_KEY_MAX];
	struct buf list = {0};

	if (d->failed || !tagname_find(name, key) || has_key(d, key))
		return;
	tagtext_add_bytes(text, len, &list);
	d->failed = !buf_ok(&list);
	if (!d->failed)
		add_values(d, key, &list);
	buf_clear(&list);
}

/* --- pictures ----------------------------------------------------------------------- */

static int rank_of(unsigned type)
{
	switch (type) {
	case TAGDRAFT_FRONT:
		return 0;
	case TAGDRAFT_OTHER:
		return 1;
	case TAGDRAFT_ICON:
	case TAGDRAFT_OTHER_ICON:
		return 3;
	default:
		return 2;
	}
}

void tagdraft_offer(struct tagdraft *d, unsigned type, const void *data, size_t len)
{
	const char *mime = sniff_picture(data, len);
	uint8_t *copy;

	if (!mime || len < PICTURE_MIN || len > DECODER_COVER_MAX ||
	    (d->picture && d->picture_rank <= rank_of(type)))
		return;
	copy = malloc(len);
	d->failed = d->failed || !copy;
	if (!copy)
		return;
	memcpy(copy, data, len);
	free(d->picture);
	d->picture = copy;
	d->picture_bytes = len;
	d->picture_mime = mime;
	d->picture_rank = rank_of(type);
}

void tagdraft_offer_inside(struct tagdraft *d, unsigned type, const void *data, size_t len)
{
	const uint8_t *bytes = data;

	for (size_t at = 0; at < len && at <= DESCRIPTION_MAX; at++) {
		if (sniff_picture(bytes + at, len - at)) {
			tagdraft_offer(d, type, bytes + at, len - at);
			return;
		}
	}
}

/* --- what is kept ------------------------------------------------------------------- */

static bool is_first_of_key(const struct tagdraft *d, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (strcmp(key_of(d, k), key_of(d, i)) == 0)
			return false;
	return true;
}

static void keep_values(const struct tagdraft *d, size_t first, struct tagset *out)
{
	const char *key = key_of(d, first);

	for (size_t i = first; i < d->count; i++)
		if (strcmp(key_of(d, i), key) == 0)
			(void)tagset_add(out, key, text_of(d, i));
}

static int lowest_rank_from(const struct tagdraft *d, int from)
{
	int lowest = TAGNAME_UNKNOWN + 1;

	for (size_t i = 0; i < d->count; i++) {
		int rank = tagname_rank(key_of(d, i));

		if (rank >= from && rank < lowest)
			lowest = rank;
	}
	return lowest;
}

void tagdraft_keep(const struct tagdraft *d, struct tagset *out)
{
	for (int rank = lowest_rank_from(d, 0); rank <= TAGNAME_UNKNOWN;
	     rank = lowest_rank_from(d, rank + 1))
		for (size_t i = 0; i < d->count; i++)
			if (tagname_rank(key_of(d, i)) == rank && is_first_of_key(d, i))
				keep_values(d, i, out);
}
