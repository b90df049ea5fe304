/*
 * incoming.h - a file that is read while it may still be arriving.
 *
 * Who reads it asks for bytes that are there, and waits for those that are not.
 */
#ifndef DRIFT_PARSE_INCOMING_H
#define DRIFT_PARSE_INCOMING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * Waits until the byte at offset at is there.
 *
 * end  written on true only: where what is there from at on ends
 *
 * False: it will never be.
 */
typedef bool (*incoming_wait)(void *context, int64_t at, int64_t *end);

struct incoming {
	int fd; /* borrowed */
	int64_t bytes; /* the file has, or will have */
	incoming_wait wait; /* NULL: all of it is there */
	void *context; /* of wait */
	int64_t from, to; /* bytes that are known to be there */
};

/* A regular file, all of which is there. */
struct incoming incoming_whole(int fd);

bool incoming_is_whole(const struct incoming *in);

/*
 * As pread(2), but never interrupted: at most max bytes from at on, at least one unless the
 * file ends there. -1 also when they will never come.
 */
ssize_t incoming_read(struct incoming *in, void *data, size_t max, int64_t at);
/* The same, but fewer than max bytes only where the file ends. */
ssize_t incoming_fill(struct incoming *in, void *data, size_t max, int64_t at);

#endif
