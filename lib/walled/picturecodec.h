/*
 * picturecodec.h - the codecs of pictures: which go into MP4 as they are, which are encoded
 * anew, and which are those of single pictures.
 *
 * Edge (libavcodec's numbers).
 */
#ifndef DRIFT_WALLED_PICTURECODEC_H
#define DRIFT_WALLED_PICTURECODEC_H

#include <libavcodec/codec_id.h>
#include <stdbool.h>

/* Browsers play its packets out of MP4. */
bool picturecodec_is_copied(enum AVCodecID id);

/* The decoder of one that is made H.264, libavcodec's name; NULL for any other. */
const char *picturecodec_decoder(enum AVCodecID id);

/* Of single pictures, whatever their number: never a film. */
bool picturecodec_is_still(enum AVCodecID id);

/* Decoders that may look at pictures, comma-separated, for codec_whitelist. Static storage. */
const char *picturecodec_names(void);

#endif
