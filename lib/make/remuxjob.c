#include "make/remuxjob.h"

#include "base/clock.h"
#include "base/log.h"
#include "catalogue/artifact.h"
#include "make/remuxfiles.h"
#include "mp4/remux.h"

#include <inttypes.h>
#include <stdbool.h>
#include <time.h>
#include <unistd.h>

#define FILM_LIMITS 8 /* times what sound alone may take */
#define TELL_MS 1000 /* what is done sooner, nobody is in the middle of */
#define WAIT_MS 20000 /* for who is repackaging what has just arrived to end */
#define LOOK_MS 100

struct remuxjob {
	const struct task *task;
	int source;
	struct growth growth;
	int64_t told_ms; /* when those who hear it were last told */
	struct remux_result result;
};

static enum drift_err tick(void *context, double progress)
{
	const struct task *t = ((const struct remuxjob *)context)->task;

	if (*t->worker->stop)
		return DRIFT_ECLOSED;
	return job_progress_of(t->worker, t->set, JOB_REMUX, progress);
}

/* Now and then; at the end those who were told before. */
static enum drift_err grown(void *context, enum remux_growth growth,
			    const struct fragments *fragments, const struct fragments_file *file)
{
	struct remuxjob *r = context;

	if (growth == REMUX_ENDED ? !r->growth.is_told : clock_ms() - r->told_ms < TELL_MS)
		return DRIFT_OK;
	r->told_ms = clock_ms();
	return remuxfiles_tell(&r->growth, r->task->worker->db, growth, fragments, file);
}

/* --- making --------------------------------------------------------------- */

/* Neither boxes nor FLAC make more of it than this. False: the job is failed. */
static bool has_room(const struct task *t)
{
	int64_t need = t->set->source_bytes + t->set->source_bytes / 16, room = 0;
	enum drift_err err = artifact_room(t->conf, need, &room);

	if (err == DRIFT_ENOSPC)
		task_fail(t, JOB_REMUX, JOB_RETRY,
			  "The store is full: %" PRId64 " MB are needed and %" PRId64
			  " MB are free.",
			  need / 1000000 + 17, room / 1000000);
	else if (err)
		task_fail_by_code(t, JOB_REMUX, err);
	return !err;
}

static int children_of_host(void)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);

	if (cores < 1)
		return 1;
	return cores < REMUX_CHILDREN_MAX ? (int)cores : REMUX_CHILDREN_MAX;
}

/* Pictures that have to be encoded take more of both. */
static struct decoder_limits limits_for(const struct task *t)
{
	int more = t->set->has_video ? FILM_LIMITS : 1;

	return (struct decoder_limits){t->conf->decode_memory_mb * more,
				       t->conf->decode_seconds * more, t->conf->max_duration_hours};
}

static enum drift_err make(struct remuxjob *r, char reason[REMUX_REASON_MAX])
{
	const struct task *t = r->task;
	const struct job_set *set = t->set;
	const struct remux_order order = {
		.program = t->conf->decode_program,
		.limits = limits_for(t),
		.source = r->source,
		.children = children_of_host(),
		.rate = set->sample_rate,
		.extent = {set->delay, set->samples, set->padding},
		.fd = r->growth.fd,
		.file = REMUXFILES_MP4,
		.playlist = REMUXFILES_PLAYLIST,
		.tick = tick,
		.grown = grown,
		.context = r,
	};
	enum drift_err err = remux_run(&order, &r->result, reason);

	if (!err && r->result.rounded)
		log_info("remuxjob: %s version %d: FLAC holds 24 bits, which rounded %" PRId64
			 " samples",
			 set->track.text, set->version, r->result.rounded);
	return err;
}

/* --- publishing -------------------------------------------------------------- */

static enum drift_err publish_row(void *context, const struct job_artifact *row)
{
	const struct task *t = context;

	return job_publish(t->worker, t->set, JOB_REMUX, row);
}

static enum drift_err publish(struct remuxjob *r)
{
	struct task task = *r->task;

	return remuxfiles_publish(&r->growth, &r->result, task.set->source_mtime_us, publish_row,
				  &task);
}

static enum drift_err make_and_publish(struct remuxjob *r, char reason[REMUX_REASON_MAX])
{
	const struct task *t = r->task;
	enum drift_err err =
		growth_open(t->conf, &t->set->track, t->set->version, &growth_mp4, &r->growth);

	r->told_ms = clock_ms();
	if (!err)
		err = make(r, reason);
	/* nothing is put in its place by one who has lost the job */
	if (!err)
		err = job_renew(t->worker, t->set, 0);
	return err ? err : publish(r);
}

/* --- what was made while the source arrived ------------------------------------------- */

static bool get_state(const struct task *t, bool *alive, bool *made)
{
	struct db_rows rows = {0};

	if (db_call(t->worker->db, "SELECT alive, made FROM drift.growth_state($1, $2, $3)",
		    DB_ARGS(db_uuid(&t->set->track), db_int(t->set->version),
			    db_text(growth_mp4.kind)),
		    &rows) != DRIFT_OK)
		return false;
	*alive = db_get_bool(&rows, 0, 0);
	*made = db_get_bool(&rows, 0, 1);
	db_rows_clear(&rows);
	return true;
}

/* Who repackaged the source while it arrived is about to end. True: all is done. */
static bool is_made_by_another(const struct task *t)
{
	const struct timespec moment = {.tv_nsec = LOOK_MS * 1000000L};
	bool alive = false, made = false, waited = false;

	for (int ms = 0; ms < WAIT_MS && !*t->worker->stop; ms += LOOK_MS) {
		if (!get_state(t, &alive, &made) || !alive)
			break;
		waited = true;
		nanosleep(&moment, NULL);
		if (job_progress_of(t->worker, t->set, JOB_REMUX, 0) != DRIFT_OK)
			break;
	}
	return waited && !alive && made;
}

/* --- settling ---------------------------------------------------------------- */

static enum drift_err settle(const struct task *t, enum drift_err err, const char *reason)
{
	if (err == DRIFT_EMEDIA)
		task_fail(t, JOB_REMUX, JOB_NO_RETRY, "The source cannot be repackaged: %s.",
			  reason);
	else if (err == DRIFT_EIO && *reason)
		task_fail_host(t, JOB_REMUX, reason);
	else if (err == DRIFT_ECLOSED || err == DRIFT_ELOCKED)
		job_release(t->worker, t->set);
	else
		return task_settle(t, JOB_REMUX, err);
	return DRIFT_OK;
}

enum drift_err remuxjob_run(const struct task *task, int source)
{
	struct remuxjob r = {.task = task, .source = source, .growth = GROWTH_NONE};
	char reason[REMUX_REASON_MAX] = "";
	enum drift_err err = DRIFT_OK;

	if (!task_is_due(task, JOB_REMUX) || !has_room(task))
		return DRIFT_OK;
	if (!is_made_by_another(task))
		err = make_and_publish(&r, reason);
	growth_end(&r.growth, task->worker->db);
	remux_clear(&r.result);
	return settle(task, err, reason);
}
