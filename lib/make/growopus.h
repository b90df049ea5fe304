/*
 * growopus.h - the Opus rendition of a source, encoded while it arrives.
 *
 * In order, as far as the source is there: only of one that is lossless and whose head says how
 * long it is, since what is not is hardly larger than Opus. Under hard CBR its pages are then
 * those of the stored file's rendition: they go into the part file that all fill (opusfile.h),
 * from which comes what others have made by then. Where the stored file is something else nothing
 * of it stays.
 */
#ifndef DRIFT_MAKE_GROWOPUS_H
#define DRIFT_MAKE_GROWOPUS_H

#include "make/growsource.h"

/* Can it be made of such a source at all? Not under VBR. */
bool growopus_is_possible(const struct conf *conf, const struct growsource_facts *facts);

/* An growsource_make of growth_opus. */
enum drift_err growopus_make(struct growsource *s) MUST_CHECK;

#endif
