/*
 * body.h - small bodies as texts: what a request brings, what an answer is.
 */
#ifndef DRIFT_HTTP_BODY_H
#define DRIFT_HTTP_BODY_H

#include "http/http.h"

#include <stdbool.h>
#include <stddef.h>

/* Whether the request's body is of a media type (lower case); its parameters do not matter. */
bool body_is(const struct http *h, const char *type);

/*
 * Reads a body of a type as a text, into out (appended).
 *
 * max  bytes at most
 *
 * False: the request is answered (415 naming what was found, 413, 400 for a NUL).
 */
bool body_read(struct http *h, const char *type, size_t max, struct buf *out) MUST_CHECK;

/* Answers with a text under an ETag, or 304 where the client has it. Other headers are
   set before. */
void body_send(struct http *h, const char *mime, const char *text);

#endif
