/*
 * demand.h - one listener's wish for a rendition that may not be encoded yet, from the
 * catalogue to the wire.
 */
#ifndef DRIFT_CATALOGUE_DEMAND_H
#define DRIFT_CATALOGUE_DEMAND_H

#include "base/conf.h"
#include "base/err.h"
#include "catalogue/delivery.h"
#include "catalogue/opusplan.h"
#include "catalogue/sound.h"
#include "catalogue/track.h"
#include "catalogue/virtual.h"
#include "dsp/preset.h"
#include "http/http.h"

#include <stdbool.h>
#include <stdint.h>

/* All-zero is empty. */
struct demand {
	struct preset_wish preset; /* set before demand_plan(); none after it where it changes
				      nothing */
	const struct conf *conf; /* borrowed */
	struct sound sound;
	struct opusplan plan;
	struct virtual *virtual; /* once it is needed */
	enum virtual_outlook outlook; /* as demand_is_there() saw it */
};

/*
 * Makes the plan. out: empty before but for the preset; the caller's to demand_clear(),
 * whatever is returned.
 *
 * Returns DRIFT_ENOENT (the version is gone), DRIFT_EDB, DRIFT_ENOSPC, DRIFT_EIO,
 * DRIFT_ENOMEM.
 */
enum drift_err demand_plan(struct delivery *d, const struct track *t,
			   struct demand *out) MUST_CHECK;
void demand_clear(struct demand *w);

/* Answers with what demand_plan() returned. */
void demand_fail(struct http *h, enum drift_err err);

/* As delivery_send_made(), with all ready that the next such listener takes. */
void demand_deliver(const struct demand *w, struct delivery *d, const struct track *t,
		    const struct filebody *body, const char *twin);

/* Are the bytes from first to last of the rendition there already? So many that it takes a while
   to see are not. */
bool demand_is_there(struct demand *w, int64_t first, int64_t last) MUST_CHECK;
/* Byte first of the rendition is wanted next: as filebody_maker.begin. */
enum drift_err demand_begin(struct demand *w, const struct virtual_listener *listener,
			    int64_t first) MUST_CHECK;
/* Gives that listener the bytes: as filebody_maker.send. */
enum drift_err demand_send(const struct demand *w, int64_t first, int64_t last) MUST_CHECK;

#endif
