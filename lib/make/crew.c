#include "make/crew.h"

#include "base/log.h"
#include "make/transcode.h"
#include "opus/encoders.h"

#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define LOOK_MS 200 /* between two looks whether it was told to stop */

struct crew {
	const struct conf *conf;
	const struct job_worker *worker;
	struct encoders *encoders;
	pthread_mutex_t mutex; /* of the members below */
	int busy; /* hands that claim or work */
	int idle; /* an eventfd(2): something to be read of it while there is none */
	int64_t claimed; /* versions */
	int started;
	struct hand {
		struct crew *crew;
		pthread_t thread;
	} hand[CREW_MAX - 1]; /* besides the calling thread */
};

/* By priority, then in the order of claims; *first: it is the first one of all. */
static int64_t add_rank(struct crew *c, int32_t priority, bool *first)
{
	int64_t number;

	pthread_mutex_lock(&c->mutex);
	number = c->claimed++;
	pthread_mutex_unlock(&c->mutex);
	*first = number == 0;
	return number - priority * ((int64_t)1 << 32);
}

/* Claiming counts as work: whoever claims may be about to begin. */
static void begin(struct crew *c)
{
	eventfd_t none;

	pthread_mutex_lock(&c->mutex);
	if (c->busy++ == 0)
		(void)eventfd_read(c->idle, &none);
	pthread_mutex_unlock(&c->mutex);
}

static bool end(struct crew *c)
{
	bool last;

	pthread_mutex_lock(&c->mutex);
	last = --c->busy == 0;
	if (last)
		(void)eventfd_write(c->idle, 1);
	pthread_mutex_unlock(&c->mutex);
	return last;
}

static bool is_idle(struct crew *c)
{
	bool idle;

	pthread_mutex_lock(&c->mutex);
	idle = c->busy == 0;
	pthread_mutex_unlock(&c->mutex);
	return idle;
}

static void start_hands(struct crew *c);

/* One version, start to end; DRIFT_ENOENT when nothing is due. */
static enum drift_err work_one(struct crew *c, const struct job_worker *worker)
{
	struct job_set set = {0};
	const struct task task = {c->conf, worker, &set};
	enum drift_err err = job_claim(worker, &set);

	if (!err) {
		bool first;
		int64_t rank = add_rank(c, set.priority, &first);

		if (first)
			start_hands(c);
		err = transcode_run(&task, c->encoders, rank);
	}
	job_clear(&set);
	return err;
}

static enum drift_err work_while_due(struct crew *c, const struct job_worker *worker)
{
	enum drift_err err = DRIFT_OK;

	while (!err && !*worker->stop)
		err = work_one(c, worker);
	return err == DRIFT_ENOENT ? DRIFT_OK : err;
}

/* Until another job is queued, or the last one at work has ended: then false. */
static bool wait_for_job(struct crew *c, const struct job_worker *worker)
{
	while (!*worker->stop && !is_idle(c))
		if (db_wait_notify(worker->db, c->idle, LOOK_MS))
			return true;
	return false;
}

static enum drift_err work(struct crew *c, const struct job_worker *worker)
{
	enum drift_err err;
	bool last;

	do {
		begin(c);
		err = work_while_due(c, worker);
		last = end(c);
	} while (!err && !last && wait_for_job(c, worker));
	return err;
}

static void *run_hand(void *context)
{
	struct hand *h = context;
	struct crew *c = h->crew;
	struct job_worker worker = *c->worker;

	worker.db = db_new(c->conf->worker_dsn, "drift-transcoder");
	/* one hand less is no trouble, and what befell its connection is in the log */
	if (worker.db && db_listen(worker.db, JOB_CHANNEL) == DRIFT_OK &&
	    work(c, &worker) != DRIFT_OK)
		log_warning("transcoder: one of %d at work has left", c->started + 1);
	db_free(worker.db);
	return NULL;
}

/* One more than there are encoding threads: somebody opens and publishes meanwhile. */
static void start_hands(struct crew *c)
{
	int wanted = encoders_threads(c->encoders) + 1;

	wanted = wanted < CREW_MAX ? wanted : CREW_MAX;
	while (c->started < wanted - 1) {
		struct hand *h = &c->hand[c->started];

		h->crew = c;
		if (pthread_create(&h->thread, NULL, run_hand, h) != 0)
			break;
		c->started++;
	}
}

enum drift_err crew_drain(const struct conf *conf, const struct job_worker *worker, bool *worked)
{
	struct crew c = {.conf = conf, .worker = worker};
	enum drift_err err = encoders_new((int)conf->threads, &c.encoders);

	if (err)
		return err;
	pthread_mutex_init(&c.mutex, NULL);
	/* without one they look every now and then */
	c.idle = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	err = work(&c, worker);
	for (int i = 0; i < c.started; i++)
		pthread_join(c.hand[i].thread, NULL);
	if (c.idle >= 0)
		close(c.idle);
	pthread_mutex_destroy(&c.mutex);
	encoders_free(c.encoders);
	*worked = *worked || c.claimed > 0;
	return err;
}
