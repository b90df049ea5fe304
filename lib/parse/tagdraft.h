/*
 * tagdraft.h - what a file's tags say, while they are being read: all names and texts, and the
 * best picture. What is kept of them goes into a tagset at the end.
 *
 * Pure, but for memory. Several tags of one file are read one after the other; a name
 * that an earlier one has is not looked for in a later one.
 */
#ifndef DRIFT_PARSE_TAGDRAFT_H
#define DRIFT_PARSE_TAGDRAFT_H

#include "base/buf.h"
#include "base/err.h"
#include "format/tagset.h"

#include <stddef.h>
#include <stdint.h>

#define TAGDRAFT_ENTRIES_MAX 4096
#define TAGDRAFT_TEXT_MAX (1 << 20) /* bytes of all names and texts */
#define TAGDRAFT_RESERVE 8 /* an eighth of either is for names that tagname.h knows */

/* Of pictures, by ID3v2.4.0 frames section 4.14 and RFC 9639 section 8.8 */
enum tagdraft_picture {
	TAGDRAFT_OTHER = 0,
	TAGDRAFT_ICON = 1,
	TAGDRAFT_OTHER_ICON = 2,
	TAGDRAFT_FRONT = 3,
	TAGDRAFT_BACK = 4, /* and more */
};

/* All-zero is empty. */
struct tagdraft {
	struct buf text; /* owned */
	struct {
		uint32_t key, text; /* places in text, each ended by a NUL */
	} entry[TAGDRAFT_ENTRIES_MAX];
	size_t count;
	size_t settled; /* entries of earlier tags */
	uint8_t *picture; /* owned; NULL: none so far */
	size_t picture_bytes;
	const char *picture_mime; /* static: image/jpeg, image/png */
	int picture_rank;
	bool failed; /* out of memory */
};

void tagdraft_clear(struct tagdraft *d);

/* What is added from now on is of another tag, which those before it precede. */
void tagdraft_next_tag(struct tagdraft *d);

/*
 * Adds one value, or as many as NULs part. A value that is there already, and an empty one, is
 * left out; so is all that is beyond the limits above.
 *
 * name  as tagname_find() takes it
 * text  as tagtext_add_bytes() takes it; borrowed for the call
 */
void tagdraft_add(struct tagdraft *d, const char *name, const void *text, size_t len);

/*
 * Offers a picture, which is copied if it is a better one than those before: the front
 * cover, else one that claims to be nothing in particular, else any but an icon.
 *
 * type  see above
 * data  borrowed; what is no JPEG and no PNG, or longer than DECODER_COVER_MAX, is left out
 */
void tagdraft_offer(struct tagdraft *d, unsigned type, const void *data, size_t len);

/* The same of a picture that begins somewhere in the data, behind its description. */
void tagdraft_offer_inside(struct tagdraft *d, unsigned type, const void *data, size_t len);

/* Adds to out what fits, names of a low tagname_rank() first, the values of a name together. */
void tagdraft_keep(const struct tagdraft *d, struct tagset *out);

#endif
