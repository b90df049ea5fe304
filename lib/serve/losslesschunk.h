/*
 * losslesschunk.h - 5 s of what was uploaded, as fragments of MP4, whether the whole one is made
 * or not.
 *
 * The first listener has it made, in the request; all others at that place wait those few
 * milliseconds, and it is a file then, until the whole one is there.
 */
#ifndef DRIFT_SERVE_LOSSLESSCHUNK_H
#define DRIFT_SERVE_LOSSLESSCHUNK_H

#include "base/buf.h"
#include "base/conf.h"
#include "base/err.h"
#include "base/uuid.h"
#include "catalogue/track.h"
#include "serve/delivery.h"

#include <stdint.h>

/* Answers GET and HEAD of /<id>/chunk/<n>?format=lossless. */
void losslesschunk_send(struct delivery *d, const struct track *t, int64_t number);

/* /<id>/init.mp4?format=lossless */
void losslesschunk_send_init(struct delivery *d, const struct track *t);

/* /<id>/chunks.json?format=lossless */
void losslesschunk_send_list(struct delivery *d, const struct track *t);

#endif
