#include "parse/vorbiscomment.h"

#include <string.h>

static uint32_t u32le(const uint8_t *p)
{
	return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static void add(const char *comment, size_t len, struct tagdraft *out)
{
	const char *equals = memchr(comment, '=', len);
	size_t key_bytes = equals ? (size_t)(equals - comment) : 0;
	char key[TAGSET_KEY_MAX];

	if (key_bytes == 0 || key_bytes >= sizeof(key))
		return;
	memcpy(key, comment, key_bytes);
	key[key_bytes] = '\0';
	tagdraft_add(out, key, equals + 1, len - key_bytes - 1);
}

/* The bytes of a text with its length in front, and where it starts; false: it is cut. */
static bool text_at(const uint8_t *data, size_t len, size_t *at, size_t *bytes)
{
	if (len - *at < 4)
		return false;
	*bytes = u32le(data + *at);
	*at += 4;
	return *bytes <= len - *at;
}

void vorbiscomment_read(const uint8_t *data, size_t len, struct tagdraft *out)
{
	size_t at = 0, bytes;
	uint32_t count;

	if (!text_at(data, len, &at, &bytes) || len - at - bytes < 4)
		return;
	at += bytes;
	count = u32le(data + at);
	at += 4;
	while (count-- && text_at(data, len, &at, &bytes)) {
		add((const char *)data + at, bytes, out);
		at += bytes;
	}
}
