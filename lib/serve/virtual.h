/*
 * virtual.h - a rendition that nobody has made yet, for whoever asks for it now.
 */
#ifndef DRIFT_SERVE_VIRTUAL_H
#define DRIFT_SERVE_VIRTUAL_H

#include "base/buf.h"
#include "base/conf.h"
#include "base/err.h"
#include "catalogue/opusplan.h"
#include "catalogue/sound.h"
#include "catalogue/track.h"
#include "dsp/preset.h"
#include "http/http.h"
#include "make/virtualfile.h"
#include "serve/delivery.h"

#include <stdbool.h>
#include <stdint.h>

/* All-zero is empty. */
struct virtual
{
	struct preset_wish preset; /* set before virtual_plan(); none after it where it changes
				      nothing */
	const struct conf *conf; /* borrowed */
	struct sound sound;
	struct opusplan plan;
	struct virtualfile *file; /* once it is needed */
	enum virtualfile_outlook outlook; /* as virtual_is_there() saw it */
};

/*
 * Makes the plan. out: empty before but for the preset; the caller's to virtual_clear(),
 * whatever is returned.
 *
 * Returns DRIFT_ENOENT (the version is gone), DRIFT_EDB, DRIFT_ENOSPC, DRIFT_EIO,
 * DRIFT_ENOMEM.
 */
enum drift_err virtual_plan(struct delivery *d, const struct track *t,
			    struct virtual *out) MUST_CHECK;
void virtual_clear(struct virtual *w);

/* Answers with what virtual_plan() returned. */
void virtual_fail(struct http *h, enum drift_err err);

/* As delivery_send_made(), with all ready that the next such listener takes. */
void virtual_deliver(const struct virtual *w, struct delivery *d, const struct track *t,
		     const struct filebody *body, const char *twin);

/* Are the bytes from first to last of the rendition there already? So many that it takes a while
   to see are not. */
bool virtual_is_there(struct virtual *w, int64_t first, int64_t last) MUST_CHECK;
/* Byte first of the rendition is wanted next: as filebody_maker.begin. */
enum drift_err virtual_begin(struct virtual *w, const struct virtualfile_listener *listener,
			     int64_t first) MUST_CHECK;
/* Gives that listener the bytes: as filebody_maker.send. */
enum drift_err virtual_send(const struct virtual *w, int64_t first, int64_t last) MUST_CHECK;

/* Can any of the track's Opus rendition be encoded on demand? Not where its job has failed
   for good, nor under VBR. */
bool virtual_can_make(const struct delivery *d, const struct track *t);

/* Is the track's Opus rendition missing, and can it be had all the same? */
bool virtual_has_opus(const struct delivery *d, const struct track *t);

/*
 * Answers with the Opus rendition: encodes what is asked for and not there yet.
 *
 * preset  to sound like that
 * twin    as delivery_send() has it
 */
void virtual_send_opus(struct delivery *d, const struct track *t, struct preset_wish preset,
		       const char *twin);

/*
 * Sees to it that the rendition's sidecar is there, and names it.
 *
 * Returns DRIFT_ENOENT (the version is gone), DRIFT_EDB, DRIFT_ENOSPC, DRIFT_EIO,
 * DRIFT_ENOMEM.
 */
enum drift_err virtual_fix_sidecar(struct delivery *d, struct track *t) MUST_CHECK;

/* Adds what the manifest says of the rendition, as JSON; errors as above. */
enum drift_err virtual_describe(struct delivery *d, const struct track *t,
				struct buf *json) MUST_CHECK;

#endif
