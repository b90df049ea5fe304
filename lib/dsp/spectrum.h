/*
 * spectrum.h - a track's spectrum by thirds of an octave, on the average.
 *
 * Pure. Looks at 4096 samples out of every 16,384, both channels together: enough to
 * know what a track sounds like, at a hundredth of an encode's time.
 *
 * Source: IEC 61260-1 (bands, base ten).
 */
#ifndef DRIFT_DSP_SPECTRUM_H
#define DRIFT_DSP_SPECTRUM_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

#define SPECTRUM_BANDS 31 /* 20 Hz to 20 kHz: the middle of band i is 10^((i + 13) / 10) */
#define SPECTRUM_FLOOR (-120.0) /* dB: nothing is lower */

struct spectrum;

/*
 * rate      Hz of the source
 * channels  1 or 2
 * out       the caller's to spectrum_free(), written on DRIFT_OK only
 *
 * Returns DRIFT_ENOMEM.
 */
enum drift_err spectrum_new(int32_t rate, int32_t channels, struct spectrum **out) MUST_CHECK;
void spectrum_free(struct spectrum *s); /* NULL is fine */

/* pcm: interleaved, full scale ±1, borrowed for the call; count per channel. In
   order; any pieces. What is not a number, or beyond ±1000, is silence. */
void spectrum_add(struct spectrum *s, const float *pcm, size_t count);

/* dB of each band's mean power; a sine of full scale is 0 in its band. Bands that the rate does not
   reach have SPECTRUM_FLOOR. */
void spectrum_get(const struct spectrum *s, double bands[SPECTRUM_BANDS]);

#endif
