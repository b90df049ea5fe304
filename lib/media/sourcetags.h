/*
 * sourcetags.h - a file's tags under their Vorbis comment names, and its cover.
 *
 * Technical entries (encoder, brands, gain of this very encoding) are left
 * out. Texts are cut to size, not cleaned: the reader of the answer does that.
 */
#ifndef DRIFT_MEDIA_SOURCETAGS_H
#define DRIFT_MEDIA_SOURCETAGS_H

#include "media/facts.h"

#include <libavformat/avformat.h>

/* Adds the container's tags, then the stream's, to out->tag; first ones win. */
void sourcetags_read(const AVFormatContext *format, const AVStream *stream,
		     struct decoder_facts *out);

/* The first attached picture that is a JPEG or PNG by its bytes and at most
   DECODER_COVER_MAX long: borrowed from format, mime static. NULL for none. */
const AVPacket *sourcetags_cover(const AVFormatContext *format, const char **mime);

#endif
