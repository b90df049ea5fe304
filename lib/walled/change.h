/*
 * change.h - where the sound of a bare stream becomes another one.
 *
 * An MP3, ADTS or FLAC file may be two that somebody put one behind the other: then rate, channels
 * or depth change from one packet to the next. Packets say so themselves (codec_sound()). One that
 * differs may be a damaged one; three in a row are not.
 */
#ifndef DRIFT_WALLED_CHANGE_H
#define DRIFT_WALLED_CHANGE_H

#include "walled/codec.h"
#include "walled/demux.h"

#include <stdbool.h>
#include <stdint.h>

#define CHANGE_HEAD 32 /* bytes by which a packet is found in the file */

struct change {
	struct codec_sound first; /* of the stream's first packet that says it */
	bool known; /* first is */
	int others; /* packets in a row that differ */
	int64_t before; /* bytes from file.start: a place ahead of the last packet like the first */
	int64_t near; /* the same of the first other one */
	uint8_t head[CHANGE_HEAD]; /* its first bytes */
	int head_bytes;
};

enum change_verdict {
	CHANGE_NONE, /* a packet like the first */
	CHANGE_MAYBE, /* the first that differs */
	CHANGE_GOES_ON, /* another one behind that */
	CHANGE_SURE, /* the third in a row */
};

/*
 * One packet of a walk in order.
 *
 * c  all-zero before the first one
 */
enum change_verdict change_look(struct change *c, const struct demux *d, const AVPacket *packet);

/*
 * After CHANGE_SURE: where the other stream begins, bytes of the file; of FLAC its "fLaC".
 * Returns -1 when no stream begins there.
 */
int64_t change_find(const struct change *c, const struct demux *d, const struct demux_file *file);

/* Is it a file whose streams can be told apart by bytes alone? */
bool change_is_possible(const struct demux_file *file);

#endif
