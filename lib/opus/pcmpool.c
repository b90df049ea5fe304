#include "opus/pcmpool.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

struct pcmpool {
	pthread_mutex_t mutex; /* of the users of each slot */
	pthread_cond_t freed;
	size_t floats;
	int count;
	struct pcmslot slot[];
};

enum drift_err pcmpool_new(int count, size_t floats, struct pcmpool **out)
{
	struct pcmpool *p = calloc(1, sizeof(*p) + (size_t)count * sizeof(p->slot[0]));

	if (!p)
		return DRIFT_ENOMEM;
	pthread_mutex_init(&p->mutex, NULL);
	pthread_cond_init(&p->freed, NULL);
	p->floats = floats;
	p->count = count;
	for (int i = 0; i < count; i++)
		p->slot[i].pool = p;
	*out = p;
	return DRIFT_OK;
}

void pcmpool_free(struct pcmpool *p)
{
	if (!p)
		return;
	for (int i = 0; i < p->count; i++)
		free(p->slot[i].pcm);
	pthread_cond_destroy(&p->freed);
	pthread_mutex_destroy(&p->mutex);
	free(p);
}

/* One that nobody uses, or NULL; the mutex is held. */
static struct pcmslot *find_free(struct pcmpool *p)
{
	for (int i = 0; i < p->count; i++)
		if (p->slot[i].users == 0)
			return &p->slot[i];
	return NULL;
}

enum drift_err pcmpool_take(struct pcmpool *p, struct pcmslot **out)
{
	struct pcmslot *slot;

	pthread_mutex_lock(&p->mutex);
	slot = find_free(p);
	if (slot)
		slot->users = 1;
	pthread_mutex_unlock(&p->mutex);
	if (!slot)
		return DRIFT_ENOENT;
	if (!slot->pcm)
		slot->pcm = malloc(p->floats * sizeof(*slot->pcm));
	if (!slot->pcm) {
		pcmslot_leave(slot);
		return DRIFT_ENOMEM;
	}
	*out = slot;
	return DRIFT_OK;
}

void pcmpool_wait(struct pcmpool *p, int milliseconds)
{
	struct timespec until;
	int err = 0;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_nsec += milliseconds * 1000000L;
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	pthread_mutex_lock(&p->mutex);
	while (!find_free(p) && err == 0)
		err = pthread_cond_timedwait(&p->freed, &p->mutex, &until);
	pthread_mutex_unlock(&p->mutex);
}

void pcmslot_share(struct pcmslot *slot, int users)
{
	pthread_mutex_lock(&slot->pool->mutex);
	slot->users = users;
	pthread_mutex_unlock(&slot->pool->mutex);
}

void pcmslot_leave(struct pcmslot *slot)
{
	struct pcmpool *p = slot->pool;

	pthread_mutex_lock(&p->mutex);
	slot->users--;
	pthread_cond_signal(&p->freed);
	pthread_mutex_unlock(&p->mutex);
}
