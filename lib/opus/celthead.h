/*
 * celthead.h - what the first symbols of a CELT packet say.
 *
 * Pure: no I/O, no allocation, no state.
 * Source: RFC 6716 sections 3.1 (TOC), 4.1 (range decoder), 4.3 table 56 (order),
 * 4.3.7.1 (post-filter).
 */
#ifndef DRIFT_OPUS_CELTHEAD_H
#define DRIFT_OPUS_CELTHEAD_H

#include <stdbool.h>
#include <stdint.h>

struct celthead {
	bool silent; /* then the rest is 0 */
	int32_t period; /* of the pitch post-filter, 48 kHz samples, 15 to 1022; 0: it is off */
	bool transient; /* short blocks */
};

/*
 * packet  one frame of CELT, 10 ms or more of it, with its TOC byte; borrowed for
 *         the call
 * bytes   2 or more; what is missing reads as zeros
 */
struct celthead celthead_parse(const uint8_t *packet, int32_t bytes);

#endif
