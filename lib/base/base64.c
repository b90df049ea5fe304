#include "base/base64.h"

static int base64_value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

bool base64_decode(const char *text, size_t len, uint8_t *out, size_t *bytes)
{
	size_t n = 0, pad = 0;

	if (len % 4)
		return false;
	if (len && text[len - 1] == '=')
		pad = text[len - 2] == '=' ? 2 : 1;
	for (size_t i = 0; i < len; i += 4) {
		uint32_t group = 0;

		for (size_t k = i; k < i + 4; k++) {
			int v = k >= len - pad ? 0 : base64_value(text[k]);

			if (v < 0)
				return false;
			group = group << 6 | (uint32_t)v;
		}
		for (int shift = 16; shift >= 0; shift -= 8)
			out[n++] = (uint8_t)(group >> shift);
	}
	*bytes = n - pad;
	/* the bits that the padding stands for are zero, so that every digest has
	   one spelling */
	return pad == 0 || (out[n - 1] == 0 && (pad == 1 || out[n - 2] == 0));
}
