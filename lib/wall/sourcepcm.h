/*
 * sourcepcm.h - a source as 48 kHz PCM, for whoever wants a few pages of it.
 */
#ifndef DRIFT_WALL_SOURCEPCM_H
#define DRIFT_WALL_SOURCEPCM_H

#include "base/err.h"
#include "dsp/resample.h"
#include "wall/decoder.h"

#include <stdint.h>

struct sourcepcm; /* used by the thread that made its decoder */

/*
 * decoder  borrowed until free; nothing of it is asked for elsewhere
 * out      the caller's to sourcepcm_free(), written on DRIFT_OK only
 *
 * Returns DRIFT_ENOMEM.
 */
enum drift_err sourcepcm_new(struct decoder *decoder, struct sourcepcm **out) MUST_CHECK;
void sourcepcm_free(struct sourcepcm *s); /* NULL is fine */

/*
 * The 48 kHz samples of want, interleaved: an opuspages_pcm with the sourcepcm as context.
 *
 * Returns DRIFT_EMEDIA (decoder_get_reason()) or DRIFT_ENOMEM.
 */
enum drift_err sourcepcm_get(void *sourcepcm, struct resample_range want, float *out) MUST_CHECK;

/*
 * What will be wanted after the next sourcepcm_get(), which the decoder then is at while the
 * caller uses that: an opuspages_expect.
 */
void sourcepcm_expect(void *sourcepcm, struct resample_range want);

#endif
