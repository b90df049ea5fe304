/*
 * job.h - what the queue hands a transcoder: all due jobs of a track version.
 *
 * A job is held by a lease that job_progress() renews; who lost it stops.
 * While the database is away the work goes on: the calls that end a job wait
 * for it up to JOB_PATIENCE_SECONDS, then the lease runs out by itself.
 */
#ifndef DRIFT_CATALOGUE_JOB_H
#define DRIFT_CATALOGUE_JOB_H

#include "base/conf.h"
#include "base/err.h"
#include "base/uuid.h"
#include "catalogue/db.h"
#include "catalogue/taglist.h"
#include "dsp/analysis.h"

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#define JOB_CHANNEL "drift_job" /* notified when a job is queued */
#define JOB_PATIENCE_SECONDS 300
#define JOB_WORKER_MAX 96 /* bytes of a worker's name, NUL included */

enum job_kind {
	JOB_OPUS, /* opus-<kbits>.opus and its sidecar */
	JOB_WAVEFORM, /* waveform.dat, waveform-zoom.dat, and what else is measured */
	JOB_REMUX, /* remux.mp4, its sidecar and playlists */
	JOB_KINDS,
};

/* Who works, and for how long at most. */
struct job_worker {
	struct db *db; /* borrowed */
	char name[JOB_WORKER_MAX]; /* of host and process: letters, digits, '-' */
	int64_t lease_seconds;
	int64_t max_attempts;
	const volatile sig_atomic_t *stop; /* not 0: give back what you hold; borrowed */
};

/* The due jobs of one version and its source. All-zero is empty. */
struct job_set {
	int64_t id[JOB_KINDS]; /* 0: not due, or settled */
	struct uuid track;
	int version;
	char source_name[32]; /* in the version's folder */
	int64_t source_bytes;
	int64_t source_mtime_us; /* since 1970; whole seconds */
	int32_t sample_rate; /* Hz */
	int64_t samples; /* native, per channel */
	int64_t samples48;
	int32_t delay, padding; /* native samples, not heard, at either end */
	bool has_video;
	int32_t priority; /* of all of these jobs; higher ones go first */
	double loudness; /* LUFS; NAN: not measured yet, or silence */
	struct taglist tags;
	double claimed_at; /* monotonic seconds */
	double told_at; /* monotonic seconds of the last progress */
};

/* The worker's name becomes <host>-<pid>-<start>. */
void job_worker_init(struct job_worker *w, const struct conf *conf, struct db *db,
		     const volatile sig_atomic_t *stop);

/* The kind's name in the catalogue, static storage. */
const char *job_kind_text(enum job_kind kind);

/*
 * Claims the jobs of the version that is due first.
 *
 * out  the caller's to job_clear(), written on DRIFT_OK only
 *
 * Returns
 *   DRIFT_ENOENT  nothing is due
 *   DRIFT_EDB, DRIFT_EIO, DRIFT_ENOMEM
 */
enum drift_err job_claim(const struct job_worker *w, struct job_set *out) MUST_CHECK;
void job_clear(struct job_set *set);

/* Seconds until the next job is due, at most max; max when none is or nobody
   can tell. */
double job_wait_seconds(const struct job_worker *w, double max);

/*
 * Tells the progress (0 to 1) of all jobs held and renews their leases.
 *
 * Returns DRIFT_ELOCKED when one of them is no longer ours. A database that is
 * away is no error.
 */
enum drift_err job_renew(const struct job_worker *w, struct job_set *set,
			 double progress) MUST_CHECK;
/* The same at most twice a second; more often it does nothing. */
enum drift_err job_progress(const struct job_worker *w, struct job_set *set,
			    double progress) MUST_CHECK;
/* Likewise, where one job is being done while the others wait for their turn. */
enum drift_err job_progress_of(const struct job_worker *w, struct job_set *set, enum job_kind kind,
			       double progress) MUST_CHECK;

/* One artifact as its row names it. */
struct job_artifact {
	const char *kind; /* opus seekidx waveform waveform_zoom remux remux_seekidx … */
	const char *name; /* in the version's folder */
	const char *mime;
	int64_t bytes;
	int64_t mtime_us;
	const char *meta; /* a JSON object */
};

/*
 * The file is there: makes or changes its row.
 *
 * Returns DRIFT_ELOCKED when the job is no longer ours, DRIFT_EDB when the
 * database stayed away, DRIFT_EIO.
 */
enum drift_err job_publish(const struct job_worker *w, const struct job_set *set,
			   enum job_kind kind, const struct job_artifact *artifact) MUST_CHECK;

/*
 * Stores what was measured of the version, as far as it is not stored yet.
 *
 * sha256  of the source, hexadecimal; NULL: not known
 *
 * Errors as job_publish().
 */
enum drift_err job_measured(const struct job_worker *w, const struct job_set *set,
			    const struct analysis_result *measured, const char *sha256) MUST_CHECK;

/* Settles one job. What the database says against it is in the log. */
void job_done(const struct job_worker *w, struct job_set *set, enum job_kind kind);

enum job_retry { JOB_NO_RETRY, JOB_RETRY };
/* error: a sentence for the administrator. */
void job_fail(const struct job_worker *w, struct job_set *set, enum job_kind kind,
	      enum job_retry retry, const char *error);

/* Gives back every job still held, at once and without costing an attempt. */
void job_release(const struct job_worker *w, struct job_set *set);

#endif
