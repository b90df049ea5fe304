/*
 * pipeline.h - one read of a source feeds all that is made of it.
 *
 * The decoder is asked for the next 5 s while these are resampled and encoded,
 * and a second thread measures loudness and waveform of the same PCM. What is
 * asked for depends on the position only: segment s asks for exactly the native
 * samples it needs, so that a batch, a batch that was cut short, and a request
 * for one page see the same PCM, from lossy sources too.
 */
#ifndef DRIFT_MEDIA_PIPELINE_H
#define DRIFT_MEDIA_PIPELINE_H

#include "base/buf.h"
#include "base/err.h"
#include "media/decoder.h"
#include "media/layout.h"
#include "media/loudness.h"
#include "media/oggopus.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The Opus rendition that is due. */
struct pipeline_opus {
	int fd; /* open for writing, an empty file; borrowed */
	struct layout_params params;
	const char *setup_pages; /* of this version, as once published; NULL: there are none yet */
	size_t setup_bytes;
	struct oggopus_setup setup; /* used where there are none; without has_gain
				       the gain is the one measured in this pass */
};

/*
 * Told after each 5 s how far it is, 0 to 1, nearly. Anything but DRIFT_OK ends
 * the pass with that error.
 */
typedef enum drift_err (*pipeline_tick)(void *context, double progress);

struct pipeline_order {
	struct decoder *decoder; /* borrowed */
	int64_t samples; /* of the source, native, per channel, as the catalogue has it */
	const struct pipeline_opus *opus; /* NULL: not due */
	bool analyse; /* loudness and waveform; asserted where the gain hangs on it */
	pipeline_tick tick;
	void *context; /* of tick */
};

struct pipeline_result {
	enum drift_err opus_err; /* of the rendition by itself */
	enum drift_err analysis_err; /* of loudness and waveform by themselves */
	struct layout layout; /* of the rendition */
	int64_t opus_bytes; /* written to fd */
	struct buf sidecar;
	struct loudness_result loudness;
	struct buf waveform;
};

/*
 * Reads the source once, start to end.
 *
 * out  all-zero before; the caller's to pipeline_clear() after DRIFT_OK
 *
 * Returns
 *   DRIFT_OK      the pass came to its end; out says what became of each part
 *                 (DRIFT_ENOSPC, DRIFT_EIO, DRIFT_ENOMEM)
 *   DRIFT_EMEDIA  the source cannot be decoded (decoder_get_reason())
 *   DRIFT_ENOMEM, and what tick returned
 */
enum drift_err pipeline_run(const struct pipeline_order *order,
			    struct pipeline_result *out) MUST_CHECK;
void pipeline_clear(struct pipeline_result *r);

#endif
