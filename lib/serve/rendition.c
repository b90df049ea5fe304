#include "serve/rendition.h"

#include <stddef.h>
#include <stdio.h>
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

/* --- presets ---------------------------------------------------------------------- */

bool rendition_read_preset(struct http *h, struct preset_wish *out)
{
	const char *name = http_query(h, "preset"), *intensity = http_query(h, "intensity");
	enum preset preset = PRESET_NONE;
	int steps = RENDITION_INTENSITY;

	if (name && preset_parse(name, &preset) != DRIFT_OK) {
		http_fail(h, DRIFT_EINVAL,
			  "The preset %.40s is not known:"
			  " none, adaptive, gentle, warm, bright or punchy.",
			  name);
		return false;
	}
	if (intensity && preset_parse_intensity(intensity, &steps) != DRIFT_OK) {
		http_fail(h, DRIFT_EINVAL, "The intensity %.40s is not a number from 0 to 1.",
			  intensity);
		return false;
	}
	*out = preset_wish(preset, steps);
	return true;
}

struct preset_wish rendition_preset_of_cookies(const struct http *h)
{
	const char *name = http_cookie(h, RENDITION_PRESET_COOKIE);
	const char *intensity = http_cookie(h, RENDITION_INTENSITY_COOKIE);
	enum preset preset = PRESET_NONE;
	int steps = RENDITION_INTENSITY;

	if (!name || preset_parse(name, &preset) != DRIFT_OK ||
	    (intensity && preset_parse_intensity(intensity, &steps) != DRIFT_OK))
		return preset_wish(PRESET_NONE, 0);
	return preset_wish(preset, steps);
}

static double share(struct preset_wish wish)
{
	return (double)wish.steps / PRESET_STEPS;
}

void rendition_tell_preset(struct http *h, struct preset_wish wish)
{
	http_set_header(h, "Drift-Preset", "%s", preset_name(wish.preset));
	if (wish.preset != PRESET_NONE)
		http_set_header(h, "Drift-Intensity", "%.2f", share(wish));
}

struct rendition_query rendition_preset_query(struct preset_wish wish)
{
	struct rendition_query query = {""};

	if (wish.preset != PRESET_NONE)
		snprintf(query.text, sizeof(query.text), "&preset=%s&intensity=%.2f",
			 preset_name(wish.preset), share(wish));
	return query;
}

/* --- what there is ------------------------------------------------------------------ */

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
