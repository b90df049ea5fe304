/*
 * vorbiscomment.h - the comments of FLAC, Vorbis, Opus and Speex.
 *
 * Pure. Source: Ogg Vorbis I specification, section 5; RFC 7845 section 5.2; RFC 9639 section 8.6.
 */
#ifndef DRIFT_PARSE_VORBISCOMMENT_H
#define DRIFT_PARSE_VORBISCOMMENT_H

#include "parse/tagdraft.h"

#include <stddef.h>
#include <stdint.h>

/* Adds the comments, as far as they are whole. data: the vendor's length comes first. */
void vorbiscomment_read(const uint8_t *data, size_t len, struct tagdraft *out);

#endif
