/*
 * apetag.h - APEv2 tags, which foobar2000, mp3gain and WavPack's own tools write behind the audio.
 *
 * Pure. Source: https://wiki.hydrogenaud.io/index.php?title=APEv2_specification (and APEv1, which
 * has no header and no flags).
 */
#ifndef DRIFT_PARSE_APETAG_H
#define DRIFT_PARSE_APETAG_H

#include "base/err.h"
#include "parse/tagdraft.h"

#include <stddef.h>
#include <stdint.h>

#define APETAG_FOOTER_BYTES 32

/*
 * Reads what a footer says.
 *
 * bytes  of the items and the footer; at least APETAG_FOOTER_BYTES
 *
 * Returns DRIFT_EFORMAT: there is no footer here.
 */
enum drift_err apetag_footer(const uint8_t data[APETAG_FOOTER_BYTES], uint32_t *bytes) MUST_CHECK;

/* Adds the texts and the pictures of the items at data, as far as they are whole. */
void apetag_read(const uint8_t *data, size_t len, struct tagdraft *out);

#endif
