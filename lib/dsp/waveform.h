/*
 * waveform.h - peaks for drawing, as audiowaveform writes them.
 *
 * Pure. Binary format version 2, 8 bit, one channel: pairs of minimum and
 * maximum of the channels' mean (as audiowaveform mixes). A pair covers the
 * smallest power of two of samples, 256 at least, that needs no more than so many
 * pairs, whether for a song or for a day.
 *
 * Source: bbc/audiowaveform doc/DataFormat.md.
 */
#ifndef DRIFT_DSP_WAVEFORM_H
#define DRIFT_DSP_WAVEFORM_H

#include "base/buf.h"
#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

#define WAVEFORM_PAIRS_WHOLE 16384 /* the widest screen has a pair for every pixel: 32 KB */
#define WAVEFORM_PAIRS_ZOOM (1 << 20) /* 256 samples in tracks of up to 1.5 h: 2 MB */
#define WAVEFORM_HEAD_BYTES 24

struct waveform;

/*
 * rate      Hz of the source, 1 or more
 * channels  1 or 2
 * samples   of the source, per channel, as far as known: chooses the scale
 * pairs     at most, where samples was right; 1 or more
 * out       the caller's to waveform_free(), written on DRIFT_OK only
 *
 * Returns DRIFT_ENOMEM.
 */
enum drift_err waveform_new(int32_t rate, int32_t channels, int64_t samples, int32_t pairs,
			    struct waveform **out) MUST_CHECK;
void waveform_free(struct waveform *w); /* NULL is fine */

/* pcm: interleaved, full scale ±1, borrowed for the call; count per channel. In
   order; any pieces. What is not a number counts as silence. */
void waveform_add(struct waveform *w, const float *pcm, size_t count);

/* Adds header and pairs of all that was added to out; DRIFT_ENOMEM. */
enum drift_err waveform_write(const struct waveform *w, struct buf *out) MUST_CHECK;

#endif
