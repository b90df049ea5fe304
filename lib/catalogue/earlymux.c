#include "catalogue/earlymux.h"

#include "base/log.h"
#include "catalogue/db.h"
#include "catalogue/growth.h"
#include "catalogue/remuxfiles.h"
#include "catalogue/store.h"
#include "catalogue/upload.h"
#include "media/decoder.h"
#include "media/remux.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LOOK_MS 100 /* between two looks at what has come */
#define STORE_MS 120000 /* that storing the whole file may take */

struct mux {
	const struct conf *conf;
	const struct earlymux *what;
	struct db *db;
	int source; /* the upload's file */
	struct growth growth;
	int64_t mtime_us; /* of the source, once it is stored */
	bool is_gone; /* the upload is given up */
	bool is_refused; /* MP4 cannot have it, or not yet */
	struct remux_result result;
};

static void pause_ms(int ms)
{
	const struct timespec moment = {.tv_nsec = ms * 1000000L};

	nanosleep(&moment, NULL);
}

/* --- what arrives ---------------------------------------------------------------------- */

/* DRIFT_EMORE: it is not there yet; DRIFT_ECLOSED: nobody wants it, or it never will be. */
static enum drift_err look(struct mux *m, int64_t at, int64_t *end)
{
	struct db_rows rows = {0};
	const struct earlymux *w = m->what;
	enum drift_err err =
		db_call(m->db, "SELECT wanted, reach FROM drift.growth_wait($1, $2, $3, $4, $5)",
			DB_ARGS(db_uuid(&w->track), db_int(w->version), db_text(growth_mp4.kind),
				db_uuid(&w->upload), db_int(at)),
			&rows);

	if (err)
		return err;
	m->is_gone = rows.count == 0;
	if (m->is_gone || !db_get_bool(&rows, 0, 0))
		err = DRIFT_ECLOSED;
	else if (db_get_int(&rows, 0, 1) > at)
		*end = db_get_int(&rows, 0, 1);
	else
		err = DRIFT_EMORE;
	db_rows_clear(&rows);
	return err;
}

static enum drift_err wait_for(void *context, int64_t at, int64_t *end)
{
	enum drift_err err;

	while ((err = look(context, at, end)) == DRIFT_EMORE)
		pause_ms(LOOK_MS);
	return err;
}

/* DRIFT_EMORE: it is not stored yet; DRIFT_ECLOSED: it is something else. */
static enum drift_err get_settled(struct mux *m, struct fmp4_extent *out)
{
	struct db_rows rows = {0};
	enum drift_err err = db_call(m->db,
				     "SELECT state, is_same, mtime_us, delay, samples, padding"
				     " FROM drift.growth_settled($1, $2, $3)",
				     DB_ARGS(db_uuid(&m->what->track), db_int(m->what->version),
					     db_text(growth_mp4.kind)),
				     &rows);
	const char *state;

	if (err)
		return err;
	state = db_get_text(&rows, 0, 0);
	m->is_gone = rows.count == 0 || strcmp(state, "failed") == 0;
	if (m->is_gone || !db_get_bool(&rows, 0, 1))
		err = DRIFT_ECLOSED;
	else if (strcmp(state, "stored") != 0)
		err = DRIFT_EMORE;
	if (!err) {
		m->mtime_us = db_get_int(&rows, 0, 2);
		*out = (struct fmp4_extent){db_get_int(&rows, 0, 3), db_get_int(&rows, 0, 4),
					    db_get_int(&rows, 0, 5)};
	}
	db_rows_clear(&rows);
	return err;
}

static enum drift_err wait_settled(void *context, struct fmp4_extent *out)
{
	enum drift_err err = DRIFT_EMORE;

	for (int ms = 0; err == DRIFT_EMORE && ms < STORE_MS; ms += LOOK_MS) {
		err = get_settled(context, out);
		if (err == DRIFT_EMORE)
			pause_ms(LOOK_MS);
	}
	return err == DRIFT_EMORE ? DRIFT_ECLOSED : err;
}

/* --- what is made of it -------------------------------------------------------------------- */

