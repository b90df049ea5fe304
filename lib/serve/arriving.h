/*
 * arriving.h - a track of which nothing is stored yet, as far as its source has arrived.
 *
 * What is sent is on the disk. Who listens is noted, so that what is heard next is wanted
 * first.
 */
#ifndef DRIFT_SERVE_ARRIVING_H
#define DRIFT_SERVE_ARRIVING_H

#include "catalogue/track.h"
#include "serve/delivery.h"

/* The upload that is becoming the source. */
struct arriving {
	struct uuid upload;
	int version; /* that it will be */
	char arrival[32]; /* in a word: see sql/functions/arrival.sql */
	char mime[TRACK_NAME_MAX];
};

/* False: it is answered; what has arrived does not say yet what it is, or never will. */
bool arriving_find(struct delivery *d, const struct track *t, struct arriving *out) MUST_CHECK;

/*
 * Answers with the source's bytes, as growbody_send() does.
 *
 * t     its version is 0
 * twin  as delivery_send() has it
 */
void arriving_send(struct delivery *d, const struct track *t, const char *twin);

/* What can be said of it by now. */
void arriving_send_manifest(struct delivery *d, const struct track *t);

#endif
