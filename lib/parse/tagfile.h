/*
 * tagfile.h - where a file keeps its tags, and what they say.
 *
 * Edge (a file). libavformat joins the values of a name or keeps one of them, stops at the first
 * frame of ID3v2 that it does not like, and looks for no APEv2 in an MP3: what is read here comes
 * first.
 *
 * Sources beside those of the tags themselves: RFC 9639 section 8 (blocks of FLAC), ISO/IEC
 * 14496-12 section 4.2 (boxes), EBU Tech 3306 and AIFF-C 1991 (chunks), https://id3.org/Lyrics3v2.
 */
#ifndef DRIFT_PARSE_TAGFILE_H
#define DRIFT_PARSE_TAGFILE_H

#include "format/sniff.h"
#include "parse/incoming.h"
#include "parse/tagdraft.h"

#include <stdbool.h>

/*
 * Adds all that is read here. Of a file that still arrives that is what lies in front of its
 * sound.
 *
 * True: those are all of its tags, and nobody else has to be asked for texts.
 */
bool tagfile_read(struct incoming *in, const struct sniff *is, struct tagdraft *out);

#endif
