#include "catalogue/early.h"

#include "base/io.h"
#include "base/log.h"
#include "catalogue/earlymux.h"
#include "catalogue/growing.h"
#include "catalogue/tail.h"
#include "media/decoder.h"
#include "media/hls.h"
#include "media/seekidx.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define BEGIN_MS 1500 /* until who begins it is told to come back */
#define LOOK_MS 20
#define TEXT_MAX ((off_t)8 << 20) /* bytes of a playlist or a sidecar */
#define GONE "It is being stored; try again in a moment."

struct early {
	struct delivery *d;
	const struct growth_kind *kind;
	struct track version; /* the one that is meant */
	struct growing source; /* where it arrives */
	bool is_arriving;
};

static struct store_path path_of(const struct early *e, const char *name)
{
	return store_file(e->d->conf, &e->version.id, e->version.version, name);
}

/* --- having it made ------------------------------------------------------------------- */

/* Somebody wants to hear it. Is it being made? DRIFT_ENOENT: it cannot be. */
static enum drift_err ask(const struct early *e, bool *alive)
{
	struct db_rows rows = {0};
	enum drift_err err =
		db_call(e->d->db, "SELECT alive, failed FROM drift.growth_ask($1, $2, $3)",
			DB_ARGS(db_uuid(&e->version.id), db_int(e->version.version),
				db_text(e->kind->kind)),
			&rows);

	if (err)
		return err;
	*alive = db_get_bool(&rows, 0, 0);
	if (db_get_bool(&rows, 0, 1))
		err = DRIFT_ENOENT;
	db_rows_clear(&rows);
	return err;
}

/* What arrives, as far as it has to be known; DRIFT_ENOENT: its length is not. */
static enum drift_err describe(const struct early *e, struct earlymux *out)
{
	struct db_rows rows = {0};
	enum drift_err err = db_call(
		e->d->db, "SELECT length, sample_rate, samples FROM drift.growth_source($1, $2)",
		DB_ARGS(db_uuid(&e->version.id), db_int(e->version.version)), &rows);

	if (err)
		return err;
	if (rows.count == 1)
		*out = (struct earlymux){
			.track = e->version.id,
			.upload = e->source.upload,
			.version = e->version.version,
			.bytes = db_get_int(&rows, 0, 0),
			.sample_rate = (int32_t)db_get_int(&rows, 0, 1),
			.samples = db_get_int(&rows, 0, 2),
		};
	else
		err = DRIFT_ENOENT;
	db_rows_clear(&rows);
	return err;
}

/* One of all who begin it goes on; the others end at once. */
static enum drift_err begin(const struct early *e)
{
	struct earlymux what;
	enum drift_err err = describe(e, &what);

	if (err)
		return err;
	if (http_spawn(e->d->h)) {
		earlymux_run(e->d->conf, &what);
		_exit(EXIT_SUCCESS);
	}
	/* the one that was started ahead is the new process's now */
	decoder_prepare(e->d->conf->decode_program);
	return DRIFT_OK;
}

static bool is_there(const struct early *e)
{
	return access(path_of(e, e->kind->sidecar).text, R_OK) == 0;
}

static void fail_yet(const struct early *e)
{
	char sentence[80];

	snprintf(sentence, sizeof(sentence), "Nothing of the %s is there yet.", e->kind->noun);
	tail_fail_later(e->d->h, sentence);
}

static bool wait_for_first(const struct early *e)
{
	const struct timespec moment = {.tv_nsec = LOOK_MS * 1000000L};

	for (int ms = 0; !is_there(e) && ms < BEGIN_MS; ms += LOOK_MS)
		nanosleep(&moment, NULL);
	return is_there(e);
}

static void fail(const struct early *e, enum drift_err err)
{
	if (err == DRIFT_ENOENT)
		http_fail(e->d->h, err, "The %s is not made (yet).", e->kind->noun);
	else
		http_fail(e->d->h, err, "The catalogue is away; try again in a moment.");
}

/* False: it is answered. */
static bool find(struct delivery *d, const struct track *t, const struct growth_kind *kind,
		 struct early *e)
{
	*e = (struct early){
		.d = d,
		.kind = kind,
		.version = *t,
		.is_arriving = t->version == 0,
	};
	if (!e->is_arriving)
		return true;
	if (!growing_find(d, t, &e->source))
		return false;
	e->version.version = e->source.version;
	return true;
}

/* Nobody makes it: has it made, unless somebody will go on. DRIFT_ENOENT: it is not. */
static enum drift_err revive(const struct early *e)
{
	if (e->is_arriving)
		return begin(e);
	return e->kind->resumes && is_there(e) ? DRIFT_OK : DRIFT_ENOENT;
}

/* Sees to it that it is made, and there is something to be heard of it. False: it is
   answered. */
static bool admit(struct delivery *d, const struct track *t, const struct growth_kind *kind,
		  struct early *e)
{
	bool alive;
	enum drift_err err;

	if (!find(d, t, kind, e))
		return false;
	err = ask(e, &alive);
	if (!err && !alive)
		err = revive(e);
	if (err) {
		fail(e, err);
		return false;
	}
	http_set_header(d->h, "Drift-State", "growing");
	http_set_header(d->h, "Cache-Control", "no-store");
	if (wait_for_first(e))
		return true;
	fail_yet(e);
	return false;
}

/* --- texts ------------------------------------------------------------------------------ */

