/*
 * filmcodec.h - what a MIME type and a master playlist say of moving pictures.
 *
 * Pure: reads the init segment of an MP4 file, which it takes for hostile.
 * Source: RFC 6381; ISO/IEC 14496-15 5.3.3 (avcC), 8.3.3 and annex E (hvcC); "VP Codec
 * ISO Media File Format Binding" 1.0; "AV1 Codec ISO Media File Format Binding" 1.2.
 */
#ifndef DRIFT_MP4_FILMCODEC_H
#define DRIFT_MP4_FILMCODEC_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

#define FILMCODEC_TEXT_MAX 32 /* bytes, NUL included */

struct filmcodec {
	char pictures[FILMCODEC_TEXT_MAX]; /* avc1.64001f hvc1.1.6.L93.B0 vp09.00.31.08 … */
	char sound[FILMCODEC_TEXT_MAX]; /* mp4a.40.2 Opus fLaC */
	int width, height; /* pixels, as they are coded */
};

/* DRIFT_EFORMAT: there are no pictures or no sound in it that browsers know. */
enum drift_err filmcodec_read(const uint8_t *init, size_t len, struct filmcodec *out) MUST_CHECK;

#endif
