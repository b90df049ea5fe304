/*
 * opuspages.h - pages of an Opus rendition, made of PCM.
 *
 * The one way in which they are made, for a batch and for a request: a page is
 * encoded from the start of its run, whoever asks and whatever else is asked for,
 * and so has the same bytes always. Each page is handed out as soon as it is made.
 */
#ifndef DRIFT_OPUS_OPUSPAGES_H
#define DRIFT_OPUS_OPUSPAGES_H

#include "base/buf.h"
#include "base/err.h"
#include "dsp/resample.h"
#include "opus/layout.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct opuspages; /* one thread's encoder with its room, 3 MB; any rendition of any track */

/* DRIFT_ENOMEM; out is the caller's to opuspages_free(). */
enum drift_err opuspages_new(struct opuspages **out) MUST_CHECK;
void opuspages_free(struct opuspages *o); /* NULL is fine */

/*
 * Gives the 48 kHz samples of want, interleaved; silence where the source has none.
 * Called once for each segment, but see opuspages_make_soon().
 */
typedef enum drift_err (*opuspages_pcm)(void *context, struct resample_range want, float *out);

/* Told what will be asked for after the next call of opuspages_pcm. */
typedef void (*opuspages_expect)(void *context, struct resample_range want);

/* Takes a page that was made, pages ascending. data: borrowed for the call. */
typedef enum drift_err (*opuspages_sink)(void *context, int64_t page, const void *data,
					 size_t bytes);

/* What is to be made of what, and where to; all borrowed for the call. */
struct opuspages_order {
	const struct layout *layout;
	uint32_t serial;
	opuspages_pcm pcm;
	opuspages_expect expect; /* NULL: it is not told */
	void *pcm_context; /* of both */
	bool is_lossy; /* begun elsewhere the decoder would give other samples: it is asked from the
			  start of the segment on always */
	opuspages_sink sink;
	void *sink_context;
};

/*
 * Makes pages [want.first, want.end), at least one.
 *
 * Returns DRIFT_ENOMEM, DRIFT_EIO when libopus fails (logged), or what pcm or sink
 * returned.
 */
enum drift_err opuspages_make(struct opuspages *o, const struct opuspages_order *order,
			      struct layout_pages want) MUST_CHECK;

/*
 * The same where somebody waits for a page of them: PCM behind it is asked for once that page
 * is handed out, again from the start of the first run on.
 */
enum drift_err opuspages_make_soon(struct opuspages *o, const struct opuspages_order *order,
				   struct layout_pages want, int64_t page) MUST_CHECK;

/*
 * Adds the bytes [from, to) of the file to out, encoding what lies under them. CBR only.
 *
 * order  sink is not used
 * setup  the setup pages, layout.setup_bytes long
 *
 * Errors as opuspages_make().
 */
enum drift_err opuspages_make_bytes(struct opuspages *o, const struct opuspages_order *order,
				    const void *setup, int64_t from, int64_t to,
				    struct buf *out) MUST_CHECK;

#endif
