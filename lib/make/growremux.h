/*
 * growremux.h - a source repackaged while it arrives.
 *
 * What is made stays, as the version's remux.mp4, where the stored file is what was read; else
 * nothing of it does.
 */
#ifndef DRIFT_MAKE_GROWREMUX_H
#define DRIFT_MAKE_GROWREMUX_H

#include "make/growsource.h"

/* An growsource_make of growth_mp4. */
enum drift_err growremux_make(struct growsource *s) MUST_CHECK;

#endif
