#include "catalogue/job.h"

#include "base/log.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#define TELL_SECONDS 0.5

static const char *const kind_texts[JOB_KINDS] = {"opus", "waveform", "remux"};

const char *job_kind_text(enum job_kind kind)
{
	return kind_texts[kind];
}

static double now_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

void job_worker_init(struct job_worker *w, const struct conf *conf, struct db *db,
		     const volatile sig_atomic_t *stop)
{
	char host[64] = "";

	if (gethostname(host, sizeof(host) - 1) < 0 || !*host)
		snprintf(host, sizeof(host), "host");
	for (char *c = host; *c; c++)
		if (!isalnum((unsigned char)*c))
			*c = '-';
	w->db = db;
	w->lease_seconds = conf->lease_seconds;
	w->max_attempts = conf->job_attempts;
	w->stop = stop;
	snprintf(w->name, sizeof(w->name), "%s-%ld-%lx", host, (long)getpid(), (long)time(NULL));
}

static enum drift_err read_row(const struct db_rows *rows, struct job_set *set)
{
	set->track = db_get_uuid(rows, 0, 2);
	set->version = (int)db_get_int(rows, 0, 3);
	snprintf(set->source_name, sizeof(set->source_name), "%s", db_get_text(rows, 0, 4));
	set->source_bytes = db_get_int(rows, 0, 5);
	set->source_mtime_us = db_get_int(rows, 0, 6);
	set->sample_rate = (int32_t)db_get_int(rows, 0, 7);
	set->samples = db_get_int(rows, 0, 8);
	set->samples48 = db_get_int(rows, 0, 9);
	set->claimed_at = now_seconds();
	set->loudness = db_get_double(rows, 0, 10);
	set->delay = (int32_t)db_get_int(rows, 0, 13);
	set->padding = (int32_t)db_get_int(rows, 0, 14);
	set->has_video = !db_is_null(rows, 0, 15);
	set->priority = (int32_t)db_get_int(rows, 0, 16);
	return taglist_read(db_get_text(rows, 0, 12), db_get_text(rows, 0, 11), &set->tags);
}

enum drift_err job_claim(const struct job_worker *w, struct job_set *out)
{
	struct job_set set = {0};
	struct db_rows rows = {0};
	enum drift_err err;

	err = db_call(
		w->db,
		"SELECT job, kind, track, version, source_name, source_bytes,"
		" source_mtime_us, sample_rate, samples, samples48, loudness, title, " TAGLIST_PACK(
			"tags") ", delay, padding, video, priority FROM drift.job_claim($1, $2, "
				"$3)",
		DB_ARGS(db_text(w->name), db_int(w->lease_seconds), db_int(w->max_attempts)),
		&rows);
	if (err)
		return err;
	err = rows.count ? read_row(&rows, &set) : DRIFT_ENOENT;
	for (int i = 0; i < rows.count; i++)
		for (int kind = 0; kind < JOB_KINDS; kind++)
			if (strcmp(db_get_text(&rows, i, 1), kind_texts[kind]) == 0)
				set.id[kind] = db_get_int(&rows, i, 0);
	db_rows_clear(&rows);
	if (err) {
		job_clear(&set);
		return err;
	}
	*out = set;
	return DRIFT_OK;
}

void job_clear(struct job_set *set)
{
	taglist_clear(&set->tags);
	*set = (struct job_set){0};
}

double job_wait_seconds(const struct job_worker *w, double max)
{
	struct db_rows rows = {0};
	double wait = max;

	if (db_call(w->db, "SELECT drift.job_wait_seconds()", DB_NO_ARGS, &rows) != DRIFT_OK)
		return max;
	if (rows.count == 1 && !db_is_null(&rows, 0, 0))
		wait = db_get_double(&rows, 0, 0);
	db_rows_clear(&rows);
	return wait < max ? wait : max;
}

/* The one boolean of a statement: true for "still yours". */
static enum drift_err call_owned(const struct job_worker *w, const char *sql,
				 const struct db_arg *args, size_t count)
{
	struct db_rows rows = {0};
	enum drift_err err = db_call(w->db, sql, args, count, &rows);

	if (err)
		return err;
	if (rows.count != 1 || !db_get_bool(&rows, 0, 0))
		err = DRIFT_ELOCKED;
	db_rows_clear(&rows);
	return err;
}

/* The same, over a restart of the database. */
static enum drift_err call_patiently(const struct job_worker *w, const char *sql,
				     const struct db_arg *args, size_t count)
{
	double give_up = now_seconds() + JOB_PATIENCE_SECONDS;
	enum drift_err err;

	while ((err = call_owned(w, sql, args, count)) == DRIFT_EDB && !*w->stop &&
	       now_seconds() < give_up)
		sleep(1);
	return err;
}

/* progress: of each kind */
static enum drift_err renew(const struct job_worker *w, struct job_set *set,
			    const double progress[JOB_KINDS])
{
	set->told_at = now_seconds();
	for (int kind = 0; kind < JOB_KINDS; kind++) {
		if (!set->id[kind])
			continue;
		if (call_owned(w, "SELECT drift.job_progress($1, $2, $3, $4)",
			       DB_ARGS(db_int(set->id[kind]), db_text(w->name),
				       db_double(progress[kind]), db_int(w->lease_seconds))) ==
		    DRIFT_ELOCKED)
			return DRIFT_ELOCKED;
	}
	return DRIFT_OK;
}

