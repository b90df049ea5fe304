/*
 * sourceindex.h - where the packets of a version's source are, kept beside it.
 *
 * Found in the one pass that measures a source (packetidx.h), stored as source.seekidx and
 * as an artifact "packets": with it a decoder is at any place of an hour of FLAC, VBR MP3 or
 * ADTS at once. Without it all is the same but slower, so no failure here is an error.
 */
#ifndef DRIFT_MAKE_SOURCEINDEX_H
#define DRIFT_MAKE_SOURCEINDEX_H

#include "base/buf.h"
#include "base/conf.h"
#include "base/uuid.h"
#include "make/task.h"
#include "wall/decoder.h"

/* Adds it to out; nothing when there is none. */
void sourceindex_read(const struct conf *conf, const struct uuid *track, int version,
		      struct buf *out);

/* Keeps what the decoder found, if anything; a row names it as soon as a job is done. */
void sourceindex_keep(const struct conf *conf, const struct uuid *track, int version,
		      int64_t source_mtime_us, const struct decoder *d);

/* The same on behalf of a job that is due, with the row. */
void sourceindex_store(const struct task *t, const struct decoder *d);

#endif
