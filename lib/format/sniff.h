/*
 * sniff.h - which container a file is, by its first bytes and nothing else.
 *
 * Pure. The answer pins one demuxer of libavformat: nothing ever probes, so a
 * playlist or a script under an audio name is never obeyed.
 * Source: EBU Tech 3306 (RF64), AIFF-C 1991, RFC 9639 (FLAC), RFC 3533 (Ogg),
 * ISO/IEC 11172-3 2.4.1 (frames), 13818-7 6.2 (ADTS), 14496-12 4.2 (boxes),
 * RFC 8794 (EBML), id3v2.4.0-structure 3.1, ATSC A/52 5.3 and annex E 2.2, ETSI TS 102 114
 * 5.3.1, ISO/IEC 13818-1 2.4.3.2 (MPEG-TS), RFC 4867 5 (AMR).
 */
#ifndef DRIFT_FORMAT_SNIFF_H
#define DRIFT_FORMAT_SNIFF_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

#define SNIFF_BYTES 65536 /* as many are enough; fewer at the end of a file */

/* Static storage throughout. */
struct sniff {
	const char *demuxer; /* libavformat's short name */
	const char *container; /* wav w64 aiff flac ogg mp3 adts mp4 matroska avi caf wavpack
				  au tta ape tak mpc dsf dff amr asf ac3 eac3 dts mpegts */
	const char *extension; /* of an audio file of that kind, without the dot */
	const char *mime;
};

/* Bytes of the ID3v2 tag at data[0], header and footer included; 0: none. */
int64_t sniff_id3v2(const uint8_t *data, size_t len);

/*
 * Names the container that starts at data[0] (behind an ID3v2 tag, if any).
 *
 * found  written on DRIFT_EFORMAT: what it is instead, for a sentence ("an HLS
 *        playlist"), static storage
 *
 * Returns
 *   DRIFT_EFORMAT  no container that Drift takes
 */
enum drift_err sniff_bytes(const uint8_t *data, size_t len, struct sniff *out,
			   const char **found) MUST_CHECK;

/* image/jpeg or image/png by its first bytes, NULL for anything else; static storage. */
const char *sniff_picture(const void *data, size_t len);

#endif
