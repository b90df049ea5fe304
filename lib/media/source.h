/*
 * source.h - a stranger's media file: its facts and its sound.
 *
 * Runs behind the walls only (libexec/drift-decode.c). Positions as in
 * decoder.h: native samples, from the first one heard.
 */
#ifndef DRIFT_MEDIA_SOURCE_H
#define DRIFT_MEDIA_SOURCE_H

#include "base/err.h"
#include "media/facts.h"

#include <stdint.h>

#define SOURCE_REASON_MAX 256 /* bytes, NUL included */
#define SOURCE_TAG_MAX (16 << 20) /* bytes; a larger ID3v2 tag is not read */

struct source; /* one file; used by one thread */

/*
 * Reads what the file says, decodes its first packets and, where positions
 * cannot be computed, walks through all its packets once.
 *
 * fd         a regular file, borrowed for the source's life
 * max_hours  of audio; longer ones are refused
 * beat       called now and then during long work; may be NULL
 * out        the caller's to source_free(), written on DRIFT_OK only
 *
 * Returns
 *   DRIFT_EMEDIA  reason is a sentence for the person who sent it
 *   DRIFT_ENOMEM
 */
enum drift_err source_new(int fd, int64_t max_hours, void (*beat)(void), struct source **out,
			  char reason[SOURCE_REASON_MAX]) MUST_CHECK;
void source_free(struct source *s); /* NULL is fine */

/* Borrowed until source_free(). */
const struct decoder_facts *source_get_facts(const struct source *s);
const uint8_t *source_get_cover(const struct source *s); /* NULL for none */

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

/* Packets that were silence so far because they could not be decoded. */
int64_t source_get_damaged(const struct source *s);

#endif
