#include "base/fnv.h"

#include <string.h>

uint32_t fnv_bytes(const void *data, size_t len)
{
	const uint8_t *p = data;
	uint32_t h = 2166136261u;

	for (size_t i = 0; i < len; i++)
		h = (h ^ p[i]) * 16777619u;
	return h;
}

uint32_t fnv_text(const char *text)
{
	return fnv_bytes(text, strlen(text));
}
