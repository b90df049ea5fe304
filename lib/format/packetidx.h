/*
 * packetidx.h - where the packets of a source are, by the half second.
 *
 * Pure. Made in the one pass that measures a source, and kept as a sidecar
 * (seekidx.h, codec "pkts") beside it: with it a reader is at any sample without
 * having walked there, whatever index the container has or has not.
 */
#ifndef DRIFT_FORMAT_PACKETIDX_H
#define DRIFT_FORMAT_PACKETIDX_H

#include "base/buf.h"
#include "base/err.h"
#include "format/seekidx.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct packetidx { /* all-zero: empty */
	struct buf entries; /* as in a sidecar: raw position (packets.h), byte of the file */
	uint32_t count;
	int64_t step; /* samples between entries, at least */
};

void packetidx_clear(struct packetidx *x);

/* Notes a packet, if it is far enough behind the last one noted and in the file's order. */
void packetidx_add(struct packetidx *x, int64_t at, int64_t offset);

/* The last entry at or before a raw position; -1: there is none. */
int64_t packetidx_before(const struct packetidx *x, int64_t at);
struct seekidx_entry packetidx_get(const struct packetidx *x, int64_t i);

/* Is there a packet noted at that byte? Its raw position then. */
bool packetidx_find(const struct packetidx *x, int64_t offset, int64_t *at);

/* What was measured together with it. */
struct packetidx_facts {
	int32_t rate; /* Hz */
	int64_t delay, samples; /* unheard before, and heard */
	int64_t bytes; /* of the file */
};

/* Adds the sidecar. Out of memory shows in buf_ok(out). */
void packetidx_write(const struct packetidx *x, const struct packetidx_facts *facts,
		     struct buf *out);

/*
 * Reads one; x is empty before.
 *
 * Returns DRIFT_EFORMAT, DRIFT_EMORE (see seekidx_parse()), DRIFT_ENOMEM.
 */
enum drift_err packetidx_read(struct packetidx *x, struct packetidx_facts *facts,
			      const uint8_t *data, size_t len) MUST_CHECK;

#endif
