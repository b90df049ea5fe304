/*
 * growing.h - an artifact of a version that is not whole yet, for those who ask for it: while the
 * transcoder makes it, or while the source itself arrives. Then asking has it made.
 *
 * Its bytes are in a file that grows (growth.h), which the web server sends where playlist or
 * sidecar lead a player; a program sends them to who would rather follow one URL.
 */
#ifndef DRIFT_SERVE_GROWING_H
#define DRIFT_SERVE_GROWING_H

#include "base/err.h"
#include "catalogue/growth.h"
#include "catalogue/track.h"
#include "serve/delivery.h"

#include <stdbool.h>

/* Each answers; 404 where it is not being made, 503 with Retry-After where nothing of it is there
   yet. */

/* An HLS playlist of type EVENT, of the fragmented MP4. */
void growing_send_playlist(struct delivery *d, const struct track *t);
/* A sidecar to which entries will be added. */
void growing_send_sidecar(struct delivery *d, const struct track *t,
			  const struct growth_kind *kind);
/* The bytes, as growbody_send() has them. twin: as delivery_send() has it. */
void growing_send_file(struct delivery *d, const struct track *t, const struct growth_kind *kind,
		       const char *twin);

/*
 * Answers with the Opus rendition of a track that arrives. False, and nothing is answered: it
 * cannot be made of what arrives, or not so soon that somebody who begins should wait for it.
 */
bool growing_try_opus(struct delivery *d, const struct track *t, const char *twin) MUST_CHECK;

/* Is the Opus rendition of a stored version being made by somebody, so that it can be heard? Also
   when he was killed, to who is in the middle of it: he waits for who goes on. */
bool growing_has_opus(struct delivery *d, const struct track *t);

#endif
