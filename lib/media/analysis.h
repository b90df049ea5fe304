/*
 * analysis.h - loudness and waveform of one track, on a thread of its own.
 *
 * The PCM is lent, one piece at a time: nothing queues up, and whoever gives
 * pieces from two buffers in turn never waits for a copy.
 */
#ifndef DRIFT_MEDIA_ANALYSIS_H
#define DRIFT_MEDIA_ANALYSIS_H

#include "base/buf.h"
#include "base/err.h"
#include "media/loudness.h"

#include <stddef.h>
#include <stdint.h>

struct analysis;

/*
 * rate      Hz of the source
 * channels  1 or 2
 * samples   of the source, per channel: chooses the waveform's scale
 * out       the caller's to analysis_free(), written on DRIFT_OK only
 *
 * Returns DRIFT_ENOMEM, also when no thread can be started.
 */
enum drift_err analysis_new(int32_t rate, int32_t channels, int64_t samples,
			    struct analysis **out) MUST_CHECK;
/* Ends the thread, whatever it is at; NULL is fine. */
void analysis_free(struct analysis *a);

/*
 * Hands over the next piece, in order. Waits until the one before is used up.
 *
 * pcm    interleaved, full scale ±1, borrowed until the next give or finish
 *        has returned
 * count  samples per channel
 */
void analysis_give(struct analysis *a, const float *pcm, size_t count);

/*
 * Waits for the last piece and tells what all of them were. Call it once.
 *
 * loudness  written on DRIFT_OK only
 * waveform  the file is added to it
 *
 * Returns DRIFT_ENOMEM.
 */
enum drift_err analysis_finish(struct analysis *a, struct loudness_result *loudness,
			       struct buf *waveform) MUST_CHECK;

#endif
