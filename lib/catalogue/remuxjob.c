#include "catalogue/remuxjob.h"

#include "base/fnv.h"
#include "base/log.h"
#include "catalogue/artifact.h"
#include "media/remux.h"
#include "media/seekidx.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#define FILE_NAME "remux.mp4"
#define SIDECAR_NAME "remux.seekidx"
#define PLAYLIST_NAME "remux.m3u8"
#define MASTER_NAME "master.m3u8"
#define FILM_LIMITS 8 /* times what sound alone may take */
#define PLAYLIST_MIME "application/vnd.apple.mpegurl"

struct remuxjob {
	const struct task *task;
	int source;
	struct artifact file; /* fd -1: none */
	struct remux_result result;
};

static enum drift_err tick(void *context, double progress)
{
	const struct task *t = ((const struct remuxjob *)context)->task;

	if (*t->worker->stop)
		return DRIFT_ECLOSED;
	return job_progress_of(t->worker, t->set, JOB_REMUX, progress);
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
		.fd = r->file.fd,
		.file = FILE_NAME,
		.playlist = PLAYLIST_NAME,
		.tick = tick,
		.context = r,
	};
	enum drift_err err = remux_run(&order, &r->result, reason);

	if (!err && r->result.rounded)
		log_info("remuxjob: %s version %d: FLAC holds 24 bits, which rounded %" PRId64
			 " samples",
			 set->track.text, set->version, r->result.rounded);
	return err;
}

/* --- publishing ------------------------------------------------------------ */

static enum drift_err publish_files(struct remuxjob *r, int64_t mtime_us)
{
	const struct remux_result *m = &r->result;
	enum drift_err err = task_publish_bytes(r->task, SIDECAR_NAME, &m->sidecar, mtime_us);

	if (!err)
		err = task_publish_bytes(r->task, PLAYLIST_NAME, &m->media, mtime_us);
	if (!err)
		err = task_publish_bytes(r->task, MASTER_NAME, &m->master, mtime_us);
	return err ? err : artifact_publish(&r->file, mtime_us);
}

static enum drift_err publish_rows(const struct remuxjob *r, int64_t mtime_us, const char *mime,
				   const char *meta)
{
	const struct remux_result *m = &r->result;
	const struct job_artifact rows[] = {
		{"remux_seekidx", SIDECAR_NAME, SEEKIDX_MIME, (int64_t)m->sidecar.len, mtime_us,
		 "{}"},
		{"playlist", PLAYLIST_NAME, PLAYLIST_MIME, (int64_t)m->media.len, mtime_us, "{}"},
		{"master", MASTER_NAME, PLAYLIST_MIME, (int64_t)m->master.len, mtime_us, "{}"},
		{"remux", FILE_NAME, mime, m->bytes, mtime_us, meta},
	};
	enum drift_err err = DRIFT_OK;

	for (size_t i = 0; !err && i < sizeof(rows) / sizeof(rows[0]); i++)
		err = job_publish(r->task->worker, r->task->set, JOB_REMUX, &rows[i]);
	return err;
}

static void write_meta(const struct remux_result *m, struct buf *out)
{
	buf_addf(out,
		 "{\"codec\": \"%s\", \"bitrate\": %" PRId64 ", \"delay\": %" PRId64
		 ", \"samples\": %" PRId64 ", \"padding\": %" PRId64 "}",
		 m->codec, m->bitrate, m->extent.delay, m->extent.samples, m->extent.padding);
}

static enum drift_err publish(struct remuxjob *r)
{
	/* the sidecar has the setup and every offset: another file, another sidecar */
	uint32_t print = fnv_bytes(r->result.sidecar.data, r->result.sidecar.len);
	int64_t mtime_us =
		artifact_mtime_us(r->task->set->source_mtime_us, (int32_t)(print % 1000000));
	struct buf meta = {0};
	char mime[REMUX_CODEC_MAX + 32];
	enum drift_err err = publish_files(r, mtime_us);

	if (err)
		return err;
	snprintf(mime, sizeof(mime), "%s/mp4; codecs=\"%s\"", r->result.is_film ? "video" : "audio",
		 r->result.codec);
	write_meta(&r->result, &meta);
	err = buf_ok(&meta) ? publish_rows(r, mtime_us, mime, buf_text(&meta)) : DRIFT_ENOMEM;
	buf_clear(&meta);
	return err;
}

/* --- settling ---------------------------------------------------------------- */

static enum drift_err make_and_publish(struct remuxjob *r, char reason[REMUX_REASON_MAX])
{
	const struct task *t = r->task;
	enum drift_err err = artifact_open(t->conf, &t->set->track, t->set->version, FILE_NAME,
					   t->worker->name, &r->file);

	if (!err)
		err = make(r, reason);
	/* nothing is put in its place by one who has lost the job */
	if (!err)
		err = job_renew(t->worker, t->set, 0);
	return err ? err : publish(r);
}

static enum drift_err settle(const struct task *t, enum drift_err err, const char *reason)
{
	if (err == DRIFT_EMEDIA)
		task_fail(t, JOB_REMUX, JOB_NO_RETRY, "The source cannot be repackaged: %s.",
			  reason);
	else if (err == DRIFT_ECLOSED || err == DRIFT_ELOCKED)
		job_release(t->worker, t->set);
	else
		return task_settle(t, JOB_REMUX, err);
	return DRIFT_OK;
}

enum drift_err remuxjob_run(const struct task *task, int source)
{
	struct remuxjob r = {.task = task, .source = source, .file = {.fd = -1}};
	char reason[REMUX_REASON_MAX] = "";
	enum drift_err err;

	if (!task_is_due(task, JOB_REMUX) || !has_room(task))
		return DRIFT_OK;
	err = make_and_publish(&r, reason);
	artifact_drop(&r.file);
	remux_clear(&r.result);
	return settle(task, err, reason);
}
