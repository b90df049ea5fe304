#include "make/growsource.h"

#include "base/clock.h"
#include "base/log.h"
#include "catalogue/store.h"
#include "catalogue/upload.h"

#include <string.h>
#include <unistd.h>

#define LOOK_MS 100 /* between two looks at what has come */
#define STORE_MS 120000 /* that storing the whole file may take */

/* --- what arrives ---------------------------------------------------------------------- */

/* DRIFT_EMORE: it is not there yet; DRIFT_ECLOSED: nobody wants it, or it never will be. */
static enum drift_err look(struct growsource *s, int64_t at, int64_t *end)
{
	struct db_rows rows = {0};
	const struct growsource_facts *f = s->facts;
	enum drift_err err =
		db_call(s->db, "SELECT wanted, reach FROM drift.growth_wait($1, $2, $3, $4, $5)",
			DB_ARGS(db_uuid(&f->track), db_int(f->version),
				db_text(s->growth.kind->kind), db_uuid(&f->upload), db_int(at)),
			&rows);

	if (err)
		return err;
	s->is_gone = rows.count == 0;
	if (s->is_gone || !db_get_bool(&rows, 0, 0))
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
	struct growsource *s = context;
	enum drift_err err;

	while ((err = look(s, at, end)) == DRIFT_EMORE)
		clock_sleep_ms(LOOK_MS);
	if (!err && at <= s->reach && *end > s->reach)
		s->reach = *end;
	return err;
}

struct decoder_arriving growsource_arriving(struct growsource *s)
{
	return (struct decoder_arriving){s->fd, s->facts->bytes, wait_for, s};
}

/* DRIFT_EMORE: it is not stored yet; DRIFT_ECLOSED: it is something else. */
static enum drift_err get_settled(struct growsource *s, struct fmp4_extent *out)
{
	struct db_rows rows = {0};
	enum drift_err err = db_call(s->db,
				     "SELECT state, is_same, mtime_us, delay, samples, padding"
				     " FROM drift.growth_settled($1, $2, $3)",
				     DB_ARGS(db_uuid(&s->facts->track), db_int(s->facts->version),
					     db_text(s->growth.kind->kind)),
				     &rows);
	const char *state;

	if (err)
		return err;
	state = db_get_text(&rows, 0, 0);
	s->is_gone = rows.count == 0 || strcmp(state, "failed") == 0;
	if (s->is_gone || !db_get_bool(&rows, 0, 1))
		err = DRIFT_ECLOSED;
	else if (strcmp(state, "stored") != 0)
		err = DRIFT_EMORE;
	if (!err) {
		s->mtime_us = db_get_int(&rows, 0, 2);
		*out = (struct fmp4_extent){db_get_int(&rows, 0, 3), db_get_int(&rows, 0, 4),
					    db_get_int(&rows, 0, 5)};
	}
	db_rows_clear(&rows);
	return err;
}

enum drift_err growsource_settle(void *growsource, struct fmp4_extent *out)
{
	enum drift_err err = DRIFT_EMORE;

	for (int ms = 0; err == DRIFT_EMORE && ms < STORE_MS; ms += LOOK_MS) {
		err = get_settled(growsource, out);
		if (err == DRIFT_EMORE)
			clock_sleep_ms(LOOK_MS);
	}
	return err == DRIFT_EMORE ? DRIFT_ECLOSED : err;
}

/* --- the process ------------------------------------------------------------------------- */

/* Nobody else puts anything into the folder of a version that will never be. */
static void remove_folders(const struct growsource *s)
{
	struct store_path folder = store_track(s->conf, &s->facts->track);

	if (store_remove_version(s->conf, &s->facts->track, s->facts->version))
		(void)rmdir(folder.text); /* unless another version is there */
}

/* Who asks next would only have it tried again. */
static void tell_refused(const struct growsource *s, const struct growth_kind *kind)
{
	if (db_call(s->db, "SELECT drift.growth_fail($1, $2, $3)",
		    DB_ARGS(db_uuid(&s->facts->track), db_int(s->facts->version),
			    db_text(kind->kind)),
		    NULL) != DRIFT_OK)
		log_info("growsource: nobody is told that %s is refused", s->facts->track.text);
}

static void run(struct growsource *s, const struct growth_kind *kind, growsource_make make)
{
	const struct growsource_facts *f = s->facts;
	int64_t end;
	enum drift_err err = growth_open(s->conf, &f->track, f->version, kind, &s->growth);

	if (err)
		return;
	err = look(s, 0, &end); /* which tells others that somebody is at it */
	if (!err)
		err = make(s);
	if (err && err != DRIFT_EMEDIA && err != DRIFT_ECLOSED)
		log_warning("growsource: the %s of %s version %d is left", kind->noun,
			    f->track.text, f->version);
	growth_end(&s->growth, s->db);
	if (err == DRIFT_EMEDIA)
		tell_refused(s, kind);
	if (s->is_gone)
		remove_folders(s);
}

void growsource_run(const struct conf *conf, const struct growsource_facts *facts,
		    const struct growth_kind *kind, growsource_make make)
{
	struct growsource s = {.conf = conf, .facts = facts, .fd = -1, .growth = GROWTH_NONE};

	s.db = db_new(conf->web_dsn, "growsource");
	if (s.db && upload_open_read(conf, &facts->upload, &s.fd) == DRIFT_OK)
		run(&s, kind, make);
	if (s.fd >= 0)
		close(s.fd);
	db_free(s.db);
}
