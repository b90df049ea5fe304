/*
 * id3v2.h - an ID3v2 tag: versions 2.2, 2.3 and 2.4, as programs write them and not only as they
 * should.
 *
 * Edge (zlib). A frame that cannot be read costs that frame and no other: behind it the
 * next one that can be is looked for.
 * Source: id3v2.4.0-structure and -frames, id3v2.3.0, id3v2-00 (2.2), all of https://id3.org.
 */
#ifndef DRIFT_PARSE_ID3V2_H
#define DRIFT_PARSE_ID3V2_H

#include "parse/tagdraft.h"

#include <stddef.h>
#include <stdint.h>

/* Adds the texts and the pictures of the tag at data, of which len bytes are there. */
void id3v2_read(const uint8_t *data, size_t len, struct tagdraft *out);

#endif
