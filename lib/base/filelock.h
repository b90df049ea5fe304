/*
 * filelock.h - locks on bytes of a file, which need not be there: what processes, and hosts
 * where the file system is shared, agree by.
 *
 * Open file description locks: each open() has its own, fork() shares them, and the last
 * close() gives them up. Where a file system has no locks everybody has every one.
 */
#ifndef DRIFT_BASE_FILELOCK_H
#define DRIFT_BASE_FILELOCK_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

/* Bytes [at, at + count) of the file fd, which is open for writing unless all is shared. */
struct filelock {
	int fd;
	int64_t at, count;
};

/* Takes it for oneself, or with others who share it. False: somebody else has some of it. */
bool filelock_try(struct filelock l) MUST_CHECK;
bool filelock_try_shared(struct filelock l) MUST_CHECK;
void filelock_leave(struct filelock l);

/* Does somebody else have any of it for himself; or at all? */
bool filelock_is_taken(struct filelock l);
bool filelock_is_used(struct filelock l);

/*
 * As filelock_try() and filelock_try_shared(), but waits until it can be had, at most so long,
 * or until a signal comes. Takes SIGALRM and its timer for that time: for processes of one
 * thread.
 */
bool filelock_wait(struct filelock l, int milliseconds) MUST_CHECK;
bool filelock_wait_shared(struct filelock l, int milliseconds) MUST_CHECK;

#endif
