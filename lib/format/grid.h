/*
 * grid.h - where the fragments of an MP4 begin: at 0, 0.5, 1, 2, 4, 9, 19 s and every
 * 10 s after that. Pure. Short ones come first, so that the file can be played while it
 * is made; where its source is no quicker than they are, all are short.
 */
#ifndef DRIFT_FORMAT_GRID_H
#define DRIFT_FORMAT_GRID_H

#include <stdint.h>

#define GRID_SECONDS 10 /* of a fragment, once the short ones are over */
#define GRID_SECONDS_ARRIVING 2 /* likewise, of a source that is still arriving */

/* Of fragment i (from 0), in samples of that rate. seconds: one of the two. */
int64_t grid_at(int64_t i, int32_t rate, int32_t seconds);

#endif
