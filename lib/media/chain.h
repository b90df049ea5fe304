/*
 * chain.h - the links of a chained Ogg file: whole streams, one after the other.
 *
 * Each is decoded and cut by itself, as a file of its own would be; what is heard of one
 * follows what is heard of the one before. A file that is no chain is one link.
 * Source: RFC 3533 section 4, RFC 7845 section 3.
 */
#ifndef DRIFT_MEDIA_CHAIN_H
#define DRIFT_MEDIA_CHAIN_H

#include "base/err.h"
#include "media/extent.h"
#include "media/packets.h"

#include <stdbool.h>
#include <stdint.h>

#define CHAIN_LINKS_MAX 4096

struct chain_link {
	int64_t start, end; /* bytes of the file */
	int64_t limit; /* packets: see packets.h */
	struct extent extent;
};

struct chain {
	struct chain_link *link; /* owned */
	int count;
	int open; /* the one that packets read; count: none, from its start on */
};

void chain_clear(struct chain *c);

/* One link: what p reads, of an extent that is known. c: all-zero before. DRIFT_ENOMEM. */
enum drift_err chain_begin(struct chain *c, const struct packets *p,
			   const struct extent *extent) MUST_CHECK;

/*
 * Finds and measures all links of a whole file; p stands at its first packet and is of no
 * use afterwards until chain_enter().
 *
 * c     all-zero before
 * rate  of the decoded sound, Hz
 * most  samples of all links
 *
 * Returns
 *   DRIFT_EMEDIA  one is not like the first, cannot be read, or there are too many: reason
 *                 is a sentence without subject
 *   DRIFT_ELARGE  more samples than most
 *   DRIFT_ENOMEM
 */
enum drift_err chain_measure(struct chain *c, struct packets *p, int32_t rate, int64_t most,
			     char reason[DEMUX_REASON_MAX]) MUST_CHECK;

/* Has p read link i, from its first packet on unless it does already. Errors as
   packets_open(). */
enum drift_err chain_enter(struct chain *c, struct packets *p, int i) MUST_CHECK;

/* What is heard of link i, and of all links. */
int64_t chain_link_samples(const struct chain *c, int i);
int64_t chain_samples(const struct chain *c);

/* Is there more than one link in the file, that p reads the first of? */
bool chain_is_in(const struct packets *p);

#endif
