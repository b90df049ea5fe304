/*
 * turnstile.h - so many at once on this host, whoever they are.
 *
 * A file with a byte for each place; who is in holds a lock on one of them. A process that
 * dies leaves its place.
 */
#ifndef DRIFT_BASE_TURNSTILE_H
#define DRIFT_BASE_TURNSTILE_H

#include "base/err.h"

#include <stdbool.h>

struct turnstile {
	int fd; /* -1: everybody may pass, as there is no file */
	int places;
	int place; /* that is ours; -1: none */
};

/*
 * path    made if it is not there; where that cannot be (logged), there is no limit
 * places  1 or more; 0: as many as this process has cores
 *
 * Returns the caller's to turnstile_close(). Processes that fork from this one share its
 * place: but for one of them all close it.
 */
struct turnstile turnstile_open(const char *path, int places);
void turnstile_close(struct turnstile *t); /* leaves, too */

/* Takes a place if one is free and none is ours. True: one is ours. */
bool turnstile_try(struct turnstile *t) MUST_CHECK;
/* The same, but waits for one, at most so long; as filelock_wait(). */
bool turnstile_wait(struct turnstile *t, int milliseconds) MUST_CHECK;
void turnstile_leave(struct turnstile *t);

#endif