static bool read_text(const struct early *e, const char *name, struct buf *out)
{
	struct store_path path = path_of(e, name);
	int fd = open(path.text, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	struct stat st;
	char *bytes = NULL;
	bool ok = fd >= 0 && fstat(fd, &st) == 0 && st.st_size <= TEXT_MAX;

	if (ok)
		bytes = malloc((size_t)st.st_size + 1);
	ok = bytes && io_pread_all(fd, bytes, (size_t)st.st_size, 0) == DRIFT_OK;
	if (ok)
		buf_add(out, bytes, (size_t)st.st_size);
	free(bytes);
	if (fd >= 0)
		close(fd);
	return ok && buf_ok(out);
}

void early_send_playlist(struct delivery *d, const struct track *t)
{
	struct buf stored = {0}, moved = {0};
	struct store_token token;
	char folder[256];
	struct early e;

	if (!admit(d, t, &growth_mp4, &e))
		return;
	if (read_text(&e, e.kind->playlist, &stored) &&
	    delivery_link(d, &e.version, &token) == DRIFT_OK) {
		snprintf(folder, sizeof(folder), "%s/media/%s/", http_site(d->h), token.text);
		hls_add_moved(&moved, buf_text(&stored), e.kind->file, folder);
		http_send(d->h, "application/vnd.apple.mpegurl", moved.data, moved.len);
	} else {
		tail_fail_later(d->h, GONE);
	}
	buf_clear(&stored);
	buf_clear(&moved);
}

void early_send_sidecar(struct delivery *d, const struct track *t, const struct growth_kind *kind)
{
	struct buf stored = {0};
	struct early e;

	if (!admit(d, t, kind, &e))
		return;
	if (read_text(&e, kind->sidecar, &stored))
		http_send(d->h, SEEKIDX_MIME, stored.data, stored.len);
	else
		tail_fail_later(d->h, GONE);
	buf_clear(&stored);
}

/* --- bytes ------------------------------------------------------------------------------- */

static enum drift_err open_file(void *context, int *fd)
{
	const struct early *e = context;
	struct store_path path = path_of(e, e->kind->file);
	int opened = open(path.text, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

	if (opened < 0)
		return DRIFT_EIO;
	*fd = opened;
	return DRIFT_OK;
}

static void note(void *context, int64_t at)
{
	const struct early *e = context;
	bool alive;

	(void)at;
	if (ask(e, &alive) != DRIFT_OK)
		log_info("early: a listener of %s is not noted", e->version.id.text);
}

/* DRIFT_ENOENT: nobody makes it any more, or will go on with it, and it is not whole. */
static enum drift_err get_state(const struct early *e, bool *whole)
{
	struct db_rows rows = {0};
	enum drift_err err =
		db_call(e->d->db, "SELECT alive, made FROM drift.growth_state($1, $2, $3)",
			DB_ARGS(db_uuid(&e->version.id), db_int(e->version.version),
				db_text(e->kind->kind)),
			&rows);
	bool alive;

	if (err)
		return err;
	alive = db_get_bool(&rows, 0, 0);
	*whole = !alive && db_get_bool(&rows, 0, 1);
	if (!alive && !*whole && !e->kind->resumes)
		err = DRIFT_ENOENT;
	db_rows_clear(&rows);
	return err;
}

/* Who makes it writes in order, and what is written stays. */
static enum drift_err look(void *context, int64_t at, struct tail_reach *out)
{
	const struct early *e = context;
	struct store_path path = path_of(e, e->kind->file);
	struct stat st;
	bool whole = false;
	enum drift_err err = get_state(e, &whole);

	if (err)
		return err;
	if (stat(path.text, &st) < 0)
		return DRIFT_ENOENT;
	out->end = st.st_size > at ? st.st_size : at;
	out->length = whole ? st.st_size : TAIL_LENGTH_UNKNOWN;
	return DRIFT_OK;
}

void early_send_file(struct delivery *d, const struct track *t, const struct growth_kind *kind,
		     const char *twin)
{
	struct early e;
	const struct tail tail = {
		.open = open_file,
		.look = look,
		.note = note,
		.context = &e,
		.missing = "These bytes are not made yet.",
		.gone = GONE,
	};

	if (!admit(d, t, kind, &e))
		return;
	http_set_header(d->h, "Accept-Ranges", "bytes");
	http_set_header(d->h, "Content-Type", "%s", kind->mime);
	tail_send(d, &tail, twin);
}

/* --- Opus ---------------------------------------------------------------------------------- */

/* Of somebody who has bytes already, and whom no others are of any use to. */
static bool is_in_the_middle(const struct http *h)
{
	const char *range = http_header(h, "Range");

	return range && strcmp(range, "bytes=0-") != 0;
}

bool early_has_opus(struct delivery *d, const struct track *t)
{
	const struct early e = {.d = d, .kind = &growth_opus, .version = *t};
	struct db_rows rows = {0};
	bool alive;

	if (!is_there(&e))
		return false;
	if (is_in_the_middle(d->h))
		return true;
	if (db_call(d->db, "SELECT alive FROM drift.growth_state($1, $2, $3)",
		    DB_ARGS(db_uuid(&t->id), db_int(t->version), db_text(e.kind->kind)),
		    &rows) != DRIFT_OK)
		return false;
	alive = db_get_bool(&rows, 0, 0);
	db_rows_clear(&rows);
	return alive;
}
