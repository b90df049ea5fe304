/*
 * growbody.h - something that grows, sent as far as it is there, and as it comes.
 *
 * What is sent stays as it is, but the whole may turn out to be something else: so no answer has
 * a validator, and none says how long the whole is.
 */
#ifndef DRIFT_SERVE_GROWBODY_H
#define DRIFT_SERVE_GROWBODY_H

#include "base/err.h"
#include "serve/delivery.h"

#include <stdint.h>

#define GROWBODY_LENGTH_UNKNOWN (-1)

/* How far it can be read from a place on. */
struct growbody_reach {
	int64_t end; /* of what is there from that place on; the place itself: nothing is */
	int64_t length; /* of all of it, or GROWBODY_LENGTH_UNKNOWN */
};

struct growbody {
	/* A descriptor for the process that sends. */
	enum drift_err (*open)(void *context, int *fd);
	/* Called again and again; anything but DRIFT_OK: no more will come. */
	enum drift_err (*look)(void *context, int64_t at, struct growbody_reach *out);
	/* Somebody hears it, and needs that byte next: told about once a second. */
	void (*note)(void *context, int64_t at);
	void *context; /* of all three; it may keep the delivery, whose connection may become
			  another one */
	const char *missing; /* a sentence: what is asked for is not there yet */
	const char *gone; /* likewise: it is not there any more, or something else by now */
};

/*
 * Answers. A range: those of its bytes that are there from its beginning on (206,
 * Content-Range without the length of the whole), or 503 with Retry-After when the first is not.
 * All of it: what comes as it comes, in order, until it is whole, by a process of its own.
 *
 * twin  as delivery_send() has it
 *
 * Headers that are set already go out with it.
 */
void growbody_send(struct delivery *d, const struct growbody *t, const char *twin);

/* 503, to be asked for again in a second. */
void growbody_fail_later(struct http *h, const char *sentence);

#endif
