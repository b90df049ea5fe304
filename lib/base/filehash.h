/*
 * filehash.h - the SHA-256 of a file, bit by bit beside other work on it.
 */
#ifndef DRIFT_BASE_FILEHASH_H
#define DRIFT_BASE_FILEHASH_H

#include "base/digest.h"
#include "base/err.h"

#include <stdint.h>

#define FILEHASH_TEXT_MAX 65 /* hexadecimal digits and NUL */

struct filehash {
	int fd; /* borrowed; its offset is not used */
	int64_t bytes; /* of the file */
	int64_t at; /* so far */
	struct digest digest;
};

/* bytes: how long the file is. out: the caller's to filehash_clear(). Returns DRIFT_ENOMEM. */
enum drift_err filehash_init(struct filehash *h, int fd, int64_t bytes) MUST_CHECK;
void filehash_clear(struct filehash *h); /* all-zero is fine */

/*
 * Goes on to where a part of the file, 0 to 1, is in; never back.
 *
 * Returns DRIFT_EIO (errno kept), or DRIFT_EMORE when the file is shorter.
 */
enum drift_err filehash_advance(struct filehash *h, double part) MUST_CHECK;

/* Of the whole file, which is in. Call it once. */
void filehash_finish(struct filehash *h, char out[FILEHASH_TEXT_MAX]);

#endif
