/*
 * growing.h - a track of which nothing is stored yet, as far as its source has arrived.
 *
 * What is sent is on the disk and stays as it is, but the whole may turn out to be
 * something else: so no answer may be kept, none has a validator, and none says how long
 * the whole is. Who listens is noted, so that what is heard next is wanted first.
 */
#ifndef DRIFT_CATALOGUE_GROWING_H
#define DRIFT_CATALOGUE_GROWING_H

#include "catalogue/delivery.h"
#include "catalogue/track.h"

/*
 * Answers with the source's bytes. A range: those of it that are there from its
 * beginning on (206, Content-Range without the length of the whole), or 503 with
 * Retry-After when the first is not. All of it: what comes as it comes, in order, until the
 * upload is whole, by a process of its own.
 *
 * t     its version is 0
 * twin  as delivery_send() has it
 */
void growing_send(struct delivery *d, const struct track *t, const char *twin);

/* What can be said of it by now. */
void growing_send_manifest(struct delivery *d, const struct track *t);

#endif
