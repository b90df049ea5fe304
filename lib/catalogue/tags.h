/*
 * tags.h - a source's tags as the catalogue takes them.
 */
#ifndef DRIFT_CATALOGUE_TAGS_H
#define DRIFT_CATALOGUE_TAGS_H

#include "base/buf.h"
#include "format/tagset.h"

/* Appends a JSON object of names: each has its text, or an array of its texts where it has
   several, which stand one after the other in the set. */
void tags_write(const struct tagset *tags, struct buf *json);

#endif
