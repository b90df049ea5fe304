#include "http/disposition.h"

#include "base/percent.h"

#include <ctype.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

#define PARAMETER_MAX 31 /* bytes of a parameter's name */

static const char token[] = "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
			    "abcdefghijklmnopqrstuvwxyz";

static size_t count_blanks(const char *text)
{
	return strspn(text, " \t");
}

/* Copies len bytes as a text. False: there is no room. */
static bool copy(const char *from, size_t len, char *out, size_t max)
{
	if (len > max)
		return false;
	memcpy(out, from, len);
	out[len] = '\0';
	return true;
}

/* Reads a token or a text in quotes at *at and moves behind it. */
static bool take_value(const char **at, char *out, size_t max)
{
	const char *p = *at;
	size_t n = 0;

	if (*p != '"') {
		n = strspn(p, token);
		*at += n;
		return n > 0 && copy(p, n, out, max);
	}
	for (p++; *p && *p != '"'; p++) {
		if (*p == '\\' && (p[1] == '"' || p[1] == '\\'))
			p++;
		if (n == max)
			return false;
		out[n++] = *p;
	}
	out[n] = '\0';
	*at = *p ? p + 1 : p;
	return *p == '"';
}

/* "UTF-8'en'%e2%82%ac" in place. False: another charset, or not well-formed. */
static bool decode_extended(char *text)
{
	char *from = strchr(text, '\''), *to = text;

	if (!from || strncasecmp(text, "UTF-8'", 6) != 0 || !(from = strchr(from + 1, '\'')))
		return false;
	for (from++; *from; from++) {
		int byte = *from == '%' ? percent_read(from) : (unsigned char)*from;

		if (byte < 0)
			return false;
		from += *from == '%' ? 2 : 0;
		*to++ = (char)byte;
	}
	*to = '\0';
	return true;
}

/* Only UTF-8 is taken of it; without it the plain filename serves. */
static void keep_extended(char *value, struct disposition *d, bool *extended)
{
	if (!decode_extended(value))
		return;
	*extended = d->is_file = true;
	copy(value, strlen(value), d->filename, DISPOSITION_FILENAME_MAX);
}

/* False: too long a name. */
static bool keep(const char *parameter, char *value, struct disposition *d, bool *extended)
{
	if (strcasecmp(parameter, "name") == 0)
		return copy(value, strlen(value), d->name, DISPOSITION_NAME_MAX);
	if (strcasecmp(parameter, "filename*") == 0)
		keep_extended(value, d, extended);
	if (strcasecmp(parameter, "filename") == 0 && !*extended) {
		d->is_file = true;
		return copy(value, strlen(value), d->filename, DISPOSITION_FILENAME_MAX);
	}
	return true;
}

/* Reads "; name=value" at *at and moves behind it. */
static bool take_parameter(const char **at, struct disposition *d, bool *extended)
{
	char parameter[PARAMETER_MAX + 1], value[3 * DISPOSITION_FILENAME_MAX + 32];
	size_t len;

	*at += 1 + count_blanks(*at + 1);
	if (!**at)
		return true; /* a semicolon too many */
	len = strspn(*at, token);
	if (len == 0 || !copy(*at, len, parameter, PARAMETER_MAX))
		return false;
	*at += len + count_blanks(*at + len);
	if (**at != '=')
		return false;
	*at += 1 + count_blanks(*at + 1);
	return take_value(at, value, sizeof(value) - 1) && keep(parameter, value, d, extended);
}

enum drift_err disposition_parse(const char *text, struct disposition *out)
{
	struct disposition d = {0};
	bool extended = false;
	size_t len;

	text += count_blanks(text);
	len = strspn(text, token);
	if (len == 0 || !copy(text, len, d.type, DISPOSITION_TYPE_MAX))
		return DRIFT_EINVAL;
	for (char *p = d.type; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	text += len + count_blanks(text + len);
	while (*text == ';') {
		if (!take_parameter(&text, &d, &extended))
			return DRIFT_EINVAL;
		text += count_blanks(text);
	}
	if (*text)
		return DRIFT_EINVAL;
	*out = d;
	return DRIFT_OK;
}
