#include "base/buf.h"

#include "base/utf8.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool reserve(struct buf *b, size_t more)
{
	size_t need, cap;
	char *data;

	if (b->failed)
		return false;
	if (more > BUF_MAX || b->len > BUF_MAX - more) {
		b->failed = true;
		return false;
	}
	need = b->len + more + 1;
	if (need <= b->cap)
		return true;
	cap = b->cap ? b->cap : 256;
	while (cap < need)
		cap *= 2;
	data = realloc(b->data, cap);
	if (!data) {
		b->failed = true;
		return false;
	}
	b->data = data;
	b->cap = cap;
	return true;
}

void buf_add(struct buf *b, const void *data, size_t len)
{
	if (!reserve(b, len))
		return;
	if (len)
		memcpy(b->data + b->len, data, len);
	b->len += len;
	b->data[b->len] = '\0';
}

void buf_add_text(struct buf *b, const char *text)
{
	buf_add(b, text, strlen(text));
}

void buf_add_byte(struct buf *b, uint8_t byte)
{
	buf_add(b, &byte, 1);
}

void buf_addf(struct buf *b, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0 || !reserve(b, (size_t)n)) {
		b->failed = true;
		return;
	}
	va_start(ap, fmt);
	vsnprintf(b->data + b->len, (size_t)n + 1, fmt, ap);
	va_end(ap);
	b->len += (size_t)n;
}

static void add_le(struct buf *b, uint64_t v, size_t bytes)
{
	uint8_t le[8];

	for (size_t i = 0; i < bytes; i++)
		le[i] = (uint8_t)(v >> (8 * i));
	buf_add(b, le, bytes);
}

void buf_add_u16le(struct buf *b, uint16_t v)
{
	add_le(b, v, 2);
}

void buf_add_u32le(struct buf *b, uint32_t v)
{
	add_le(b, v, 4);
}

void buf_add_u64le(struct buf *b, uint64_t v)
{
	add_le(b, v, 8);
}

void buf_add_json(struct buf *b, const char *text)
{
	const unsigned char *s = (const unsigned char *)text;
	size_t n;

	buf_add_byte(b, '"');
	while (*s) {
		n = utf8_length((const char *)s);
		if (n == 0) {
			buf_add_text(b, "\xEF\xBF\xBD");
			n = 1;
		} else if (*s == '"' || *s == '\\') {
			buf_addf(b, "\\%c", *s);
		} else if (*s < 0x20 || *s == 0x7F) {
			buf_addf(b, "\\u%04x", *s);
		} else {
			buf_add(b, s, n);
		}
		s += n;
	}
	buf_add_byte(b, '"');
}

bool buf_ok(const struct buf *b)
{
	return !b->failed;
}

const char *buf_text(const struct buf *b)
{
	return b->data ? b->data : "";
}

void buf_reset(struct buf *b)
{
	b->len = 0;
	b->failed = false;
	if (b->data)
		b->data[0] = '\0';
}

void buf_clear(struct buf *b)
{
	free(b->data);
	*b = (struct buf){0};
}
