#include "catalogue/tags.h"

#include <string.h>

static bool is_new_key(const struct decoder_facts *f, int i)
{
	for (int k = 0; k < i; k++)
		if (strcmp(f->tag[k].key, f->tag[i].key) == 0)
			return false;
	return true;
}

void tags_write(const struct decoder_facts *facts, struct buf *json)
{
	const char *comma = "";

	buf_add_text(json, "{");
	for (int i = 0; i < facts->tags; i++) {
		if (!is_new_key(facts, i))
			continue;
		buf_add_text(json, comma);
		buf_add_json(json, facts->tag[i].key);
		buf_add_text(json, ":");
		buf_add_json(json, facts->tag[i].text);
		comma = ",";
	}
	buf_add_text(json, "}");
}
