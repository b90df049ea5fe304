/*
 * earlyopus.h - the Opus rendition of a source, encoded while it arrives.
 *
 * In order, as far as the source is there: only of one that is lossless and whose head says how
 * long it is, since what is not is hardly larger than Opus. Under hard CBR its pages are then
 * those of the stored file's rendition: they go into the part file that all fill (opusfile.h),
 * from which comes what others have made by then. Where the stored file is something else nothing
 * of it stays.
 */
#ifndef DRIFT_CATALOGUE_EARLYOPUS_H
#define DRIFT_CATALOGUE_EARLYOPUS_H

#include "catalogue/earlysource.h"

/* Can it be made of such a source at all? Not under VBR. */
bool earlyopus_is_possible(const struct conf *conf, const struct earlysource_facts *facts);

/* An earlysource_make of growth_opus. */
enum drift_err earlyopus_make(struct earlysource *s) MUST_CHECK;

#endif
