/*
 * growing.h - a track of which nothing is stored yet, as far as its source has arrived.
 *
 * What is sent is on the disk. Who listens is noted, so that what is heard next is wanted
 * first.
 */
#ifndef DRIFT_CATALOGUE_GROWING_H
#define DRIFT_CATALOGUE_GROWING_H

#include "catalogue/delivery.h"
#include "catalogue/track.h"

/* The upload that is becoming the source. */
struct growing {
	struct uuid upload;
	int version; /* that it will be */
	char arrival[32]; /* in a word: see sql/functions/arrival.sql */
	char mime[TRACK_NAME_MAX];
};

/* False: it is answered; what has arrived does not say yet what it is, or never will. */
bool growing_find(struct delivery *d, const struct track *t, struct growing *out) MUST_CHECK;

/*
 * Answers with the source's bytes, as tail_send() does.
 *
 * t     its version is 0
 * twin  as delivery_send() has it
 */
void growing_send(struct delivery *d, const struct track *t, const char *twin);

/* What can be said of it by now. */
void growing_send_manifest(struct delivery *d, const struct track *t);

#endif
