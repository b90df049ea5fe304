/*
 * filebody.h - a file as the answer to GET or HEAD, sent by the program itself.
 *
 * The last resort, where no server can be told to do it. Constant memory; ends when
 * the client leaves. Range and If-Range as range.h and precondition.h have them, several
 * parts as multipart/byteranges (RFC 9110 section 14.6).
 */
#ifndef DRIFT_HTTP_FILEBODY_H
#define DRIFT_HTTP_FILEBODY_H

#include "http/http.h"
#include "http/precondition.h"

#include <stdbool.h>
#include <stdint.h>

struct filebody {
	int fd; /* open for reading; borrowed */
	int64_t bytes;
	const char *mime; /* borrowed */
	struct validators validators;
};

/* Bytes of the file that this request will be sent, 0 for HEAD. */
int64_t filebody_length(const struct http *h, const struct filebody *f);

/* Is no byte of what it asks for there? True: it is answered (416). */
bool filebody_is_beyond(struct http *h, const struct filebody *f) MUST_CHECK;

/* Headers that are set already go out with it; a file that ends before its bytes do
   is logged, and the answer breaks off. */
void filebody_send(struct http *h, const struct filebody *f);

#endif
