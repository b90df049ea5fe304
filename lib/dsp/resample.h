/*
 * resample.h - any rate to 48 kHz for Opus, by position only.
 *
 * A polyphase FIR (windowed sinc, Kaiser) without state: the output sample n
 * depends on n and on the native samples around n * rate / 48000 only, in a
 * fixed order of summation, so that any split of the work gives the same
 * bits. From 40 kHz on it is flat to 20 kHz, and -100 dB is what is left there of
 * images and of what 48 kHz cannot hold; between 20 and 24 kHz, where Opus codes
 * nothing, some of either may be. That takes 40 taps a phase at 44.1 kHz,
 * proportionally more above. Lower rates take 72: flat to 0.453 of the rate, -100 dB
 * from 0.547 on. 48000 Hz is a copy. Rates whose phases would not fit into 1 MiB take neighbouring
 * rows of a 1024-phase table and interpolate (-118 dB).
 *
 * A resampler is constant after it is made: threads may share it.
 */
#ifndef DRIFT_DSP_RESAMPLE_H
#define DRIFT_DSP_RESAMPLE_H

#include "base/err.h"

#include <stdint.h>

#define RESAMPLE_RATE_MIN 1000 /* Hz */
#define RESAMPLE_RATE_MAX 768000

struct resampler;

/*
 * rate      Hz of the source, RESAMPLE_RATE_MIN to RESAMPLE_RATE_MAX
 * channels  1 or 2
 * out       the caller's to resampler_free(), written on DRIFT_OK only
 *
 * Returns DRIFT_ENOMEM.
 */
enum drift_err resampler_new(int32_t rate, int32_t channels, struct resampler **out) MUST_CHECK;
void resampler_free(struct resampler *r); /* NULL is fine */

/* A range of samples per channel, [first, end). */
struct resample_range {
	int64_t first;
	int64_t end;
};

/*
 * The native samples that the 48 kHz samples of want depend on. They may begin
 * before 0 and end past the source: silence is there.
 *
 * want  not empty, within ±2^42
 */
struct resample_range resampler_needs(const struct resampler *r, struct resample_range want);

/*
 * in     native samples of needs(want), interleaved, borrowed for the call
 * want   as above
 * out    want.end - want.first samples per channel, interleaved; not in
 */
void resampler_run(const struct resampler *r, const float *in, struct resample_range want,
		   float *out);

/*
 * N48: length on the 48 kHz line, ceil(samples * 48000 / rate).
 *
 * samples  0 to 2^43 native ones
 */
int64_t resample_length(int64_t samples, int32_t rate);

#endif
