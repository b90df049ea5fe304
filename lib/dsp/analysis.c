#include "dsp/analysis.h"

#include "dsp/silence.h"
#include "dsp/waveform.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

struct analysis {
	pthread_t thread;
	pthread_mutex_t mutex; /* of the four members below */
	pthread_cond_t changed;
	struct analysis_piece *first; /* waiting, in order */
	struct analysis_piece **last; /* where the next one goes */
	bool closed; /* nothing more will come */
	enum drift_err err; /* the first one stays */
	struct loudness *loudness; /* the thread's own until it is joined, as what follows */
	struct spectrum *spectrum;
	struct silence silence;
	struct waveform *whole, *zoom;
	bool joined;
};

/* The next piece, or NULL at the end; the mutex is held. */
static struct analysis_piece *take(struct analysis *a)
{
	struct analysis_piece *piece;

	while (!a->first && !a->closed)
		pthread_cond_wait(&a->changed, &a->mutex);
	piece = a->first;
	if (piece)
		a->first = piece->next;
	if (!a->first)
		a->last = &a->first;
	return piece;
}

static enum drift_err measure(struct analysis *a, const float *pcm, size_t count)
{
	waveform_add(a->whole, pcm, count);
	waveform_add(a->zoom, pcm, count);
	spectrum_add(a->spectrum, pcm, count);
	silence_add(&a->silence, pcm, count);
	return loudness_add(a->loudness, pcm, count);
}

static void *work(void *context)
{
	struct analysis *a = context;
	struct analysis_piece *piece;

	pthread_mutex_lock(&a->mutex);
	while ((piece = take(a))) {
		enum drift_err err;

		pthread_mutex_unlock(&a->mutex);
		err = measure(a, piece->pcm, piece->count);
		piece->used(piece);
		pthread_mutex_lock(&a->mutex);
		if (!a->err)
			a->err = err;
	}
	pthread_mutex_unlock(&a->mutex);
	return NULL;
}

enum drift_err analysis_new(int32_t rate, int32_t channels, int64_t samples, struct analysis **out)
{
	struct analysis *a = calloc(1, sizeof(*a));

	if (!a)
		return DRIFT_ENOMEM;
	pthread_mutex_init(&a->mutex, NULL);
	pthread_cond_init(&a->changed, NULL);
	a->last = &a->first;
	a->joined = true;
	a->silence.channels = channels;
	if (loudness_new(rate, channels, &a->loudness) != DRIFT_OK ||
	    spectrum_new(rate, channels, &a->spectrum) != DRIFT_OK ||
	    waveform_new(rate, channels, samples, WAVEFORM_PAIRS_WHOLE, &a->whole) != DRIFT_OK ||
	    waveform_new(rate, channels, samples, WAVEFORM_PAIRS_ZOOM, &a->zoom) != DRIFT_OK ||
	    pthread_create(&a->thread, NULL, work, a) != 0) {
		analysis_free(a);
		return DRIFT_ENOMEM;
	}
	a->joined = false;
	*out = a;
	return DRIFT_OK;
}

static void join(struct analysis *a)
{
	if (a->joined)
		return;
	pthread_mutex_lock(&a->mutex);
	a->closed = true;
	pthread_cond_broadcast(&a->changed);
	pthread_mutex_unlock(&a->mutex);
	pthread_join(a->thread, NULL);
	a->joined = true;
}

void analysis_free(struct analysis *a)
{
	if (!a)
		return;
	join(a);
	loudness_free(a->loudness);
	spectrum_free(a->spectrum);
	waveform_free(a->whole);
	waveform_free(a->zoom);
	pthread_cond_destroy(&a->changed);
	pthread_mutex_destroy(&a->mutex);
	free(a);
}

void analysis_give(struct analysis *a, struct analysis_piece *piece)
{
	pthread_mutex_lock(&a->mutex);
	piece->next = NULL;
	*a->last = piece;
	a->last = &piece->next;
	pthread_cond_signal(&a->changed);
	pthread_mutex_unlock(&a->mutex);
}

enum drift_err analysis_finish(struct analysis *a, struct analysis_result *out)
{
	struct analysis_result r = {0};
	enum drift_err err;

	join(a);
	err = a->err ? a->err : waveform_write(a->whole, &r.waveform);
	if (!err)
		err = waveform_write(a->zoom, &r.zoom);
	if (err) {
		analysis_clear(&r);
		return err;
	}
	r.loudness = loudness_get(a->loudness);
	r.block_steps = gating_tenths(loudness_get_blocks(a->loudness), r.blocks);
	spectrum_get(a->spectrum, r.spectrum);
	r.silence_start = a->silence.start;
	r.silence_end = a->silence.end;
	*out = r;
	return DRIFT_OK;
}

void analysis_clear(struct analysis_result *r)
{
	buf_clear(&r->waveform);
	buf_clear(&r->zoom);
	*r = (struct analysis_result){0};
}
