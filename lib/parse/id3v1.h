/*
 * id3v1.h - the 128 bytes at the end of an MP3, and the genres that are numbers.
 *
 * Pure. Source: https://id3.org/ID3v1 (with the track number of ID3v1.1); genres
 * by id3.org's list and, from 80 on, Winamp's.
 */
#ifndef DRIFT_PARSE_ID3V1_H
#define DRIFT_PARSE_ID3V1_H

#include "parse/tagdraft.h"

#include <stdbool.h>
#include <stdint.h>

#define ID3V1_BYTES 128

bool id3v1_is(const uint8_t data[ID3V1_BYTES]);

/* Adds the texts of the tag, if it is one. */
void id3v1_read(const uint8_t data[ID3V1_BYTES], struct tagdraft *out);

/* Static storage; NULL: no genre has this number. */
const char *id3v1_genre(unsigned number);

#endif
