/*
 * coveradmin.h - requests that give a track another picture, or take it away, answered.
 */
#ifndef DRIFT_INTAKE_COVERADMIN_H
#define DRIFT_INTAKE_COVERADMIN_H

#include "base/uuid.h"
#include "intake/intake.h"

/* The body is the picture; answers with the track's card. */
void coveradmin_put(const struct intake *in, const struct uuid *track);
void coveradmin_delete(const struct intake *in, const struct uuid *track);

#endif
