/*
 * id3frame.h - what one ID3v2 frame says, once it is unpacked.
 *
 * Pure. Source: id3v2.4.0-frames, id3v2.3.0 section 4, id3v2-00 section 4; names by MusicBrainz
 * Picard's tag mapping.
 */
#ifndef DRIFT_PARSE_ID3FRAME_H
#define DRIFT_PARSE_ID3FRAME_H

#include "parse/tagdraft.h"

#include <stddef.h>
#include <stdint.h>

/*
 * Adds the texts or the picture of a frame; one that says nothing of the music is passed over.
 *
 * id    of four letters; of three in version 2.2 and where a program wrote such into 2.3
 * data  of the frame, behind its head; borrowed for the call
 */
void id3frame_read(const char id[5], const uint8_t *data, size_t len, struct tagdraft *out);

#endif
