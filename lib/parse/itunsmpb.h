/*
 * itunsmpb.h - iTunes' tag of where the sound of AAC begins and ends.
 *
 * Pure: no I/O, no allocation, no state. A text of hexadecimal numbers: a zero, samples before the
 * sound, samples behind it, samples of the sound, and more zeros.
 *
 * Of AAC with SBR there are two units, and the tag does not say which it has. iTunes, qaac and
 * fdkaac count in the rate of the core, half of what is heard, and leave out the 481 samples by
 * which the SBR decoder is late. Fraunhofer's encoder in Winamp and faac count what a decoder
 * gives. Source: what these encoders write; the 481 are in ISO/IEC 14496-24 and in Apple's
 * technical note TN2258.
 */
#ifndef DRIFT_PARSE_ITUNSMPB_H
#define DRIFT_PARSE_ITUNSMPB_H

#include <stdbool.h>
#include <stdint.h>

#define ITUNSMPB_SBR_DELAY 481 /* samples of the core by which an SBR decoder is late */

struct itunsmpb { /* samples; the unit is the tag's until itunsmpb_scale() */
	int64_t delay; /* before the sound, 0 to 16384 */
	int64_t padding; /* behind it, at least 0 */
	int64_t samples; /* of the sound, at least 1 */
};

/* False for a text that is no such tag, or one beyond these ranges. */
bool itunsmpb_parse(const char *text, struct itunsmpb *out);

/*
 * Makes them samples that a decoder with SBR gives, which is late itself. Those that add up to
 * what it gives are that already; all others are taken for samples of the core. Where an encoder
 * left too little padding for how late the decoder is, none of the sound's length is lost: it
 * begins so much earlier.
 *
 * decoded  samples that the decoder gives of the whole file, as the file was when it was tagged
 * slack    samples by which a tag may miss that
 */
void itunsmpb_scale(struct itunsmpb *t, int64_t decoded, int64_t slack);

#endif
