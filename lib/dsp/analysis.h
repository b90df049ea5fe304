/*
 * analysis.h - all that is measured of one track's sound, on a thread of its own.
 *
 * The PCM is lent and not copied: who gives pieces is told when each is used up. The
 * memory does not grow with the track beyond what the waveforms take.
 */
#ifndef DRIFT_DSP_ANALYSIS_H
#define DRIFT_DSP_ANALYSIS_H

#include "base/buf.h"
#include "base/err.h"
#include "dsp/gating.h"
#include "dsp/loudness.h"
#include "dsp/spectrum.h"

#include <stddef.h>
#include <stdint.h>

struct analysis;

/*
 * rate      Hz of the source
 * channels  1 or 2
 * samples   of the source, per channel: chooses the waveforms' scales
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
	uint32_t blocks[GATING_TENTHS]; /* of the integrated loudness (gating_tenths()) */
	int block_steps; /* of blocks in use */
	double spectrum[SPECTRUM_BANDS]; /* dB */
	int64_t silence_start, silence_end; /* native samples */
	struct buf waveform; /* files: the whole in one view, */
	struct buf zoom; /* and in detail */
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
