#include "http/accept.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

/* "0.8" is 800. What is no weight (RFC 9110 section 12.4.2) is 0. */
static int parse_weight(const char *text)
{
	int weight, unit = 100;

	if (*text != '0' && *text != '1')
		return 0;
	weight = (*text - '0') * 1000;
	if (text[1] != '.')
		return weight;
	for (text += 2; *text >= '0' && *text <= '9' && unit > 0; text++, unit /= 10)
		weight += (*text - '0') * unit;
	return weight > 1000 ? 1000 : weight;
}

/* The q among the parameters that follow a range, up to its end. */
static int find_weight(const char *from, const char *end)
{
	for (const char *p = from; p < end; p++) {
		if (*p != ';')
			continue;
		p += 1 + strspn(p + 1, " \t");
		if (strncasecmp(p, "q=", 2) == 0)
			return parse_weight(p + 2);
		p--;
	}
	return 1000;
}

/* 3: the type itself, 2: type/... with a star, 1: everything, 0: another. */
static int fit(const char *range, size_t len, const char *type)
{
	size_t major = strcspn(type, "/") + 1;

	if (len == strlen(type) && strncasecmp(range, type, len) == 0)
		return 3;
	if (len == major + 1 && range[major] == '*' && strncasecmp(range, type, major) == 0)
		return 2;
	return len == 3 && strncmp(range, "*/*", 3) == 0;
}

int accept_quality(const char *accept, const char *type)
{
	int best = 0, quality = 0;

	if (!accept)
		return 1000;
	while (*accept) {
		const char *end;
		int now;

		accept += strspn(accept, " \t,");
		end = accept + strcspn(accept, ",");
		now = fit(accept, strcspn(accept, " \t;,"), type);
		if (now > best) {
			best = now;
			quality = find_weight(accept, end);
		}
		accept = end;
	}
	return quality;
}
