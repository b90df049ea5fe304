/*
 * coldstart.h - does a decoder that starts at a page give what one gives that
 * has played up to it?
 *
 * Without prediction a packet still leans on those before it in two ways. In packets
 * with short blocks (transients) CELT's anti-collapse fills holes with noise
 * as loud as the last two long-block packets were, which a fresh decoder does
 * not know yet; and the post-filter of the second packet may reach back, by up to
 * 1022 samples, to where a fresh decoder has nothing. Both are off by up to
 * -70 dBFS, at one page in a hundred of ordinary music. It is told here by decoding both
 * ways, which costs little because only pages with a transient or a post-filter of
 * long reach in their first two packets need it.
 *
 * Edge: with segment.c the only place that includes opus.h.
 * Source: RFC 6716 sections 4.3.5 (anti-collapse), 4.3.7.1 (post-filter).
 */
#ifndef DRIFT_MEDIA_COLDSTART_H
#define DRIFT_MEDIA_COLDSTART_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

#define COLDSTART_BEFORE 6 /* packets a decoder has heard enough of the past by */
#define COLDSTART_AFTER 4 /* packets in which a difference can be */
#define COLDSTART_PLAIN 2 /* that many packets in long blocks, unfiltered, make it exact */

/* One 20 ms CELT packet, borrowed for the call. */
struct coldstart_packet {
	const uint8_t *data;
	int32_t bytes;
};

struct coldstart; /* two decoders; used by one thread */

/*
 * channels  1 or 2
 * out       the caller's to coldstart_free(), written on DRIFT_OK only
 *
 * Returns DRIFT_ENOMEM.
 */
enum drift_err coldstart_new(int32_t channels, struct coldstart **out) MUST_CHECK;
void coldstart_free(struct coldstart *c); /* NULL is fine */

/*
 * True when decoding from entry[0] on gives, after the pre-skip, the samples that decoding
 * from entry[-before] on gives, within -96 dBFS.
 *
 * before  packets ahead of entry[0], 0 to COLDSTART_BEFORE
 * after   packets from entry[0] on, 1 to COLDSTART_AFTER
 */
bool coldstart_is_exact(struct coldstart *c, const struct coldstart_packet *entry, int32_t before,
			int32_t after);

#endif
