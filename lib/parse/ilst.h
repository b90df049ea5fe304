/*
 * ilst.h - the metadata that iTunes, and all who follow it, write into MP4.
 *
 * Pure. Source: Apple's QuickTime File Format, "Metadata atoms", and what iTunes, Picard and mp3tag
 * write (ilst is in no ISO standard). Pictures are libavformat's part.
 */
#ifndef DRIFT_PARSE_ILST_H
#define DRIFT_PARSE_ILST_H

#include "parse/tagdraft.h"

#include <stddef.h>
#include <stdint.h>

/* Adds the texts and numbers of the atoms in an ilst, as far as they are whole. data: behind its
   head. */
void ilst_read(const uint8_t *data, size_t len, struct tagdraft *out);

#endif