static enum drift_err grown(void *context, enum remux_growth growth,
			    const struct fragments *fragments, const struct fragments_file *file)
{
	struct mux *m = context;

	return remuxfiles_tell(&m->growth, m->db, growth, fragments, file);
}

static enum drift_err go_on(void *context, double progress)
{
	(void)context, (void)progress;
	return DRIFT_OK;
}

static enum drift_err make(struct mux *m, char reason[REMUX_REASON_MAX])
{
	const struct conf *conf = m->conf;
	const struct decoder_arriving arriving = {m->source, m->what->bytes, wait_for, m};
	const struct remux_order order = {
		.program = conf->decode_program,
		.limits = {conf->decode_memory_mb, conf->decode_seconds, conf->max_duration_hours},
		.arriving = &arriving,
		.children = 1,
		.rate = m->what->sample_rate,
		.extent = {.samples = m->what->samples},
		.fd = m->growth.fd,
		.file = REMUXFILES_MP4,
		.playlist = REMUXFILES_PLAYLIST,
		.tick = go_on,
		.grown = grown,
		.settled = wait_settled,
		.context = m,
	};

	return remux_run(&order, &m->result, reason);
}

static enum drift_err publish_row(void *context, const struct job_artifact *row)
{
	struct mux *m = context;
	struct db_rows rows = {0};
	enum drift_err err =
		db_call(m->db, "SELECT drift.growth_publish($1, $2, $3, $4, $5, $6, $7, $8::jsonb)",
			DB_ARGS(db_uuid(&m->what->track), db_int(m->what->version),
				db_text(row->kind), db_text(row->name), db_int(row->bytes),
				db_text(row->mime), db_int(row->mtime_us), db_text(row->meta)),
			&rows);

	if (!err && !db_get_bool(&rows, 0, 0))
		err = DRIFT_ECLOSED;
	db_rows_clear(&rows);
	return err;
}

static void make_and_publish(struct mux *m)
{
	char reason[REMUX_REASON_MAX] = "";
	enum drift_err err = make(m, reason);

	if (!err)
		err = remuxfiles_publish(&m->growth, &m->result, m->mtime_us, publish_row, m);
	m->is_refused = err == DRIFT_EMEDIA;
	if (m->is_refused)
		log_info("earlymux: %s version %d: %s", m->what->track.text, m->what->version,
			 reason);
	else if (err && err != DRIFT_ECLOSED)
		log_warning("earlymux: %s version %d is left", m->what->track.text,
			    m->what->version);
}

/* --- the process ------------------------------------------------------------------------- */

/* Nobody else puts anything into the folder of a version that will never be. */
static void remove_folders(const struct mux *m)
{
	struct store_path folder = store_track(m->conf, &m->what->track);

	if (store_remove_version(m->conf, &m->what->track, m->what->version))
		(void)rmdir(folder.text); /* unless another version is there */
}

/* Who asks next would only have it tried again. */
static void tell_refused(const struct mux *m)
{
	if (db_call(m->db, "SELECT drift.growth_fail($1, $2, $3)",
		    DB_ARGS(db_uuid(&m->what->track), db_int(m->what->version),
			    db_text(growth_mp4.kind)),
		    NULL) != DRIFT_OK)
		log_info("earlymux: nobody is told that %s is refused", m->what->track.text);
}

static void run(struct mux *m)
{
	int64_t end;
	enum drift_err err =
		growth_open(m->conf, &m->what->track, m->what->version, &growth_mp4, &m->growth);

	if (err)
		return;
	err = look(m, 0, &end); /* which tells others that somebody is at it */
	if (!err)
		make_and_publish(m);
	growth_end(&m->growth, m->db);
	if (m->is_refused)
		tell_refused(m);
	if (m->is_gone)
		remove_folders(m);
	remux_clear(&m->result);
}

void earlymux_run(const struct conf *conf, const struct earlymux *what)
{
	struct mux m = {.conf = conf, .what = what, .source = -1, .growth = GROWTH_NONE};

	m.db = db_new(conf->web_dsn, "earlymux");
	if (m.db && upload_open_read(conf, &what->upload, &m.source) == DRIFT_OK)
		run(&m);
	if (m.source >= 0)
		close(m.source);
	db_free(m.db);
}
