/*
 * sourcetags.h - a file's tags under one name in every format, and its cover.
 *
 * Runs behind the walls only. Texts are UTF-8 and cut to size, but not cleaned: the reader of
 * the answer does that.
 */
#ifndef DRIFT_WALLED_SOURCETAGS_H
#define DRIFT_WALLED_SOURCETAGS_H

#include "base/err.h"
#include "format/facts.h"
#include "walled/demux.h"

#include <stdint.h>

/*
 * Reads the tags that tagfile.h knows, and what libavformat says of any others.
 *
 * file   all of it that libavformat was opened with
 * out    tags, cover_mime and cover_bytes are written on DRIFT_OK only
 * cover  the caller's to free(), written on DRIFT_OK only; NULL: there is none
 *
 * Returns DRIFT_ENOMEM.
 */
enum drift_err sourcetags_read(const struct demux *d, const struct demux_file *file,
			       struct decoder_facts *out, uint8_t **cover) MUST_CHECK;

#endif
