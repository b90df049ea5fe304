#include "http/precondition.h"

#include "http/date.h"

#include <stddef.h>
#include <string.h>

struct tag {
	bool is_weak;
	const char *text; /* quotes included */
	size_t len;
};

/* Reads the tag at *at and moves behind it; false when there is none. */
static bool take_tag(const char **at, struct tag *out)
{
	const char *p = *at, *end;
	bool is_weak = strncmp(p, "W/", 2) == 0;

	p += is_weak ? 2 : 0;
	end = *p == '"' ? strchr(p + 1, '"') : NULL;
	if (!end)
		return false;
	*out = (struct tag){is_weak, p, (size_t)(end + 1 - p)};
	*at = end + 1;
	return true;
}

static bool tag_is(const struct tag *tag, const char *etag)
{
	return strlen(etag) == tag->len && memcmp(tag->text, etag, tag->len) == 0;
}

enum comparison { STRONG, WEAK };

/* Is etag, which is strong, in a list of tags? */
static bool list_has(const char *list, const char *etag, enum comparison comparison)
{
	const char *at = list + strspn(list, ", \t");
	struct tag tag;

	if (strcmp(at, "*") == 0)
		return true;
	while (take_tag(&at, &tag)) {
		if (tag_is(&tag, etag) && (comparison == WEAK || !tag.is_weak))
			return true;
		at += strspn(at, ", \t");
	}
	return false;
}

/* Was it changed after the date? What is no date gives fallback. */
static bool is_newer(const struct validators *v, const char *date, bool fallback)
{
	int64_t seconds;

	if (v->modified < 0 || date_parse(date, &seconds) != DRIFT_OK)
		return fallback;
	return v->modified > seconds;
}

enum precondition_answer precondition_check(const struct precondition *p,
					    const struct validators *v)
{
	if (p->if_match) {
		if (!list_has(p->if_match, v->etag, STRONG))
			return PRECONDITION_FAILED;
	} else if (is_newer(v, p->if_unmodified_since, false)) {
		return PRECONDITION_FAILED;
	}
	if (p->if_none_match)
		return list_has(p->if_none_match, v->etag, WEAK) ? PRECONDITION_NOT_MODIFIED
								 : PRECONDITION_SEND;
	return is_newer(v, p->if_modified_since, true) ? PRECONDITION_SEND
						       : PRECONDITION_NOT_MODIFIED;
}

bool precondition_allows_range(const struct precondition *p, const struct validators *v)
{
	const char *at = p->if_range;
	int64_t seconds;
	struct tag tag;

	if (!at)
		return true;
	if (take_tag(&at, &tag))
		return !*at && !tag.is_weak && tag_is(&tag, v->etag);
	return date_parse(at, &seconds) == DRIFT_OK && seconds == v->modified;
}
