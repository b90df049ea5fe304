/*
 * tagset.h - a file's tags: names and texts, as many as fit into a number of bytes.
 *
 * Pure. A name may stand there several times, once for each of its values.
 */
#ifndef DRIFT_FORMAT_TAGSET_H
#define DRIFT_FORMAT_TAGSET_H

#include <stdbool.h>
#include <stdint.h>

#define TAGSET_BYTES 32768 /* of all names and texts, their NULs included */
#define TAGSET_KEY_MAX 64 /* bytes, NUL included */
#define TAGSET_TEXT_MAX 4096 /* bytes, NUL included; a longer text is cut */

/* All-zero is empty. */
struct tagset {
	uint32_t bytes; /* in use */
	char data[TAGSET_BYTES]; /* name, NUL, text, NUL, and so on */
};

struct tagset_pair {
	const char *key, *text; /* borrowed from the set */
};

/* Can this be the name of a Vorbis comment? Printable ASCII from 0x20 to 0x7d without '=', of
   1 to TAGSET_KEY_MAX - 1 bytes (Ogg Vorbis I specification, section 5.2.2). */
bool tagset_is_key(const char *key);

/* Adds a pair behind the others. False: the name is none, the text is empty, or the pair does
   not fit; the set is as it was. */
bool tagset_add(struct tagset *t, const char *key, const char *text);

/* Steps to the next pair; an all-zero one is before the first. False at the end, and where the
   bytes are no pair. */
bool tagset_next(const struct tagset *t, struct tagset_pair *pair);

/* The first text of this name, borrowed from the set; NULL: there is none. */
const char *tagset_get(const struct tagset *t, const char *key);

#endif
