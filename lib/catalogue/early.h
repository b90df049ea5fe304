/*
 * early.h - the fragmented MP4 of a version that is not whole yet, for those who ask for it:
 * while the transcoder makes it, or while the source itself arrives. Then asking has it made.
 *
 * Its bytes are in growing.mp4 (growth.h), which the web server sends where the playlist leads a
 * player; a program sends them to who would rather follow one URL.
 */
#ifndef DRIFT_CATALOGUE_EARLY_H
#define DRIFT_CATALOGUE_EARLY_H

#include "catalogue/delivery.h"
#include "catalogue/track.h"

/* Each answers; 404 where it is not being made, 503 with Retry-After where nothing of it is there
   yet. */

/* An HLS playlist of type EVENT. */
void early_send_playlist(struct delivery *d, const struct track *t);
/* A sidecar to which entries will be added. */
void early_send_sidecar(struct delivery *d, const struct track *t);
/* The bytes, as tail_send() has them. twin: as delivery_send() has it. */
void early_send_mp4(struct delivery *d, const struct track *t, const char *twin);

#endif
