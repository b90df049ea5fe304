#include "catalogue/taglist.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

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
