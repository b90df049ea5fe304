#include "opus/opusbatch.h"

#include "opus/opuspages.h"
#include "opus/segment.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

struct opusbatch {
	const struct opusbatch_order *order;
	struct layout layout;
	struct buf setup; /* without a gain until it is known */
	bool is_shown; /* others have seen these pages */
	struct resampler *resampler;
	struct opusfile *file;
	atomic_bool stopping;
	pthread_mutex_t mutex; /* of the members below */
	pthread_cond_t changed;
	int working; /* segments handed over and not done */
	int64_t settled;
	int64_t made;
	enum drift_err err; /* the first one stays */
};

/* A segment for the encoding threads. */
struct work {
	struct encoders_task task; /* first: task and work have one address */
	struct opusbatch *batch;
	struct pcmslot *slot; /* NULL once its PCM was taken */
	int64_t segment;
};

/* --- on the encoding threads -------------------------------------------------- */

static enum drift_err take_pcm(void *work, struct resample_range want, float *out)
{
	struct work *w = work;

	resampler_run(w->batch->resampler, w->slot->pcm, want, out);
	pcmslot_leave(w->slot);
	w->slot = NULL;
	return DRIFT_OK;
}

static enum drift_err put_page(void *work, int64_t page, const void *data, size_t bytes)
{
	const struct work *w = work;

	if (atomic_load(&w->batch->stopping))
		return DRIFT_ECLOSED;
	return opusfile_put(w->batch->file, page, data, bytes);
}

static enum drift_err make_segment(struct work *w, struct opuspages *desk)
{
	const struct layout *layout = &w->batch->layout;
	const struct opuspages_order order = {
		.layout = layout,
		.serial = w->batch->order->setup.serial,
		.pcm = take_pcm,
		.pcm_context = w,
		.sink = put_page,
		.sink_context = w,
	};
	enum drift_err err = DRIFT_ECLOSED;

	if (!atomic_load(&w->batch->stopping))
		err = opuspages_make(desk, &order, layout_segment_pages(layout, w->segment));
	return err ? err : opusfile_end_segment(w->batch->file, w->segment);
}

static void note_end(struct opusbatch *b, enum drift_err err)
{
	pthread_mutex_lock(&b->mutex);
	b->working--;
	b->settled++;
	if (!err)
		b->made++;
	else if (!b->err)
		b->err = err;
	pthread_cond_broadcast(&b->changed);
	pthread_mutex_unlock(&b->mutex);
}

static void run_work(struct encoders_task *task, struct opuspages *desk)
{
	struct work *w = (struct work *)task;
	struct opusbatch *b = w->batch;
	enum drift_err err = make_segment(w, desk);

	if (err)
		opusfile_give_up_segment(b->file, w->segment);
	if (w->slot)
		pcmslot_leave(w->slot);
	free(w);
	note_end(b, err); /* last: the batch may be gone after it */
}

/* --- on the reader's ------------------------------------------------------------ */

/* The version's own setup pages, or new ones. gain: dB; NULL: nobody knows. */
static enum drift_err compose_setup(struct opusbatch *b, const double *gain)
{
	const struct opusbatch_order *order = b->order;
	struct oggopus_setup setup = order->setup;

	buf_reset(&b->setup);
	if (order->setup_pages) {
		buf_add(&b->setup, order->setup_pages, order->setup_bytes);
		return buf_ok(&b->setup) ? DRIFT_OK : DRIFT_ENOMEM;
	}
	if (!setup.has_gain && gain) {
		setup.has_gain = true;
		setup.track_gain = *gain;
	}
	return oggopus_setup(&setup, &b->setup);
}

static enum drift_err start(struct opusbatch *b, int32_t rate, int64_t samples)
{
	const struct opusbatch_order *order = b->order;
	enum drift_err err = compose_setup(b, NULL);

	if (err)
		return err;
	layout_init(&b->layout, &order->params, resample_length(samples, rate),
		    (int32_t)b->setup.len);
	err = resampler_new(rate, order->params.channels, &b->resampler);
	return err ? err : opusfile_new(order->fd, &b->layout, order->setup.serial, &b->file);
}

enum drift_err opusbatch_new(const struct opusbatch_order *order, int32_t rate, int64_t samples,
			     struct opusbatch **out)
{
	struct opusbatch *b = calloc(1, sizeof(*b));
	enum drift_err err;

