/*
 * tags.h - a source's tags as the catalogue takes them.
 */
#ifndef DRIFT_CATALOGUE_TAGS_H
#define DRIFT_CATALOGUE_TAGS_H

#include "base/buf.h"
#include "media/facts.h"

/* Appends a JSON object of Vorbis names and texts; of a name that is there twice the first
   counts. */
void tags_write(const struct decoder_facts *facts, struct buf *json);

#endif
