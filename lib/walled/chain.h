/*
 * chain.h - the links of a file that is several streams, one after the other.
 *
 * A chained Ogg file is one by its own rules; an MP3, ADTS or FLAC file becomes one where somebody
 * put two behind each other whose sound differs. Each link is decoded and cut by itself, as a file
 * of its own would be; what is heard of one follows what is heard of the one before. Links that
 * differ come out as one sound: as many channels as the one that has most, and 48 kHz where
 * their rates differ, resampled by position alone (resample.h), so that any part of it is the same
 * however it is read. A file that is no chain is one link.
 * Source: RFC 3533 section 4, RFC 7845 section 3.
 */
#ifndef DRIFT_WALLED_CHAIN_H
#define DRIFT_WALLED_CHAIN_H

#include "base/err.h"
#include "dsp/resample.h"
#include "walled/extent.h"
#include "walled/packets.h"
#include "walled/voice.h"

#include <stdbool.h>
#include <stdint.h>

#define CHAIN_LINKS_MAX 4096
#define CHAIN_MIXED_RATE 48000 /* Hz, where rates differ */

struct chain_link {
	int64_t start, end; /* bytes of the file */
	int64_t limit; /* packets: see packets.h */
	struct voice voice;
	struct extent extent; /* at the voice's rate */
};

struct chain {
	struct chain_link *link; /* owned */
	int count;
	int open; /* the one that packets read; count: none, from its start on */
	int32_t rate; /* Hz of all links together */
	int channels; /* of the link that has most */
	struct resampler *resampler; /* owned: of the link that was read last, if it took one */
	int32_t resampler_rate;
};

void chain_clear(struct chain *c);

/* One link: what p reads, of a voice and an extent that are known. c: all-zero before.
   DRIFT_ENOMEM. */
enum drift_err chain_begin(struct chain *c, const struct packets *p, const struct voice *voice,
			   const struct extent *extent) MUST_CHECK;

/*
 * Finds and measures all links of a whole file; p stands at its first packet and is of no
 * use afterwards until chain_enter().
 *
 * c      all-zero before
 * voice  of the first link
 * hours  that all links may have
 *
 * Returns
 *   DRIFT_EMEDIA  one is of another codec, cannot be read, or there are too many: reason
 *                 is a sentence without subject
 *   DRIFT_ELARGE  more than so many hours
 *   DRIFT_ENOMEM
 */
enum drift_err chain_measure(struct chain *c, struct packets *p, const struct voice *voice,
			     int64_t hours, char reason[DEMUX_REASON_MAX]) MUST_CHECK;

/* Has p read link i, from its first packet on unless it does already. Errors as
   packets_open(). */
enum drift_err chain_enter(struct chain *c, struct packets *p, int i) MUST_CHECK;

/* What is heard of link i: at its own rate, at the chain's; and of all links at the chain's. */
int64_t chain_native_samples(const struct chain *c, int i);
int64_t chain_link_samples(const struct chain *c, int i);
int64_t chain_samples(const struct chain *c);

/* Takes link i at the chain's rate from the link's own: borrowed until the next call or
   chain_clear(). DRIFT_ENOMEM. Only where both differ. */
enum drift_err chain_resampler(struct chain *c, int i, const struct resampler **out) MUST_CHECK;

/* Is there more than one link in the Ogg file that p reads the first of? */
bool chain_is_in(const struct packets *p);

#endif
