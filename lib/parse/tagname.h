/*
 * tagname.h - one name for what every format and program calls otherwise.
 *
 * Pure. Names are those of Vorbis comments in upper case
 * (https://xiph.org/vorbis/doc/v-comment.html), and, where that list ends, those that MusicBrainz
 * Picard writes into FLAC (its manual, "Appendix B: Tag Mapping").
 */
#ifndef DRIFT_PARSE_TAGNAME_H
#define DRIFT_PARSE_TAGNAME_H

#include "format/tagset.h"

#include <stdbool.h>

#define TAGNAME_UNKNOWN 1000 /* the rank of a name that is on no list */

/*
 * The name for what a file calls from: a Vorbis comment, the key of an APEv2 item, the
 * description of an ID3v2 TXXX frame, the name of an MP4 "----" atom, or libavformat's own.
 *
 * False: it says something about the file and not about the music (encoder, brands, lengths, a
 * picture as text), or it can be no name.
 */
bool tagname_find(const char *from, char key[TAGSET_KEY_MAX]);

/* Names of lower rank are kept first where not all tags fit. */
int tagname_rank(const char *key);

#endif
