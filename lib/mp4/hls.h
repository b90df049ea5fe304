/*
 * hls.h - playlists over the byte ranges of one fragmented MP4.
 *
 * Pure: compute on text. Names of files are relative, so a playlist works
 * wherever it lies beside them.
 * Source: RFC 8216 4.3 and 4.4 (EXT-X-MAP and BYTERANGE), 7 (version 7).
 */
#ifndef DRIFT_MP4_HLS_H
#define DRIFT_MP4_HLS_H

#include "base/buf.h"

#include <stddef.h>
#include <stdint.h>

struct hls_segment {
	int64_t offset; /* of its first byte */
	int64_t bytes;
	int64_t samples; /* to the start of the next one, unheard ones included */
};

enum hls_state {
	HLS_WHOLE, /* a file that is there: VOD */
	HLS_GROWING, /* EVENT: more segments will be added */
	HLS_GROWN, /* EVENT, and this is the end */
};

struct hls_media {
	enum hls_state state;
	const char *file; /* URI: holds the init segment at 0, and all segments */
	int64_t init_bytes;
	int32_t rate; /* samples per second */
	int32_t target_seconds; /* at least what any segment rounds to */
	const struct hls_segment *segment; /* borrowed */
	size_t segments;
};

/* Adds the playlist. */
void hls_add_media(struct buf *out, const struct hls_media *media);

/*
 * Adds a playlist of hls_add_media() as it reads from another place.
 *
 * text    NUL ended, borrowed for the call
 * file    the name in it
 * folder  URL of where that lies, with a slash at its end
 */
void hls_add_moved(struct buf *out, const char *text, const char *file, const char *folder);

struct hls_variant {
	const char *playlist; /* name of the file */
	const char *codecs; /* RFC 6381 */
	int width, height; /* of moving pictures; 0: there are none */
	int64_t peak_bitrate; /* bit/s of the densest segment */
	int64_t average_bitrate;
};

/* Adds a master playlist with this one variant: players stumble where levels
   of one master have different codecs. */
void hls_add_master(struct buf *out, const struct hls_variant *variant);

#endif
