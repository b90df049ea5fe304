#include "catalogue/rendition.h"

#include <stddef.h>
#include <string.h>

static const char *const names[] = {
	[RENDITION_LOSSLESS] = "lossless",
	[RENDITION_OPUS] = "opus",
};

#define RENDITIONS (sizeof(names) / sizeof(names[0]))

const char *rendition_name(enum rendition r)
{
	return names[r];
}

static bool parse(const char *text, enum rendition *out)
{
	for (size_t i = 0; i < RENDITIONS; i++) {
		if (strcmp(text, names[i]) == 0) {
			*out = (enum rendition)i;
			return true;
		}
	}
	return false;
}

bool rendition_read(struct http *h, enum rendition fallback, enum rendition *out)
{
	const char *text = http_query(h, "format");

	if (http_query_bad(h)) {
		http_fail(h, DRIFT_EINVAL,
			  "The query is not well-formed; format is lossless or opus.");
		return false;
	}
	if (!text) {
		*out = fallback;
		return true;
	}
	if (parse(text, out))
		return true;
	http_fail(h, DRIFT_EINVAL, "The format %.40s is not known: lossless or opus.", text);
	return false;
}

enum rendition rendition_of_cookie(const struct http *h)
{
	const char *text = http_cookie(h, RENDITION_COOKIE);
	enum rendition r = RENDITION_LOSSLESS;

	return text && parse(text, &r) ? r : RENDITION_LOSSLESS;
}

enum rendition rendition_of_track(const struct track *t, enum rendition wanted)
{
	return wanted == RENDITION_OPUS && *t->opus_name ? RENDITION_OPUS : RENDITION_LOSSLESS;
}

const char *rendition_file(const struct track *t, enum rendition r)
{
	return r == RENDITION_OPUS ? t->opus_name : t->source_name;
}

const char *rendition_mime(const struct track *t, enum rendition r)
{
	return r == RENDITION_OPUS ? "audio/ogg; codecs=opus" : t->source_mime;
}

const char *rendition_sidecar(const struct track *t, enum rendition r)
{
	return r == RENDITION_OPUS ? t->seekidx_name : t->remux_seekidx_name;
}
