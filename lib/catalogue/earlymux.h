/*
 * earlymux.h - a source repackaged while it arrives.
 *
 * What is made stays, as the version's remux.mp4, where the stored file is what was read; else
 * nothing of it does.
 */
#ifndef DRIFT_CATALOGUE_EARLYMUX_H
#define DRIFT_CATALOGUE_EARLYMUX_H

#include "catalogue/earlysource.h"

/* An earlysource_make of growth_mp4. */
enum drift_err earlymux_make(struct earlysource *s) MUST_CHECK;

#endif
