/*
 * pagemaker.h - encodes pages of a plan's rendition: the version's source, decoded behind the
 * walls, filtered where there is a preset.
 */
#ifndef DRIFT_MAKE_PAGEMAKER_H
#define DRIFT_MAKE_PAGEMAKER_H

#include "base/conf.h"
#include "base/err.h"
#include "catalogue/opusplan.h"
#include "catalogue/sound.h"
#include "opus/opuspages.h"

#include <stdint.h>

struct pagemaker; /* used by the thread that made it */

/*
 * sound, plan  borrowed until free
 * out          the caller's to pagemaker_free(), written on DRIFT_OK only
 *
 * Returns DRIFT_EMEDIA (the source cannot be decoded), DRIFT_EIO (both logged), DRIFT_ENOMEM.
 */
enum drift_err pagemaker_new(const struct conf *conf, const struct sound *sound,
			     const struct opusplan *plan, struct pagemaker **out) MUST_CHECK;
void pagemaker_free(struct pagemaker *m); /* NULL is fine */

/*
 * Starts ahead what the next one of such a plan takes, in this process or in one that forks
 * from it; after such a fork: anew, what was there is that process'.
 */
void pagemaker_prepare(const struct conf *conf, const struct opusplan *plan);
/* Leaves what was started ahead to the process that this one was forked from. */
void pagemaker_forget(void);

/*
 * Makes pages of one segment, from want.first on; page is waited for.
 *
 * Returns DRIFT_EMEDIA, DRIFT_EIO (both logged), DRIFT_ENOMEM, or what sink returned.
 */
enum drift_err pagemaker_make(struct pagemaker *m, struct layout_pages want, int64_t page,
			      opuspages_sink sink, void *context) MUST_CHECK;

#endif
