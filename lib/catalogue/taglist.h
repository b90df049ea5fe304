/*
 * taglist.h - a version's tags on their way from the catalogue into a rendition.
 */
#ifndef DRIFT_CATALOGUE_TAGLIST_H
#define DRIFT_CATALOGUE_TAGLIST_H

#include "base/buf.h"
#include "base/err.h"
#include "format/tagset.h"
#include "opus/oggopus.h"

#include <stdint.h>

/* Appends a JSON object of names: each has its text, or an array of its texts where it has
   several, which stand one after the other in the set. */
void taglist_write(const struct tagset *tags, struct buf *json);

#define TAGLIST_MAX 256 /* a packet of OpusTags has no room for more */

/* SQL that packs a jsonb of tags for taglist_read(): a pair for each value of a name. */
#define TAGLIST_PACK(column)                                                                       \
	"(SELECT string_agg(n.key || E'\\x1f' || v.value, E'\\x1e' ORDER BY n.ordinality, "        \
	"v.ordinality) FROM jsonb_each(" column                                                    \
	") WITH ORDINALITY n, jsonb_array_elements_text(CASE "                                     \
	"WHEN jsonb_typeof(n.value) = 'array' THEN n.value ELSE jsonb_build_array(n.value) END) "  \
	"WITH "                                                                                    \
	"ORDINALITY v)"

/* All-zero is empty. */
struct taglist {
	struct oggopus_tag tag[TAGLIST_MAX]; /* point into text */
	int32_t count;
	struct buf text; /* owned */
};

/*
 * packed  as TAGLIST_PACK() has it
 * title   of the track: a tag of last resort, so that a recording without one
 *         still shows its name in any player
 * out     empty before; the caller's to taglist_clear()
 *
 * Returns DRIFT_ENOMEM.
 */
enum drift_err taglist_read(const char *packed, const char *title, struct taglist *out) MUST_CHECK;
void taglist_clear(struct taglist *l);

#endif
