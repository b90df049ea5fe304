#include "http/referer.h"

#include <string.h>
#include <strings.h>

static const char *skip_scheme(const char *url)
{
	if (strncasecmp(url, "http://", 7) == 0)
		return url + 7;
	if (strncasecmp(url, "https://", 8) == 0)
		return url + 8;
	return NULL;
}

/* "//x" and "/\x" lead to the host x. */
static int is_path(const char *text)
{
	return text[0] == '/' && text[1] != '/' && text[1] != '\\';
}

const char *referer_path(const char *referer, const char *host)
{
	const char *authority = referer ? skip_scheme(referer) : NULL;
	size_t len = authority ? strcspn(authority, "/?#") : 0;

	if (!host || len == 0 || len != strlen(host) || strncasecmp(authority, host, len) != 0)
		return NULL;
	return is_path(authority + len) ? authority + len : NULL;
}
