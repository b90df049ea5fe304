/*
 * musepack.h - how many samples a Musepack SV8 file says it has.
 *
 * Source: Musepack SV8 specification, stream header packet ("SH").
 */
#ifndef DRIFT_PARSE_MUSEPACK_H
#define DRIFT_PARSE_MUSEPACK_H

#include "parse/incoming.h"

#include <stdbool.h>
#include <stdint.h>

#define MUSEPACK_DELAY 481 /* samples that the synthesis filters give before the first one */

struct musepack { /* samples */
	int64_t samples; /* behind the delay, silence included */
	int64_t silence; /* at the beginning, to be dropped */
};

/* Reads the file from start on. False for what is no SV8 or makes no sense. */
bool musepack_read(struct incoming *in, int64_t start, struct musepack *out);

#endif
