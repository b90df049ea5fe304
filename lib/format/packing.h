/*
 * packing.h - a stream as it goes into MP4: what the walled child says of it, and
 * how its packets lie in the memory that both share.
 *
 * No code. A slot of packets is PACKING_PACKETS_MAX entries and then the
 * packets' bytes, one after the other.
 */
#ifndef DRIFT_FORMAT_PACKING_H
#define DRIFT_FORMAT_PACKING_H

#include <stdint.h>

#define PACKING_CONFIG_MAX 512 /* bytes */
#define PACKING_PACKETS_MAX 16384 /* of one slot */
#define PACKING_BLOCK 4096 /* samples of each FLAC frame but the last one */
#define PACKING_FRAME_HEAD 64 /* bytes at most of an encoded frame beside its samples */

enum packing_way {
	PACKING_NONE, /* no browser takes this codec in MP4: delivered as it is */
	PACKING_COPY, /* the source's own packets */
	PACKING_FLAC, /* encoded, sample for sample */
	PACKING_FILM, /* with moving pictures: whole fragments, see film.h */
};

struct packing {
	enum packing_way way;
	char codec[5]; /* fLaC mp4a mp3(space) Opus, of films avc1 hvc1 vp09 av01, NUL behind */
	int32_t rate; /* Hz, and samples per second of every length */
	int32_t channels; /* 1 to 8 */
	int32_t bits; /* of fLaC: 16 or 24 where it is encoded */
	uint32_t config_bytes;
	uint8_t config[PACKING_CONFIG_MAX]; /* fLaC: STREAMINFO; mp4a:
		AudioSpecificConfig; Opus: OpusHead; mp3: nothing */
};

struct packing_entry { /* of one packet */
	uint32_t bytes;
	uint32_t samples;
};

#endif
