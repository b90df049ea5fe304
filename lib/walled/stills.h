/*
 * stills.h - the first of a stream of single pictures, such as those of an audiobook's chapters,
 * as a cover.
 *
 * Edge (libavformat); runs behind the walls only.
 */
#ifndef DRIFT_WALLED_STILLS_H
#define DRIFT_WALLED_STILLS_H

#include "base/err.h"
#include "format/facts.h"
#include "walled/demux.h"

#include <stdint.h>

/*
 * d      stands at its beginning, has stills, and is to be opened anew afterwards
 * facts  cover_mime and cover_bytes are set where the picture is fit for a cover
 * cover  written with facts: the caller's to free()
 *
 * Returns DRIFT_OK also where none is; DRIFT_ENOMEM.
 */
enum drift_err stills_read(struct demux *d, struct decoder_facts *facts,
			   uint8_t **cover) MUST_CHECK;

#endif
