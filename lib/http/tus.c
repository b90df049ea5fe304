#include "http/tus.h"

#include "base/base64.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum drift_err tus_parse_number(const char *text, int64_t *out)
{
	int64_t n = 0;

	if (!text || !*text)
		return DRIFT_EINVAL;
	for (; *text; text++) {
		int digit = *text - '0';

		if (digit < 0 || digit > 9 || n > (INT64_MAX - digit) / 10)
			return DRIFT_EINVAL;
		n = n * 10 + digit;
	}
	*out = n;
	return DRIFT_OK;
}

/* --- Upload-Checksum --------------------------------------------------------------- */

static bool kind_parse(const char *name, size_t len, enum digest_kind *out)
{
	static const struct {
		const char *name;
		enum digest_kind kind;
	} kinds[] = {{"md5", DIGEST_MD5}, {"sha1", DIGEST_SHA1}, {"sha256", DIGEST_SHA256}};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strlen(kinds[i].name) == len && memcmp(kinds[i].name, name, len) == 0) {
			*out = kinds[i].kind;
			return true;
		}
	}
	return false;
}

enum drift_err tus_parse_checksum(const char *text, struct digest_value *out)
{
	const char *space = strchr(text, ' ');
	uint8_t digest[48];
	struct digest_value c;
	size_t len, bytes;

	if (!space || !kind_parse(text, (size_t)(space - text), &c.kind))
		return DRIFT_EINVAL;
	len = strlen(space + 1);
	if (len / 4 * 3 > sizeof(digest) || !base64_decode(space + 1, len, digest, &bytes) ||
	    bytes != digest_size(c.kind))
		return DRIFT_EINVAL;
	memcpy(c.bytes, digest, bytes);
	*out = c;
	return DRIFT_OK;
}

/* --- Upload-Concat ----------------------------------------------------------------- */

/* len: of the URL at text */
static enum drift_err url_parse(const char *text, size_t len, struct uuid *out)
{
	size_t at = len;

	while (at > 0 && text[at - 1] != '/')
		at--;
	return uuid_parse(text + at, len - at, out);
}

enum drift_err tus_parse_concat(const char *text, struct tus_concat *out)
{
	static const char final[] = "final;";
	size_t len;

	out->parts = 0;
	out->is_final = strncmp(text, final, sizeof(final) - 1) == 0;
	if (!out->is_final)
		return strcmp(text, "partial") == 0 ? DRIFT_OK : DRIFT_EINVAL;
	for (text += sizeof(final) - 1; *text; text += len + strspn(text + len, " ")) {
		len = strcspn(text, " ");
		if (out->parts == TUS_PARTS_MAX ||
		    url_parse(text, len, &out->part[out->parts]) != DRIFT_OK)
			return DRIFT_EINVAL;
		out->parts++;
	}
	return out->parts ? DRIFT_OK : DRIFT_EINVAL;
}

/* --- Upload-Metadata ------------------------------------------------------------------ */

struct pair {
	char *key; /* in the copy of the field */
	char *value; /* "" for none */
};

/* Decodes in place: three bytes never need more room than four characters. */
static bool value_decode(char *value)
{
	size_t bytes;

	if (!base64_decode(value, strlen(value), (uint8_t *)value, &bytes))
		return false;
	if (memchr(value, '\0', bytes))
		return false;
	value[bytes] = '\0';
	return true;
}

static bool is_key(const char *key)
{
	if (!*key)
		return false;
	for (; *key; key++)
		if (*key <= ' ' || *key > '~')
			return false;
	return true;
}

static const char *find(const struct pair *pairs, size_t count, const char *key)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(pairs[i].key, key) == 0)
			return pairs[i].value;
	return NULL;
}

/* Cuts one "key value" in two. Blanks around it are tolerated: RFC 9110 section
   5.6.1 allows them in lists, and proxies that join fields write them. */
static bool pair_parse(char *text, struct pair *out)
{
	static char none[] = "";
	char *end, *space;

	text += strspn(text, " \t");
	end = text + strlen(text);
	while (end > text && (end[-1] == ' ' || end[-1] == '\t'))
		*--end = '\0';
	space = strchr(text, ' ');
	out->key = text;
	out->value = none;
	if (space) {
		*space = '\0';
		out->value = space + 1;
	}
	return is_key(out->key) && (!*out->value || value_decode(out->value));
}

static bool pairs_parse(char *text, struct pair pairs[TUS_PAIRS_MAX], size_t *count)
{
	size_t n = 0;

	for (char *comma; text; text = comma) {
		struct pair p;

		comma = strchr(text, ',');
		if (comma)
			*comma++ = '\0';
		if (n == TUS_PAIRS_MAX || !pair_parse(text, &p) || find(pairs, n, p.key))
			return false;
		pairs[n++] = p;
	}
	*count = n;
	return true;
}

static void add_json(struct buf *json, const struct pair *pairs, size_t count, const char *field)
{
	buf_add_text(json, "{\"Upload-Metadata\":");
	buf_add_json(json, field);
	for (size_t i = 0; i < count; i++) {
		if (strcmp(pairs[i].key, "Upload-Metadata") == 0)
			continue;
		buf_add_text(json, ",");
		buf_add_json(json, pairs[i].key);
		buf_add_text(json, ":");
		buf_add_json(json, pairs[i].value);
	}
	buf_add_text(json, "}");
}

static bool copy(char out[TUS_NAME_MAX + 1], const char *value)
{
	return snprintf(out, TUS_NAME_MAX + 1, "%s", value ? value : "") <= TUS_NAME_MAX;
}

static enum drift_err take(const struct pair *pairs, size_t count, const char *field,
			   struct tus_metadata *out)
{
	const char *name = find(pairs, count, "filename");

	if (!name)
		name = find(pairs, count, "name");
	if (!copy(out->name, name) || !copy(out->track, find(pairs, count, "track")))
		return DRIFT_EINVAL;
	add_json(&out->json, pairs, count, field);
	return buf_ok(&out->json) ? DRIFT_OK : DRIFT_ENOMEM;
}

enum drift_err tus_parse_metadata(const char *text, struct tus_metadata *out)
{
	struct tus_metadata m = {0};
	struct pair pairs[TUS_PAIRS_MAX];
	enum drift_err err = DRIFT_EINVAL;
	size_t count = 0;
	char *field;

	if (!text || !*text) {
		*out = m;
		return DRIFT_OK;
	}
	field = strdup(text);
	if (!field)
		return DRIFT_ENOMEM;
	if (pairs_parse(field, pairs, &count))
		err = take(pairs, count, text, &m);
	free(field);
	if (err) {
		buf_clear(&m.json);
		return err;
	}
	*out = m;
	return DRIFT_OK;
}
