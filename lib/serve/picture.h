/*
 * picture.h - a track's picture, answered: whole, or the small one of ?size=small.
 *
 * A request that names the picture (?v=, anything) gets what may be kept for ever: whoever
 * writes such an address puts into it what changes with the picture.
 */
#ifndef DRIFT_SERVE_PICTURE_H
#define DRIFT_SERVE_PICTURE_H

#include "catalogue/track.h"
#include "serve/delivery.h"

void picture_send(struct delivery *d, const struct track *t);

#endif
