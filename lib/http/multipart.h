/*
 * multipart.h - a form's fields and files out of a body that comes in pieces.
 *
 * Pure: no request, no files, no allocation. What a form holds is never in memory: its bytes are
 * handed on where they lie, however the body is cut into pieces.
 * Source: RFC 7578 (multipart/form-data), RFC 2046 section 5.1 (multipart).
 */
#ifndef DRIFT_HTTP_MULTIPART_H
#define DRIFT_HTTP_MULTIPART_H

#include "base/err.h"
#include "http/disposition.h"

#include <stddef.h>
#include <stdint.h>

#define MULTIPART_TYPE "multipart/form-data"
#define MULTIPART_BOUNDARY_MAX 70 /* bytes (RFC 2046 section 5.1.1) */
#define MULTIPART_HEAD_MAX                                                                         \
	8192 /* bytes of a part's header fields, or of what is before the parts */

enum multipart_event {
	MULTIPART_MORE, /* nothing more is in the piece */
	MULTIPART_PART, /* a part begins: its disposition is known */
	MULTIPART_DATA, /* some of its bytes */
	MULTIPART_PART_END,
	MULTIPART_END, /* of the form; whatever follows says nothing */
};

struct multipart {
	int state;
	char delimiter[MULTIPART_BOUNDARY_MAX + 5]; /* "\r\n--" and the boundary */
	size_t delimiter_len;
	size_t matched; /* bytes of the delimiter that were just seen */
	char head[MULTIPART_HEAD_MAX + 1]; /* of the present part, as far as it came */
	size_t head_len; /* before the first part: bytes that belong to none */
	struct disposition part; /* of the present part, from MULTIPART_PART on */
	const uint8_t *data; /* of MULTIPART_DATA: in the piece or in here */
	size_t len; /* 1 or more */
};

/*
 * type  the Content-Type, with the boundary. Borrowed for the call
 *
 * Returns DRIFT_EINVAL without a boundary, and for one that RFC 2046 does not allow.
 */
enum drift_err multipart_init(struct multipart *m, const char *type) MUST_CHECK;

/*
 * Goes on reading up to the next event.
 *
 * at, len  the piece: moved behind what was read. On MULTIPART_DATA the bytes are good until
 *          the next call, and as long as the piece is
 *
 * Returns
 *   DRIFT_EFORMAT  it is no form: a part without Content-Disposition: form-data and a name, a
 *                  delimiter in a line that goes on, a NUL among header fields
 *   DRIFT_ELARGE   the header fields of a part are longer than MULTIPART_HEAD_MAX, or so much
 *                  comes before the first part
 * and is not to be called again then, nor after MULTIPART_END.
 */
enum drift_err multipart_next(struct multipart *m, const uint8_t **at, size_t *len,
			      enum multipart_event *out) MUST_CHECK;

#endif
