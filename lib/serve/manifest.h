/*
 * manifest.h - all that a player needs of a track, as JSON.
 */
#ifndef DRIFT_SERVE_MANIFEST_H
#define DRIFT_SERVE_MANIFEST_H

#include "catalogue/track.h"
#include "serve/delivery.h"

/* Answers with it: 200, 304, 412, or 500, 503. */
void manifest_send(struct delivery *d, const struct track *t);

#endif
