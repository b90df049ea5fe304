/*
 * ondemand.h - a rendition that nobody has made yet, for whoever asks for it now.
 */
#ifndef DRIFT_CATALOGUE_ONDEMAND_H
#define DRIFT_CATALOGUE_ONDEMAND_H

#include "base/buf.h"
#include "base/err.h"
#include "catalogue/delivery.h"
#include "catalogue/track.h"
#include "dsp/preset.h"

#include <stdbool.h>

/* Can any of the track's Opus rendition be encoded on demand? Not where its job has failed
   for good, nor under VBR. */
bool ondemand_can_make(const struct delivery *d, const struct track *t);

/* Is the track's Opus rendition missing, and can it be had all the same? */
bool ondemand_has_opus(const struct delivery *d, const struct track *t);

/*
 * Answers with the Opus rendition: encodes what is asked for and not there yet.
 *
 * preset  to sound like that
 * twin    as delivery_send() has it
 */
void ondemand_send_opus(struct delivery *d, const struct track *t, struct preset_wish preset,
			const char *twin);

/*
 * Sees to it that the rendition's sidecar is there, and names it.
 *
 * Returns DRIFT_ENOENT (the version is gone), DRIFT_EDB, DRIFT_ENOSPC, DRIFT_EIO,
 * DRIFT_ENOMEM.
 */
enum drift_err ondemand_fix_sidecar(struct delivery *d, struct track *t) MUST_CHECK;

/* Adds what the manifest says of the rendition, as JSON; errors as above. */
enum drift_err ondemand_describe(struct delivery *d, const struct track *t,
				 struct buf *json) MUST_CHECK;

#endif
