/*
 * source.h - a stranger's media file: its facts and its sound.
 *
 * A file that still arrives is read from its head on, and waited for where it is not there. It is
 * not measured: unless each sample's place follows from its header, facts.samples is
 * all that is allowed until a read meets the end.
 *
 * Runs behind the walls only (libexec/drift-decode.c). Positions as in
 * decoder.h: native samples, from the first one heard.
 */
#ifndef DRIFT_WALLED_SOURCE_H
#define DRIFT_WALLED_SOURCE_H

#include "base/buf.h"
#include "base/err.h"
#include "format/facts.h"
#include "parse/incoming.h"
#include "walled/packets.h"
#include "walled/pcmint.h"

#include <stdbool.h>
#include <stdint.h>

#define SOURCE_REASON_MAX 256 /* bytes, NUL included */

struct source; /* one file; used by one thread */

/*
 * Reads what the file says, decodes its first packets and, where positions
 * cannot be computed, walks through all its packets once.
 *
 * file       copied; its descriptor is borrowed for the source's life
 * max_hours  of audio; longer ones are refused
 * beat       called now and then during long work; may be NULL
 * out        the caller's to source_free(), written on DRIFT_OK only
 *
 * Returns
 *   DRIFT_EMEDIA  reason is a sentence for the person who sent it
 *   DRIFT_ENOMEM
 */
enum drift_err source_new(struct incoming file, int64_t max_hours, void (*beat)(void),
			  struct source **out, char reason[SOURCE_REASON_MAX]) MUST_CHECK;
/*
 * The same with what source_get_index() said of this very file before: nothing is measured
 * again, so facts.padding is 0. An index that is damaged or of another file is not used.
 */
enum drift_err source_new_indexed(struct incoming file, int64_t max_hours, void (*beat)(void),
				  const uint8_t *index, size_t index_bytes, struct source **out,
				  char reason[SOURCE_REASON_MAX]) MUST_CHECK;
/* The same for repackaging: sound alone whose packets MP4 takes as they are is not measured,
   so facts.samples, delay and padding are 0 and nothing can be read as PCM. Of a file that still
   arrives the delay is what its head says. With an index, any of them is reached at once. */
enum drift_err source_new_repackaged(struct incoming file, int64_t max_hours, void (*beat)(void),
				     const uint8_t *index, size_t index_bytes, struct source **out,
				     char reason[SOURCE_REASON_MAX]) MUST_CHECK;
void source_free(struct source *s); /* NULL is fine */

/* Borrowed until source_free(). */
const struct decoder_facts *source_get_facts(const struct source *s);
const uint8_t *source_get_cover(const struct source *s); /* NULL for none */

/* Adds where its packets are (packetidx.h) to out; nothing for PCM whose places follow from
   its header, nor for a source that was not measured. */
void source_get_index(const struct source *s, struct buf *out);

/*
 * PCM of [first, first + count), as decoder_ask() describes it, into out:
 * count * (1 for mono, else 2) floats. The decoder is opened anew, so that
 * nothing depends on earlier calls; SBR makes AAC's pre-roll 50 packets
 * (2.3 s at 44.1 kHz), because its header comes only now and then.
 *
 * Returns
 *   DRIFT_EMEDIA  the file cannot be read any more
 *   DRIFT_ENOMEM
 */
enum drift_err source_read(struct source *s, int64_t first, int32_t count, float *out) MUST_CHECK;

/*
 * The same of all channels, as integers (see pcmint.h): whole is added to
 * whole->rounded. Not for a source that is lossy.
 */
enum drift_err source_read_whole(struct source *s, int64_t first, int32_t count,
				 struct pcmint *whole, void *out) MUST_CHECK;

/* How wide they have to be: pcmint_bits() of what the decoder gives. */
int source_whole_bits(const struct source *s);

/* The file's packets, from the first one on; borrowed until source_free(). Who takes
   them leaves nothing to be read as PCM. */
struct packets *source_get_packets(struct source *s);

/* False of one that still arrives. */
bool source_is_whole(const struct source *s);

/* From here on it has no moving pictures, and its packets begin with the first one again.
   Errors as source_new(). */
enum drift_err source_leave_out_pictures(struct source *s,
					 char reason[SOURCE_REASON_MAX]) MUST_CHECK;

/* Packets that were silence so far because they could not be decoded. */
int64_t source_get_damaged(const struct source *s);

#endif
