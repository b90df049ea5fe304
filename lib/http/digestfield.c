#include "http/digestfield.h"

#include "base/base64.h"

#include <string.h>

#define ENCODED_MAX 96 /* characters; a SHA-512 has 88 */

/* One member, "sha-256=:…:"; both texts lie in the field. */
struct member {
	const char *key, *value;
	size_t key_len, value_len;
};

static size_t count_blanks(const char *text)
{
	return strspn(text, " \t");
}

/* Parameters say nothing here, but end where the member does. Texts in them may hold commas. */
static const char *skip_parameters(const char *at)
{
	bool is_quoted = false;

	for (; *at && (is_quoted || *at != ','); at++) {
		if (*at == '\\' && is_quoted && at[1])
			at++;
		else if (*at == '"')
			is_quoted = !is_quoted;
	}
	return at;
}

/* Reads the member at *at and moves behind it and its comma. */
static bool take_member(const char **at, struct member *out)
{
	const char *p = *at + count_blanks(*at);

	out->key = p;
	out->key_len = strspn(p, "abcdefghijklmnopqrstuvwxyz0123456789_-.*");
	p += out->key_len;
	if (out->key_len == 0 || strncmp(p, "=:", 2) != 0)
		return false;
	out->value = p + 2;
	out->value_len = strcspn(out->value, ":");
	p = out->value + out->value_len;
	if (*p != ':')
		return false;
	p++;
	p += count_blanks(p);
	if (*p == ';')
		p = skip_parameters(p);
	if (*p && *p != ',')
		return false;
	*at = *p ? p + 1 : p;
	return !*p || (*at)[count_blanks(*at)]; /* nothing may follow a comma but a member */
}

static bool key_is(const struct member *m, const char *name)
{
	return strlen(name) == m->key_len && memcmp(name, m->key, m->key_len) == 0;
}

static bool read_value(const struct member *m, enum digest_kind kind, struct digest_value *out)
{
	uint8_t bytes[ENCODED_MAX];
	size_t len;

	if (m->value_len > ENCODED_MAX || !base64_decode(m->value, m->value_len, bytes, &len) ||
	    len != digest_size(kind))
		return false;
	out->kind = kind;
	memcpy(out->bytes, bytes, len);
	return true;
}

enum drift_err digestfield_parse(const char *text, bool *found, struct digest_value *out)
{
	struct digest_value value = {0};
	bool any = false, strong = false;
	struct member m;

	while (text && *text) {
		if (!take_member(&text, &m))
			return DRIFT_EINVAL;
		if (key_is(&m, "sha-512"))
			any = strong = true;
		else if (key_is(&m, "sha-256") && !strong)
			any = true;
		else
			continue;
		if (!read_value(&m, strong ? DIGEST_SHA512 : DIGEST_SHA256, &value))
			return DRIFT_EINVAL;
	}
	*found = any;
	if (any)
		*out = value;
	return DRIFT_OK;
}
