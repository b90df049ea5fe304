/*
 * cafpakt.h - what the packet table of a CAF file says of the ends of its sound.
 *
 * Reads chunk headers only. Source: Apple Core Audio Format Specification 1.0, "Packet Table
 * Chunk" and "Audio Description Chunk".
 */
#ifndef DRIFT_PARSE_CAFPAKT_H
#define DRIFT_PARSE_CAFPAKT_H

#include "parse/incoming.h"

#include <stdbool.h>
#include <stdint.h>

struct cafpakt { /* frames: samples of each channel at the rate of the file's description */
	int64_t valid; /* to be heard, at least 0 */
	int64_t priming; /* before them, at least 0 */
	int64_t remainder; /* behind them, at least 0 */
};

/*
 * Looks for it in the file that begins at start. Behind the sound of a file that still arrives
 * it is not looked for.
 *
 * False when there is none, or one with numbers below 0.
 */
bool cafpakt_read(struct incoming *in, int64_t start, struct cafpakt *out);

#endif
