/*
 * filebody.h - a file as the answer to GET or HEAD, sent by the program itself.
 *
 * The last resort where there is a file, as no server can be told to send it; the way for one
 * that is made as it is sent. Constant memory; ends when
 * the client leaves. Range and If-Range as range.h and precondition.h have them, several
 * parts as multipart/byteranges (RFC 9110 section 14.6).
 */
#ifndef DRIFT_HTTP_FILEBODY_H
#define DRIFT_HTTP_FILEBODY_H

#include "http/http.h"
#include "http/precondition.h"

#include <stdbool.h>
#include <stdint.h>

/* Bytes that are made as they are sent. */
struct filebody_maker {
	/* Are the bytes from first to last there, to be sent at once? */
	bool (*is_there)(void *context, int64_t first, int64_t last);
	/*
	 * Byte first is wanted now by the client of h. Anything but DRIFT_OK is the answer:
	 * DRIFT_EBUSY where it would take too long.
	 */
	enum drift_err (*begin)(void *context, struct http *h, int64_t first);
	/* Sends the bytes from first to last (http_write). Anything but DRIFT_OK breaks
	   the answer off. */
	enum drift_err (*send)(void *context, struct http *h, int64_t first, int64_t last);
};

struct filebody {
	int fd; /* open for reading; borrowed */
	const struct filebody_maker *maker; /* instead of fd; NULL: fd it is */
	void *context; /* the maker's */
	int64_t bytes;
	const char *mime; /* borrowed */
	struct validators validators;
};

/* Bytes of the file that this request will be sent, 0 for HEAD. */
int64_t filebody_length(const struct http *h, const struct filebody *f);

/* Has it a maker, by whom all that this request will be sent is there? */
bool filebody_is_there(const struct http *h, const struct filebody *f);

/* Is no byte of what it asks for there? True: it is answered (416). */
bool filebody_is_beyond(struct http *h, const struct filebody *f) MUST_CHECK;

/* Headers that are set already go out with it; a file that ends before its bytes do
   is logged, and the answer breaks off. */
void filebody_send(struct http *h, const struct filebody *f);

#endif
