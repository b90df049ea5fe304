/*
 * child.h - the process of one walled child: started with two descriptors and no
 * environment, listened to with a clock, ended and explained.
 */
#ifndef DRIFT_WALL_CHILD_H
#define DRIFT_WALL_CHILD_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define CHILD_SILENCE_MS 60000 /* a child silent that long is ended */
#define CHILD_ANSWER_MS (INT64_C(3600) * 1000) /* one that is only ever busy, too */

struct child {
	pid_t pid; /* 0: none */
	int handle; /* pidfd, owned: its number may be somebody else's by now; -1: none */
	int socket; /* owned */
	uint8_t *memory; /* owned mapping of WIRE_MEMORY_BYTES; the child writes there too */
};

/* What child_end() says to whoever sent the file; what happened to the child is in the log. */
#define CHILD_BROKEN "it is damaged, or made in a way that keeps it from being read"
#define CHILD_SLOW "it takes longer to read than this site allows"

#define CHILD_NONE ((struct child){.handle = -1, .socket = -1})

/* Starts program; c is CHILD_NONE before. DRIFT_EIO (logged) when it cannot
   be started. */
enum drift_err child_start(struct child *c, const char *program) MUST_CHECK;

/*
 * Starts program ahead of time: the next child_start() of it takes that one, in this process or in
 * one that forks from it. One of the same program that was started ahead before is left to the
 * process that has taken it. Loading the program's libraries takes longer than all else. No failure
 * here is an error.
 */
void child_prepare(const char *program);

/* All that was started ahead is left to the process that this one was forked from. */
void child_forget(void);

/* Kills it if it still runs and reaps it. */
void child_clear(struct child *c);

/*
 * One message. patience_ms is what is left for the whole answer; it is
 * lowered by the time spent here. DRIFT_EMORE: silent for too long;
 * DRIFT_ECLOSED: it has ended, or gave something that is no message.
 */
enum drift_err child_hear(struct child *c, void *message, size_t max, size_t *got,
			  int64_t *patience_ms) MUST_CHECK;

/*
 * Ends it for good (it may have ended already), and says why it did.
 *
 * silent  it is ended because it said nothing
 * reason  for the person who sent the source, without a full stop
 *
 * Returns
 *   DRIFT_EMEDIA  what it was given is to blame
 *   DRIFT_EIO     this host is (logged): it made a system call that the walls forbid, or was told
 *                 to end, as when the host stops or has no memory left
 */
enum drift_err child_end(struct child *c, bool silent, char *reason, size_t reason_max) MUST_CHECK;

/* Moves its soft CPU limit, seconds since it started. */
void child_allow_cpu(const struct child *c, int64_t seconds);

#endif
