/*
 * sourcekind.h - what kind of file a source is, behind its tags and what else is in front.
 *
 * Runs behind the walls only.
 */
#ifndef DRIFT_WALLED_SOURCEKIND_H
#define DRIFT_WALLED_SOURCEKIND_H

#include "base/err.h"
#include "walled/demux.h"

#define SOURCEKIND_TAG_MAX (16 << 20) /* bytes; a larger ID3v2 tag is not read */

/*
 * file  in is set; sniff and start are written on DRIFT_OK
 *
 * Returns DRIFT_EMEDIA: reason is a sentence without subject.
 */
enum drift_err sourcekind_read(struct demux_file *file, char reason[DEMUX_REASON_MAX]) MUST_CHECK;

#endif
