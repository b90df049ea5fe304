#include "opus/encoders.h"

#include <assert.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdlib.h>

struct encoders {
	pthread_mutex_t mutex; /* of the members below */
	pthread_cond_t posted;
	struct encoders_task *first; /* in the order in which they will be run */
	bool closed;
	int threads; /* started */
	struct worker {
		struct encoders *encoders;
		struct opuspages *desk;
		pthread_t thread;
	} worker[ENCODERS_MAX];
};

static int count_cores(void)
{
	cpu_set_t set;
	int count;

	if (sched_getaffinity(0, sizeof(set), &set) < 0)
		return 1;
	count = CPU_COUNT(&set);
	return count < ENCODERS_MAX ? count : ENCODERS_MAX;
}

/* The next task, or NULL at the end; the mutex is held. */
static struct encoders_task *take(struct encoders *e)
{
	struct encoders_task *task;

	while (!e->first && !e->closed)
		pthread_cond_wait(&e->posted, &e->mutex);
	task = e->first;
	if (task)
		e->first = task->next;
	return task;
}

static void *work(void *context)
{
	struct worker *w = context;
	struct encoders *e = w->encoders;
	struct encoders_task *task;

	pthread_mutex_lock(&e->mutex);
	while ((task = take(e))) {
		pthread_mutex_unlock(&e->mutex);
		task->run(task, w->desk);
		pthread_mutex_lock(&e->mutex);
	}
	pthread_mutex_unlock(&e->mutex);
	return NULL;
}

static enum drift_err start(struct encoders *e)
{
	struct worker *w = &e->worker[e->threads];
	enum drift_err err = opuspages_new(&w->desk);

	if (err)
		return err;
	w->encoders = e;
	if (pthread_create(&w->thread, NULL, work, w) != 0) {
		opuspages_free(w->desk);
		return DRIFT_ENOMEM;
	}
	e->threads++;
	return DRIFT_OK;
}

enum drift_err encoders_new(int threads, struct encoders **out)
{
	struct encoders *e = calloc(1, sizeof(*e));
	enum drift_err err = DRIFT_OK;

	assert(threads >= 0 && threads <= ENCODERS_MAX);
	if (!e)
		return DRIFT_ENOMEM;
	pthread_mutex_init(&e->mutex, NULL);
	pthread_cond_init(&e->posted, NULL);
	if (threads == 0)
		threads = count_cores();
	while (!err && e->threads < threads)
		err = start(e);
	if (err) {
		encoders_free(e);
		return err;
	}
	*out = e;
	return DRIFT_OK;
}

void encoders_free(struct encoders *e)
{
	if (!e)
		return;
	pthread_mutex_lock(&e->mutex);
	e->closed = true;
	pthread_cond_broadcast(&e->posted);
	pthread_mutex_unlock(&e->mutex);
	for (int i = 0; i < e->threads; i++) {
		pthread_join(e->worker[i].thread, NULL);
		opuspages_free(e->worker[i].desk);
	}
	pthread_cond_destroy(&e->posted);
	pthread_mutex_destroy(&e->mutex);
	free(e);
}

int encoders_threads(const struct encoders *e)
{
	return e->threads;
}

void encoders_post(struct encoders *e, struct encoders_task *task)
{
	struct encoders_task **at = &e->first;

	pthread_mutex_lock(&e->mutex);
	while (*at && (*at)->rank <= task->rank)
		at = &(*at)->next;
	task->next = *at;
	*at = task;
	pthread_cond_signal(&e->posted);
	pthread_mutex_unlock(&e->mutex);
}
