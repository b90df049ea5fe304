#include "format/tagset.h"

#include <string.h>

bool tagset_is_key(const char *key)
{
	size_t len = strnlen(key, TAGSET_KEY_MAX);

	for (size_t i = 0; i < len; i++)
		if (key[i] < 0x20 || key[i] > 0x7d || key[i] == '=')
			return false;
	return len > 0 && len < TAGSET_KEY_MAX;
}

/* Bytes of the text that are kept: it is cut where a character starts. */
static size_t kept_bytes(const char *text)
{
	size_t len = strnlen(text, TAGSET_TEXT_MAX);

	if (len < TAGSET_TEXT_MAX)
		return len;
	len = TAGSET_TEXT_MAX - 1;
	while (len > 0 && ((uint8_t)text[len] & 0xc0) == 0x80)
		len--;
	return len;
}

bool tagset_add(struct tagset *t, const char *key, const char *text)
{
	size_t key_bytes = strnlen(key, TAGSET_KEY_MAX) + 1, text_bytes = kept_bytes(text) + 1;

	if (!tagset_is_key(key) || text_bytes == 1 || t->bytes > TAGSET_BYTES ||
	    key_bytes + text_bytes > TAGSET_BYTES - t->bytes)
		return false;
	memcpy(t->data + t->bytes, key, key_bytes);
	memcpy(t->data + t->bytes + key_bytes, text, text_bytes - 1);
	t->bytes += (uint32_t)(key_bytes + text_bytes);
	t->data[t->bytes - 1] = '\0';
	return true;
}

bool tagset_next(const struct tagset *t, struct tagset_pair *pair)
{
	const char *end = t->data + (t->bytes <= TAGSET_BYTES ? t->bytes : 0);
	const char *key = pair->text ? pair->text + strlen(pair->text) + 1 : t->data, *text;

	text = key < end ? memchr(key, '\0', (size_t)(end - key)) : NULL;
	if (!text || ++text >= end || !memchr(text, '\0', (size_t)(end - text)))
		return false;
	*pair = (struct tagset_pair){key, text};
	return true;
}

const char *tagset_get(const struct tagset *t, const char *key)
{
	struct tagset_pair pair = {0};

	while (tagset_next(t, &pair))
		if (strcmp(pair.key, key) == 0)
			return pair.text;
	return NULL;
}
