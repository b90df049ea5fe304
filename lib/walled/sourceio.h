/*
 * sourceio.h - a file as libavformat's input, and nothing but it.
 *
 * Edge (libavformat). Reads by place, so the descriptor's own offset does
 * not matter. What lies before start is not there for the reader: a giant tag
 * is stepped over that way.
 */
#ifndef DRIFT_WALLED_SOURCEIO_H
#define DRIFT_WALLED_SOURCEIO_H

#include "parse/incoming.h"

#include <libavformat/avformat.h>
#include <stdbool.h>
#include <stdint.h>

struct sourceio {
	struct incoming *in; /* borrowed */
	int64_t start; /* bytes hidden at the front of the file */
	int64_t at; /* of the next read */
	AVIOContext *avio; /* owned */
};

/* False when out of memory. s must not move afterwards. */
bool sourceio_init(struct sourceio *s, struct incoming *in, int64_t start);
void sourceio_clear(struct sourceio *s);

#endif
