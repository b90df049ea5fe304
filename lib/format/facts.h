/*
 * facts.h - what a source says of itself, and how much may be said.
 *
 * No code: the words that decoder.h, its child and what lies between share.
 */
#ifndef DRIFT_FORMAT_FACTS_H
#define DRIFT_FORMAT_FACTS_H

#include "format/tagset.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DECODER_COVER_MAX (8 << 20) /* bytes; a larger cover is left out */
#define DECODER_SLOTS 2
#define DECODER_READ_MAX (8 * 384000) /* samples per channel of one read */

/* What the content says of itself, exact unless noted. */
struct decoder_facts {
	char container[16]; /* wav w64 aiff flac ogg mp3 adts mp4 matroska …, and
		ogg-chain mp3-chain … of several streams (chain.h) */
	char codec[16]; /* pcm flac alac mp3 aac vorbis opus … */
	char video[16]; /* codec of moving pictures: h264 hevc vp9 av1 mpeg4 … or "" */
	char extension[8]; /* of the stored file: wav flac mp3 m4a … */
	char mime[64]; /* of the stored file: audio/wav … */
	int32_t sample_rate; /* Hz of the decoded PCM, 1,000 to 768,000 */
	int32_t channels; /* of the source, before the down-mix: 1 to 8 */
	int32_t bits; /* of lossless sources (32 for float), else 0 */
	bool lossless;
	int64_t samples; /* heard, per channel: delay and padding are off */
	int32_t delay; /* samples the decoder gives before the first heard one; as padding, at
			  sample_rate: see extent.h */
	int32_t padding; /* samples after the last heard one */
	struct tagset tags; /* names of Vorbis comments, see tagname.h; texts are UTF-8 and
			       have no control characters */
	char cover_mime[32]; /* image/jpeg, image/png or "" */
	size_t cover_bytes;
};

#endif
