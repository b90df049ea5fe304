/*
 * claims.h - what a walled child says of a source, before it is believed.
 *
 * Pure: compute on what was said.
 */
#ifndef DRIFT_WALL_CLAIMS_H
#define DRIFT_WALL_CLAIMS_H

#include "format/facts.h"
#include "format/packing.h"

#include <stdbool.h>
#include <stdint.h>

/* Ends every text and leaves nothing in it that its place does not allow. */
void claims_clean(struct decoder_facts *f);

/* Can they be? max_hours: of sound. */
bool claims_facts(const struct decoder_facts *f, int64_t max_hours);

/* Can a source of these facts be packed like that? */
bool claims_packing(const struct packing *p, const struct decoder_facts *f);

#endif
