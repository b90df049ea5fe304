#include "base/percent.h"

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

int percent_read(const char *text)
{
	int high = hex(text[1]), low = high < 0 ? -1 : hex(text[2]), byte = high * 16 + low;

	return low < 0 || byte == 0 ? -1 : byte;
}
