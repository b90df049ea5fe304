#include "parse/tagtext.h"

#include "base/utf8.h"

#define REPLACEMENT 0xfffd

/* 0x80 to 0x9f; https://encoding.spec.whatwg.org/index-windows-1252.txt */
static const uint16_t windows_1252[32] = {
	0x20ac, 0x0081, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160,
	0x2039, 0x0152, 0x008d, 0x017d, 0x008f, 0x0090, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022,
	0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0x009d, 0x017e, 0x0178,
};

static void add_character(uint32_t c, struct buf *out)
{
	if (c < 0x80) {
		buf_add_byte(out, (uint8_t)c);
		return;
	}
	if (c < 0x800) {
		buf_add_byte(out, (uint8_t)(0xc0 | c >> 6));
	} else if (c < 0x10000) {
		buf_add_byte(out, (uint8_t)(0xe0 | c >> 12));
		buf_add_byte(out, (uint8_t)(0x80 | (c >> 6 & 0x3f)));
	} else {
		buf_add_byte(out, (uint8_t)(0xf0 | c >> 18));
		buf_add_byte(out, (uint8_t)(0x80 | (c >> 12 & 0x3f)));
		buf_add_byte(out, (uint8_t)(0x80 | (c >> 6 & 0x3f)));
	}
	buf_add_byte(out, (uint8_t)(0x80 | (c & 0x3f)));
}

/* A NUL, which ends the buffer's text, is a character in it. */
static bool is_utf8(const struct buf *text, size_t from)
{
	for (size_t n; from < text->len; from += n) {
		n = utf8_length(text->data + from);
		if (n == 0)
			return false;
	}
	return true;
}

void tagtext_add_bytes(const uint8_t *data, size_t len, struct buf *out)
{
	size_t from = out->len;

	buf_add(out, data, len);
	if (!buf_ok(out) || is_utf8(out, from))
		return;
	out->len = from;
	for (size_t i = 0; i < len; i++)
		add_character(data[i] >= 0x80 && data[i] < 0xa0 ? windows_1252[data[i] - 0x80]
								: data[i],
			      out);
}

static uint32_t unit(const uint8_t *data, bool big_endian)
{
	return big_endian ? (uint32_t)data[0] << 8 | data[1] : (uint32_t)data[1] << 8 | data[0];
}

/* A character of the two units at data, or of the first; its bytes. */
static size_t character(const uint8_t *data, size_t left, bool big_endian, uint32_t *c)
{
	uint32_t low;

	*c = unit(data, big_endian);
	if (*c < 0xd800 || *c > 0xdfff)
		return 2;
	low = left >= 4 ? unit(data + 2, big_endian) : 0;
	if (*c > 0xdbff || low < 0xdc00 || low > 0xdfff) {
		*c = REPLACEMENT;
		return 2;
	}
	*c = 0x10000 + ((*c & 0x3ff) << 10 | (low & 0x3ff));
	return 4;
}

void tagtext_add_utf16(const uint8_t *data, size_t len, bool big_endian, struct buf *out)
{
	bool starts = true;
	uint32_t c;

	for (size_t at = 0; at + 2 <= len;) {
		at += character(data + at, len - at, big_endian, &c);
		if (starts && c == 0xfffe)
			big_endian = !big_endian;
		else if (!starts || c != 0xfeff)
			add_character(c, out);
		starts = c == 0;
	}
}
