/*
 * playhead.h - where the listeners of a rendition are that is still to be made, for whoever
 * makes it.
 *
 * A small file beside the rendition's, with the segment that was asked for last; its mtime says
 * when. Programs of any host write it as they answer, so neither knows the other.
 */
#ifndef DRIFT_CATALOGUE_PLAYHEAD_H
#define DRIFT_CATALOGUE_PLAYHEAD_H

#include "base/conf.h"
#include "base/uuid.h"

#include <stdint.h>

#define PLAYHEAD_SECONDS 30 /* after which who has asked for nothing more is gone */

/* Tells it. No failure is an error: things are made in another order then. */
void playhead_set(const struct conf *conf, const struct uuid *track, int version, int64_t segment);

/* The segment; -1: nobody listens. */
int64_t playhead_get(const struct conf *conf, const struct uuid *track, int version);

/* The rendition is whole. */
void playhead_remove(const struct conf *conf, const struct uuid *track, int version);

#endif
