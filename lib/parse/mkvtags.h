/*
 * mkvtags.h - the tags of Matroska and WebM, each with what it is of: the track or its album.
 *
 * Edge (a file). libavformat keeps the last text of a name, whatever it is of: an album's title as
 * the track's. Source: RFC 9559 sections 5.1.1 (SeekHead) and 5.1.8 (Tags),
 * https://www.matroska.org/technical/tagging.html, RFC 8794 (EBML).
 */
#ifndef DRIFT_PARSE_MKVTAGS_H
#define DRIFT_PARSE_MKVTAGS_H

#include "parse/incoming.h"
#include "parse/tagdraft.h"

#include <stddef.h>
#include <stdint.h>

/* Adds the tags of the file, all of which is there: those of the track, then those of its album
   under the names that mean it. */
void mkvtags_read(struct incoming *in, struct tagdraft *out);

/* The same of what is in a Tags element, as far as it is whole. */
void mkvtags_read_bytes(const uint8_t *data, size_t len, struct tagdraft *out);

#endif
