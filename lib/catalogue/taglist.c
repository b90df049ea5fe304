#include "catalogue/taglist.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

static bool is_of(const struct tagset_pair *pair, const struct tagset *tags, const char *key)
{
	struct tagset_pair next = *pair;

	return tagset_next(tags, &next) && strcmp(next.key, key) == 0;
}

/* The values from this pair on, which it leaves at the last one of its name. */
static void write_values(const struct tagset *tags, struct tagset_pair *pair, struct buf *json)
{
	const char *key = pair->key;
	bool several = is_of(pair, tags, key);

	buf_add_json(json, key);
	buf_add_text(json, several ? ":[" : ":");
	buf_add_json(json, pair->text);
	while (is_of(pair, tags, key) && tagset_next(tags, pair)) {
		buf_add_text(json, ",");
		buf_add_json(json, pair->text);
	}
	if (several)
		buf_add_text(json, "]");
}

void taglist_write(const struct tagset *tags, struct buf *json)
{
	struct tagset_pair pair = {0};
	const char *comma = "{";

	while (tagset_next(tags, &pair)) {
		buf_add_text(json, comma);
		write_values(tags, &pair, json);
		comma = ",";
	}
	buf_add_text(json, *comma == '{' ? "{}" : "}");
}

/* Splits "KEY<1f>text<1e>KEY<1f>text" in place. */
static void split(struct taglist *l, const char *title)
{
	bool has_title = false;
	char *pair, *rest = l->text.data, *key, *text;

	while (rest && (pair = strsep(&rest, "\x1e")) && l->count < TAGLIST_MAX - 1) {
		text = pair;
		key = strsep(&text, "\x1f");
		if (!text)
			continue;
		has_title = has_title || strcasecmp(key, "TITLE") == 0;
		l->tag[l->count++] = (struct oggopus_tag){key, text};
	}
	if (!has_title && *title)
		l->tag[l->count++] = (struct oggopus_tag){"TITLE", title};
}

enum drift_err taglist_read(const char *packed, const char *title, struct taglist *out)
{
	size_t title_at;

	buf_add(&out->text, packed, strlen(packed) + 1);
	title_at = out->text.len;
	buf_add(&out->text, title, strlen(title) + 1);
	if (!buf_ok(&out->text))
		return DRIFT_ENOMEM;
	split(out, out->text.data + title_at);
	return DRIFT_OK;
}

void taglist_clear(struct taglist *l)
{
	buf_clear(&l->text);
	l->count = 0;
}
