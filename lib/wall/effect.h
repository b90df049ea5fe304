/*
 * effect.h - sound with a preset, any piece of it.
 *
 * Filters remember, and a limiter too, so what comes out would hang on where they began.
 * They always begin at the same places: the line is cut into spans of 5 s, and each
 * span is made by filters that have heard nothing but the PRESET_MEMORY before it. So a sample
 * depends on its position only, whoever asks and whatever was asked before; and a
 * span differs from what one long run would have given by less than -90 dBFS.
 *
 * Spans begin a little before the segments of the same number (segment.h), so that a
 * segment's first page takes one span.
 */
#ifndef DRIFT_WALL_EFFECT_H
#define DRIFT_WALL_EFFECT_H

#include "base/err.h"
#include "dsp/preset.h"
#include "dsp/resample.h"
#include "opus/layout.h"
#include "wall/filters.h"

#include <stdint.h>

#define EFFECT_SPAN LAYOUT_SEGMENT_SAMPLES
#define EFFECT_EARLIER 33600 /* samples by which span s begins before 240000 s */
/* Samples that the source is asked for at a time, always the same ones of a span. */
#define EFFECT_PIECE 60000

struct effect; /* one thread's */

/* The sound to be changed: as opuspages_pcm. */
typedef enum drift_err (*effect_pcm)(void *context, struct resample_range want, float *out);

/*
 * filters    borrowed until free; nothing else is run through them
 * samples48  of the sound: before 0 and behind that is silence
 * channels   1 or 2
 * out        the caller's to effect_free(), written on DRIFT_OK only
 *
 * Returns DRIFT_ENOMEM.
 */
enum drift_err effect_new(struct filters *filters, effect_pcm pcm, void *context, int64_t samples48,
			  int32_t channels, struct effect **out) MUST_CHECK;
void effect_free(struct effect *e); /* NULL is fine */

/*
 * The 48 kHz samples of want, interleaved: an opuspages_pcm with the effect as context.
 *
 * Returns what the source's function returned, or DRIFT_EIO.
 */
enum drift_err effect_get(void *effect, struct resample_range want, float *out) MUST_CHECK;

#endif
