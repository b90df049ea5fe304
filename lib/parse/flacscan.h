/*
 * flacscan.h - the frames of a FLAC file, as fast as it can be read.
 *
 * libavformat's parser weighs every pair of headers by its checksums, which takes
 * longer than copying the file. A header's number, checksum and fields are 46
 * bits or more that have to be right, so the one that follows is the next frame;
 * only where none follows (the file is damaged there) the frame's own
 * checksum decides. Where another stream begins ("fLaC": somebody put two files one behind the
 * other) a sound frame ends, and the next one is behind that stream's metadata.
 */
#ifndef DRIFT_PARSE_FLACSCAN_H
#define DRIFT_PARSE_FLACSCAN_H

#include "base/err.h"
#include "format/flacframe.h"
#include "format/packing.h"
#include "parse/incoming.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct flacscan {
	struct incoming *in; /* borrowed */
	int64_t next; /* bytes of the file: of the next read */
	uint32_t smallest; /* bytes of a frame, as STREAMINFO says; 0: it does not */
	uint8_t *window; /* owned: the file's bytes before next */
	size_t have, room; /* bytes in it, and it holds */
	size_t at; /* in it: where the present frame starts */
	size_t seen; /* no frame starts between it and here */
	bool entered; /* there is a present frame */
	bool strange; /* a header that does not follow it was seen behind it */
	struct flacframe frame; /* that one */
	bool broken; /* a read failed; what is left is not given */
};

/*
 * start  bytes: where the first frame is, or what lies before it
 * s      the caller's to flacscan_clear()
 */
void flacscan_init(struct flacscan *s, struct incoming *in, int64_t start, uint32_t smallest);
void flacscan_clear(struct flacscan *s);

struct flacscan_run {
	struct packing_entry *entry; /* room for PACKING_PACKETS_MAX */
	int64_t at; /* out: where the first frame lies in the file; the others follow it */
	size_t bytes; /* out: of the frames */
	int32_t packets; /* out */
	int64_t samples; /* out */
	bool ended; /* out: no frame is left */
};

/*
 * Finds the frames that follow, until they hold most samples; more than the frame that
 * reaches most only where the file ends. A frame that is larger than any can be is given in
 * part: it is damaged. Ends early where another stream begins.
 *
 * Returns DRIFT_ENOMEM.
 */
enum drift_err flacscan_next(struct flacscan *s, int64_t most, struct flacscan_run *run) MUST_CHECK;

#endif
