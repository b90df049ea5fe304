/*
 * oggcomment.h - the packet of comments in Ogg: the second one of Vorbis, Opus and FLAC.
 *
 * Edge (a file). Source: RFC 3533 section 6 (pages), RFC 7845 section 5.2, the Ogg
 * Vorbis I specification section 4.2, https://xiph.org/flac/ogg_mapping.html.
 */
#ifndef DRIFT_PARSE_OGGCOMMENT_H
#define DRIFT_PARSE_OGGCOMMENT_H

#include "parse/incoming.h"
#include "parse/tagdraft.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * Adds the comments of the first stream of sound whose first page is at or behind start.
 *
 * False: there are none where they have to be.
 */
bool oggcomment_read(struct incoming *in, int64_t start, struct tagdraft *out);

#endif