	if (!b)
		return DRIFT_ENOMEM;
	pthread_mutex_init(&b->mutex, NULL);
	pthread_cond_init(&b->changed, NULL);
	b->order = order;
	err = start(b, rate, samples);
	if (err) {
		opusbatch_free(b);
		return err;
	}
	*out = b;
	return DRIFT_OK;
}

void opusbatch_free(struct opusbatch *b)
{
	if (!b)
		return;
	atomic_store(&b->stopping, true);
	while (opusbatch_is_working(b, 1000))
		;
	opusfile_free(b->file);
	resampler_free(b->resampler);
	buf_clear(&b->setup);
	pthread_cond_destroy(&b->changed);
	pthread_mutex_destroy(&b->mutex);
	free(b);
}

const struct layout *opusbatch_get_layout(const struct opusbatch *b)
{
	return &b->layout;
}

static struct resample_range needs(const struct opusbatch *b, int64_t segment, int32_t packets)
{
	return resampler_needs(b->resampler, segment_needs(segment, 0, packets));
}

struct resample_range opusbatch_needs(const struct opusbatch *b, int64_t segment)
{
	return needs(b, segment, layout_segment_packets(&b->layout, segment));
}

int64_t opusbatch_needs_max(const struct opusbatch *b)
{
	/* 5 s are a whole number of native samples: every whole segment needs as many */
	struct resample_range range = needs(b, 0, LAYOUT_SEGMENT_PACKETS);

	return range.end - range.first;
}

static bool has_failed(struct opusbatch *b)
{
	bool failed;

	pthread_mutex_lock(&b->mutex);
	failed = b->err != DRIFT_OK;
	pthread_mutex_unlock(&b->mutex);
	return failed;
}

enum opusfile_claim opusbatch_claim(struct opusbatch *b, int64_t segment)
{
	enum opusfile_claim claim =
		has_failed(b) ? OPUSFILE_WHOLE : opusfile_claim(b->file, segment);

	if (claim != OPUSFILE_WHOLE)
		return claim;
	pthread_mutex_lock(&b->mutex);
	b->settled++;
	pthread_mutex_unlock(&b->mutex);
	return claim;
}

void opusbatch_make(struct opusbatch *b, int64_t segment, struct pcmslot *slot)
{
	struct work *w = malloc(sizeof(*w));

	pthread_mutex_lock(&b->mutex);
	b->working++;
	pthread_mutex_unlock(&b->mutex);
	if (!w) {
		opusfile_give_up_segment(b->file, segment);
		pcmslot_leave(slot);
		note_end(b, DRIFT_ENOMEM);
		return;
	}
	*w = (struct work){
		.task = {.run = run_work, .rank = b->order->rank},
		.batch = b,
		.slot = slot,
		.segment = segment,
	};
	encoders_post(b->order->encoders, &w->task);
}

int64_t opusbatch_settled(struct opusbatch *b)
{
	int64_t settled;

	pthread_mutex_lock(&b->mutex);
	settled = b->settled;
	pthread_mutex_unlock(&b->mutex);
	return settled;
}

bool opusbatch_is_working(struct opusbatch *b, int milliseconds)
{
	struct timespec until;
	bool working;
	int err = 0;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_nsec += milliseconds % 1000 * 1000000L;
	until.tv_sec += milliseconds / 1000 + until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	pthread_mutex_lock(&b->mutex);
	while (b->working > 0 && err == 0)
		err = pthread_cond_timedwait(&b->changed, &b->mutex, &until);
	working = b->working > 0;
	pthread_mutex_unlock(&b->mutex);
	return working;
}

enum drift_err opusbatch_show(struct opusbatch *b, struct buf *sidecar)
{
	enum drift_err err =
		opusfile_show(b->file, (const uint8_t *)b->setup.data, b->setup.len, sidecar);

	b->is_shown |= !err;
	return err;
}

enum drift_err opusbatch_finish(struct opusbatch *b, double gain, struct opusbatch_result *out)
{
	size_t length = b->setup.len;
	enum drift_err err = b->err;

	assert(!opusbatch_is_working(b, 0));
	if (!err && !b->is_shown)
		err = compose_setup(b, &gain);
	if (err)
		return err;
	assert(b->setup.len == length);
	err = opusfile_finish(b->file, (const uint8_t *)b->setup.data, b->setup.len, &out->sidecar);
	out->layout = b->layout;
	out->bytes = opusfile_bytes(b->file);
	out->segments_made = b->made;
	return err;
}
