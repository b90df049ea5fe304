/*
 * coldstart.h - does a decoder that starts at a page give what one gives that
 * has played up to it?
 *
 * Without prediction a packet still leans on those before it in two ways. In packets
 * with short blocks (transients) CELT's anti-collapse fills holes with noise
 * as loud as the last two long-block packets were, which a fresh decoder does
 * not know yet: until it has heard two, however many transients there are before; and the
 * post-filter of the second packet may reach back, by up to 1022 samples, to where a
 * fresh decoder has nothing. Both are off by up to -70 dBFS at one page in a hundred of
 * ordinary music, by -40 dBFS where transient follows transient. It is told here by decoding
 * both ways, which costs little because only pages with a transient or a post-filter of
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

#define COLDSTART_BEFORE 6 /* packets a decoder has heard enough of the past by, mostly */
#define COLDSTART_AFTER 4 /* packets in which a difference can be, mostly */
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
 * Packets from entry[0] on in which a difference can be: COLDSTART_AFTER, and up to the
 * second one in long blocks.
 *
 * count  packets that there are
 *
 * Returns 0 when there have to be more to tell.
 */
int32_t coldstart_reach(const struct coldstart_packet *entry, int32_t count);

/*
 * True when decoding from entry[0] on gives, after the pre-skip, the samples that decoding
 * from entry[-before] on gives, within -96 dBFS, and will go on so.
 *
 * before  packets ahead of entry[0], 0 or more; as many are decoded as it takes
 * after   packets from entry[0] on, 1 or more; if coldstart_reach() finds them too few,
 *         an entry that leans on the past is not exact
 */
bool coldstart_is_exact(struct coldstart *c, const struct coldstart_packet *entry, int32_t before,
			int32_t after);

#endif
