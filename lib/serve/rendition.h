/*
 * rendition.h - the two views of a track that a listener can ask for.
 */
#ifndef DRIFT_SERVE_RENDITION_H
#define DRIFT_SERVE_RENDITION_H

#include "catalogue/track.h"
#include "dsp/preset.h"
#include "http/http.h"

#include <stdbool.h>

#define RENDITION_COOKIE "streamQuality" /* the listener's setting of that name */

enum rendition {
	RENDITION_LOSSLESS, /* the source as uploaded, lossless or not */
	RENDITION_OPUS,
};

const char *rendition_name(enum rendition r); /* "lossless", "opus" */

/* "format" of the query; fallback without one. False: the request is answered (400). */
bool rendition_read(struct http *h, enum rendition fallback, enum rendition *out) MUST_CHECK;

/* What the listener's cookie says; lossless when it says nothing that is known. */
enum rendition rendition_of_cookie(const struct http *h);

#define RENDITION_PRESET_COOKIE "preset"
#define RENDITION_INTENSITY_COOKIE "intensity"
#define RENDITION_INTENSITY 10 /* steps: with a preset, and no word of how much of it */

/* "preset" and "intensity" of the query. False: the request is answered (400). */
bool rendition_read_preset(struct http *h, struct preset_wish *out) MUST_CHECK;

/* What the listener's cookies say; none where they say nothing that is known. */
struct preset_wish rendition_preset_of_cookies(const struct http *h);

/* Says in the headers what the answer sounds like. */
void rendition_tell_preset(struct http *h, struct preset_wish wish);

/* "&preset=warm&intensity=0.50", or "" for none: for URLs. */
struct rendition_query {
	char text[48];
};
struct rendition_query rendition_preset_query(struct preset_wish wish);

/* What there is of the track: lossless where Opus is wanted and is not there. */
enum rendition rendition_of_track(const struct track *t, enum rendition wanted);

/* The file of a rendition that is there, and its media type; borrowed from t or static. */
const char *rendition_file(const struct track *t, enum rendition r);
const char *rendition_mime(const struct track *t, enum rendition r);

/* The sidecar of a rendition; "" while it is not made. Borrowed likewise. */
const char *rendition_sidecar(const struct track *t, enum rendition r);

#endif
