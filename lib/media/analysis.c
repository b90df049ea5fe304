#include "media/analysis.h"

#include "media/waveform.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

struct analysis {
	pthread_t thread;
	pthread_mutex_t mutex; /* of the four members below */
	pthread_cond_t changed;
	const float *pcm; /* lent and not used up yet; NULL: the thread is idle */
	size_t count;
	bool closed; /* nothing more will come */
	enum drift_err err; /* of loudness; the first one stays */
	struct loudness *loudness; /* the thread's own until it is joined */
	struct waveform *waveform;
	bool joined;
};

static void *work(void *context)
{
	struct analysis *a = context;

	pthread_mutex_lock(&a->mutex);
	for (;;) {
		enum drift_err err = DRIFT_OK;

		while (!a->pcm && !a->closed)
			pthread_cond_wait(&a->changed, &a->mutex);
		if (!a->pcm)
			break;
		pthread_mutex_unlock(&a->mutex);
		waveform_add(a->waveform, a->pcm, a->count);
		err = loudness_add(a->loudness, a->pcm, a->count);
		pthread_mutex_lock(&a->mutex);
		if (!a->err)
			a->err = err;
		a->pcm = NULL;
		pthread_cond_broadcast(&a->changed);
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
	a->joined = true;
	if (loudness_new(rate, channels, &a->loudness) != DRIFT_OK ||
	    waveform_new(rate, channels, samples, &a->waveform) != DRIFT_OK ||
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
	waveform_free(a->waveform);
	pthread_cond_destroy(&a->changed);
	pthread_mutex_destroy(&a->mutex);
	free(a);
}

void analysis_give(struct analysis *a, const float *pcm, size_t count)
{
	pthread_mutex_lock(&a->mutex);
	while (a->pcm)
		pthread_cond_wait(&a->changed, &a->mutex);
	a->pcm = pcm;
	a->count = count;
	pthread_cond_broadcast(&a->changed);
	pthread_mutex_unlock(&a->mutex);
}

enum drift_err analysis_finish(struct analysis *a, struct loudness_result *loudness,
			       struct buf *waveform)
{
	enum drift_err err;

	join(a);
	if (a->err)
		return a->err;
	err = waveform_write(a->waveform, waveform);
	if (err)
		return err;
	*loudness = loudness_get(a->loudness);
	return DRIFT_OK;
}
