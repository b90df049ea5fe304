#include "parse/apetag.h"

#include <string.h>
#include <strings.h>

#define ITEM_HEAD 8 /* bytes: length of the value, flags */
#define KEY_MAX 255 /* bytes, NUL excluded */
#define FLAG_HEADER (1u << 29) /* this is one, and no footer */
#define FLAG_KIND 6u /* bits 1 and 2: 0 is text, 2 binary, 4 a place elsewhere */
#define FLAG_BINARY 2u

static uint32_t u32le(const uint8_t *p)
{
	return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

enum drift_err apetag_footer(const uint8_t data[APETAG_FOOTER_BYTES], uint32_t *bytes)
{
	uint32_t size = u32le(data + 12);

	if (memcmp(data, "APETAGEX", 8) != 0 || u32le(data + 20) & FLAG_HEADER ||
	    size < APETAG_FOOTER_BYTES)
		return DRIFT_EFORMAT;
	*bytes = size;
	return DRIFT_OK;
}

/* "Cover Art (Front)": a file's name, NUL, the picture. */
static void add_binary(const char *key, const uint8_t *value, size_t len, struct tagdraft *out)
{
	static const struct {
		const char *key;
		unsigned type;
	} pictures[] = {
		{"Cover Art (Front)", TAGDRAFT_FRONT}, {"Cover Art (Other)", TAGDRAFT_OTHER},
		{"Cover Art (Icon)", TAGDRAFT_ICON},   {"Cover Art (Png Icon)", TAGDRAFT_ICON},
		{"Cover Art (Back)", TAGDRAFT_BACK},   {"Cover Art (Leaflet)", TAGDRAFT_BACK},
		{"Cover Art (Media)", TAGDRAFT_BACK},  {"Cover Art (Artist)", TAGDRAFT_BACK},
	};

	for (size_t i = 0; i < sizeof(pictures) / sizeof(pictures[0]); i++)
		if (strcasecmp(key, pictures[i].key) == 0)
			tagdraft_offer_inside(out, pictures[i].type, value, len);
}

static void add_item(const char *key, uint32_t flags, const uint8_t *value, size_t len,
		     struct tagdraft *out)
{
	if ((flags & FLAG_KIND) == 0)
		tagdraft_add(out, key, value, len);
	else if ((flags & FLAG_KIND) == FLAG_BINARY)
		add_binary(key, value, len, out);
}

void apetag_read(const uint8_t *data, size_t len, struct tagdraft *out)
{
	size_t at = 0;

	while (len - at > ITEM_HEAD) {
		uint32_t bytes = u32le(data + at), flags = u32le(data + at + 4);
		const char *key = (const char *)data + at + ITEM_HEAD;
		size_t left = len - at - ITEM_HEAD, key_bytes;

		key_bytes = strnlen(key, left < KEY_MAX + 1 ? left : KEY_MAX + 1) + 1;
		if (key_bytes > KEY_MAX + 1 || key_bytes > left || bytes > left - key_bytes)
			return;
		add_item(key, flags, (const uint8_t *)key + key_bytes, bytes, out);
		at += ITEM_HEAD + key_bytes + bytes;
	}
}
