/*
 * packer.h - a source as packets that go into MP4: its own, or FLAC.
 *
 * Runs behind the walls only (libexec/drift-decode.c).
 */
#ifndef DRIFT_WALLED_PACKER_H
#define DRIFT_WALLED_PACKER_H

#include "base/err.h"
#include "format/packing.h"
#include "walled/source.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct packer;

/*
 * source  made by source_new_repackaged(), borrowed for the packer's life
 * out     the caller's to packer_free(), written on DRIFT_OK only
 *
 * Returns
 *   DRIFT_EMEDIA  the stream has no packet to begin with
 *   DRIFT_ENOMEM
 */
enum drift_err packer_new(struct source *source, struct packer **out) MUST_CHECK;
void packer_free(struct packer *p); /* NULL is fine */

/* Borrowed until packer_free(). */
const struct packing *packer_get_packing(const struct packer *p);

struct packer_run {
	struct packing_entry *entry; /* room for PACKING_PACKETS_MAX */
	uint8_t *data;
	size_t room; /* bytes at data */
	int64_t at; /* out: where the packets lie in the source's file, one after the other,
		       and are not at data; -1: they are */
	int64_t start; /* out: samples before the first of them */
	size_t bytes; /* out: used */
	int32_t packets; /* out */
	bool ended; /* out: nothing is left */
	int64_t rounded; /* out: samples that FLAC could not hold as they were */
};

/*
 * PACKING_COPY: the packets that follow and start at from or later, as far as they start before
 * until; fewer where the room ends.
 * They stay in the source's file where they lie there like that.
 *
 * from, until  samples from the start of the first packet
 *
 * Returns DRIFT_EMEDIA for a packet that is larger than the room; DRIFT_ENOMEM.
 */
enum drift_err packer_copy(struct packer *p, int64_t from, int64_t until,
			   struct packer_run *run) MUST_CHECK;

/*
 * PACKING_FLAC: [first, first + count) of the samples heard, encoded.
 *
 * first  a multiple of PACKING_BLOCK
 * count  likewise, but for the last run of a stream
 *
 * Returns DRIFT_EMEDIA, DRIFT_ELARGE (room), DRIFT_ENOMEM.
 */
enum drift_err packer_encode(struct packer *p, int64_t first, int32_t count,
			     struct packer_run *run) MUST_CHECK;

#endif
