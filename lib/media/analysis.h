/*
 * analysis.h - loudness and waveform of one track, on a thread of its own.
 *
 * The PCM is lent and not copied: who gives pieces is told when each is used up.
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

/* A piece of the PCM; the caller's, the analysis' until used is called. */
struct analysis_piece {
	const float *pcm; /* interleaved, full scale ±1; borrowed likewise */
	size_t count; /* samples per channel */
	void (*used)(struct analysis_piece *piece); /* on the analysis' thread */
	struct analysis_piece *next; /* the queue's */
};

/* Hands over the next piece, in order; does not wait. */
void analysis_give(struct analysis *a, struct analysis_piece *piece);

struct analysis_result {
	struct loudness_result loudness;
	struct buf waveform; /* the file */
};

/*
 * Waits for the last piece and tells what all of them were. Call it once.
 *
 * out  all-zero before, written on DRIFT_OK only; the caller's to analysis_clear()
 *
 * Returns DRIFT_ENOMEM.
 */
enum drift_err analysis_finish(struct analysis *a, struct analysis_result *out) MUST_CHECK;
void analysis_clear(struct analysis_result *r);

#endif
