#include "catalogue/tags.h"

#include <stdbool.h>
#include <string.h>

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

void tags_write(const struct tagset *tags, struct buf *json)
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