enum drift_err job_renew(const struct job_worker *w, struct job_set *set, double progress)
{
	double each[JOB_KINDS];

	for (int kind = 0; kind < JOB_KINDS; kind++)
		each[kind] = progress;
	return renew(w, set, each);
}

enum drift_err job_progress_of(const struct job_worker *w, struct job_set *set, enum job_kind kind,
			       double progress)
{
	double each[JOB_KINDS] = {0};

	each[kind] = progress;
	if (now_seconds() - set->told_at < TELL_SECONDS)
		return DRIFT_OK;
	return renew(w, set, each);
}

enum drift_err job_progress(const struct job_worker *w, struct job_set *set, double progress)
{
	if (now_seconds() - set->told_at < TELL_SECONDS)
		return DRIFT_OK;
	return job_renew(w, set, progress);
}

enum drift_err job_publish(const struct job_worker *w, const struct job_set *set,
			   enum job_kind kind, const struct job_artifact *artifact)
{
	return call_patiently(w, "SELECT drift.artifact_publish($1, $2, $3, $4, $5, $6, $7, $8)",
			      DB_ARGS(db_int(set->id[kind]), db_text(w->name),
				      db_text(artifact->kind), db_text(artifact->name),
				      db_int(artifact->bytes), db_text(artifact->mime),
				      db_int(artifact->mtime_us), db_text(artifact->meta)));
}

/* Arrays as PostgreSQL reads them: {1,2,3}. */

static void write_blocks(const struct analysis_result *r, struct buf *out)
{
	for (int i = 0; i < r->block_steps; i++)
		buf_addf(out, "%s%" PRIu32, i ? "," : "{", r->blocks[i]);
	buf_add_text(out, r->block_steps ? "}" : "{}");
}

static void write_spectrum(const struct analysis_result *r, struct buf *out)
{
	for (int i = 0; i < SPECTRUM_BANDS; i++)
		buf_addf(out, "%s%.1f", i ? "," : "{", r->spectrum[i]);
	buf_add_text(out, "}");
}

enum drift_err job_measured(const struct job_worker *w, const struct job_set *set,
			    const struct analysis_result *r, const char *sha256)
{
	const struct loudness_result *loudness = &r->loudness;
	struct db_arg none = db_text(NULL);
	struct buf blocks = {0}, spectrum = {0};
	enum drift_err err = DRIFT_ENOMEM;

	write_blocks(r, &blocks);
	write_spectrum(r, &spectrum);
	if (buf_ok(&blocks) && buf_ok(&spectrum))
		err = call_patiently(
			w,
			"SELECT true FROM drift.source_measured($1, $2, $3, $4, $5, $6, $7, $8, "
			"$9, $10)",
			DB_ARGS(db_uuid(&set->track), db_int(set->version),
				loudness->audible ? db_double(loudness->integrated) : none,
				loudness->audible ? db_double(loudness->range) : none,
				db_double(loudness->true_peak), db_text(buf_text(&blocks)),
				db_text(buf_text(&spectrum)), db_int(r->silence_start),
				db_int(r->silence_end), db_text(sha256)));
	buf_clear(&blocks);
	buf_clear(&spectrum);
	return err;
}

static void log_unsettled(const struct job_set *set, enum job_kind kind, enum drift_err err)
{
	if (err)
		log_warning("job: %s of %s could not be settled (%s); its lease will run out",
			    kind_texts[kind], set->track.text, drift_err_text(err));
}

static void log_done(const struct job_set *set, enum job_kind kind)
{
	double seconds = now_seconds() - set->claimed_at;
	double sound = (double)set->samples / (double)set->sample_rate;

	log_info("job: %s of %s version %d: %.0f s of sound done in %.1f s", kind_texts[kind],
		 set->track.text, set->version, sound, seconds);
}

void job_done(const struct job_worker *w, struct job_set *set, enum job_kind kind)
{
	log_done(set, kind);
	log_unsettled(set, kind,
		      call_patiently(w, "SELECT drift.job_done($1, $2)",
				     DB_ARGS(db_int(set->id[kind]), db_text(w->name))));
	set->id[kind] = 0;
}

void job_fail(const struct job_worker *w, struct job_set *set, enum job_kind kind,
	      enum job_retry retry, const char *error)
{
	log_error("job: %s of %s version %d: %s", kind_texts[kind], set->track.text, set->version,
		  error);
	log_unsettled(set, kind,
		      call_patiently(w, "SELECT true FROM drift.job_fail($1, $2, $3, $4)",
				     DB_ARGS(db_int(set->id[kind]), db_text(w->name),
					     db_text(error), db_bool(retry == JOB_RETRY))));
	set->id[kind] = 0;
}

void job_release(const struct job_worker *w, struct job_set *set)
{
	for (int kind = 0; kind < JOB_KINDS; kind++) {
		if (!set->id[kind])
			continue;
		/* one try: whoever stops us waits, and the lease runs out anyway */
		if (call_owned(w, "SELECT drift.job_release($1, $2)",
			       DB_ARGS(db_int(set->id[kind]), db_text(w->name))) == DRIFT_OK)
			log_info("job: %s of %s given back", kind_texts[kind], set->track.text);
		set->id[kind] = 0;
	}
}
