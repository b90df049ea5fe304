/*
 * chunk.h - 5 s of a rendition by number, encoded where it is not there yet.
 *
 * Chunk n of the Opus rendition has the packets of segment n: samples [240000 n, 240000 (n + 1))
 * of what goes into the decoder, the last one maybe fewer.
 */
#ifndef DRIFT_SERVE_CHUNK_H
#define DRIFT_SERVE_CHUNK_H

#include "catalogue/track.h"
#include "serve/delivery.h"

/*
 * Answers GET and HEAD of /<id>/chunk/<n>?format=opus&container=mp4|ogg&preset=&intensity=: a
 * fragment, or a slice that stands by itself.
 */
void chunk_send(struct delivery *d, const struct track *t);

/* /<id>/init.mp4?format=opus: what goes in front of any fragment. */
void chunk_send_init(struct delivery *d, const struct track *t);

/* /<id>/chunks.json?format=opus: how many there are, and how long. */
void chunk_send_list(struct delivery *d, const struct track *t);

#endif
