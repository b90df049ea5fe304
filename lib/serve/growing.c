#include "serve/growing.h"

#include "base/io.h"
#include "base/log.h"
#include "format/seekidx.h"
#include "make/growopus.h"
#include "make/growremux.h"
#include "mp4/hls.h"
#include "serve/arriving.h"
#include "serve/growbody.h"
#include "wall/decoder.h"

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
#define TEXT_MAX ((int64_t)8 << 20) /* bytes of a playlist or a sidecar */
#define GONE "It is being stored; try again in a moment."

struct growing {
	struct delivery *d;
	const struct growth_kind *kind;
	struct track version; /* the one that is meant */
	struct arriving source; /* where it arrives */
	bool is_arriving;
};

static struct store_path path_of(const struct growing *e, const char *name)
{
	return store_file(e->d->conf, &e->version.id, e->version.version, name);
}

static bool read_text(const struct growing *e, const char *name, struct buf *out)
{
	struct store_path path = path_of(e, name);
	int fd = open(path.text, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	bool ok = fd >= 0 && io_add_file(fd, TEXT_MAX, out) == DRIFT_OK;

	if (fd >= 0)
		close(fd);
	return ok;
}

/* Does its sidecar say that no more will come? */
static bool is_ended(const struct growing *e)
{
	struct buf sidecar = {0};
	struct seekidx idx;
	bool ended =
		read_text(e, e->kind->sidecar, &sidecar) &&
		seekidx_parse_own((const uint8_t *)sidecar.data, sidecar.len, &idx) == DRIFT_OK &&
		!(idx.flags & SEEKIDX_GROWING);

	buf_clear(&sidecar);
	return ended;
}

/* --- having it made ------------------------------------------------------------------- */

/* Somebody wants to hear it. Is it being made? DRIFT_ENOENT: it cannot be. */
static enum drift_err ask(const struct growing *e, bool *alive)
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
static enum drift_err describe(const struct growing *e, struct growsource_facts *out)
{
	struct db_rows rows = {0};
	enum drift_err err = db_call(
		e->d->db,
		"SELECT length, sample_rate, samples, lossless FROM drift.growth_source($1, $2)",
		DB_ARGS(db_uuid(&e->version.id), db_int(e->version.version)), &rows);

	if (err)
		return err;
	if (rows.count == 1)
		*out = (struct growsource_facts){
			.track = e->version.id,
			.upload = e->source.upload,
			.version = e->version.version,
			.bytes = db_get_int(&rows, 0, 0),
			.sample_rate = (int32_t)db_get_int(&rows, 0, 1),
			.samples = db_get_int(&rows, 0, 2),
			.lossless = db_get_bool(&rows, 0, 3),
		};
	else
		err = DRIFT_ENOENT;
	db_rows_clear(&rows);
	return err;
}

/* One of all who begin it goes on; the others end at once. */
static enum drift_err begin(const struct growing *e)
{
	struct growsource_facts what;
	const struct conf *conf = e->d->conf;
	bool is_opus = e->kind == &growth_opus;
	enum drift_err err = describe(e, &what);

	if (!err && is_opus && !growopus_is_possible(conf, &what))
		err = DRIFT_ENOENT;
	if (err)
		return err;
	if (http_spawn(e->d->h)) {
		growsource_run(conf, &what, e->kind, is_opus ? growopus_make : growremux_make);
		_exit(EXIT_SUCCESS);
	}
	/* the one that was started ahead is the new process's now */
	decoder_prepare(conf->decode_program);
	return DRIFT_OK;
}

static bool is_there(const struct growing *e)
{
	return access(path_of(e, e->kind->sidecar).text, R_OK) == 0;
}

static void fail_yet(const struct growing *e)
{
	char sentence[80];

	snprintf(sentence, sizeof(sentence), "Nothing of the %s is there yet.", e->kind->noun);
	growbody_fail_later(e->d->h, sentence);
}

/* Waits for what will be there in a moment. False: another process does, and answers. */
static bool wait_for_first(const struct growing *e)
{
	const struct timespec moment = {.tv_nsec = LOOK_MS * 1000000L};

	if (!is_there(e) && !delivery_split(e->d))
		return false;
	for (int ms = 0; !is_there(e) && ms < BEGIN_MS; ms += LOOK_MS)
		nanosleep(&moment, NULL);
	return true;
}

static void fail(const struct growing *e, enum drift_err err)
{
	if (err == DRIFT_EBUSY)
		growbody_fail_later(e->d->h, GONE);
	else if (err == DRIFT_ENOENT)
		http_fail(e->d->h, err, "The %s is not made (yet).", e->kind->noun);
	else
		http_fail(e->d->h, err, "The catalogue is away; try again in a moment.");
}

/* False: it is answered. */
static bool find(struct delivery *d, const struct track *t, const struct growth_kind *kind,
		 struct growing *e)
{
	*e = (struct growing){
		.d = d,
		.kind = kind,
		.version = *t,
		.is_arriving = t->version == 0,
	};
	if (!e->is_arriving)
		return true;
	if (!arriving_find(d, t, &e->source))
		return false;
	e->version.version = e->source.version;
	return true;
}

/* Will somebody go on with what there is, once he who made it was killed? */
static bool is_resumed(const struct growing *e)
{
	return e->kind->resumes && !e->is_arriving && is_there(e);
}

/*
 * Sees to it that it is made. DRIFT_ENOENT: it is not; DRIFT_EBUSY: it has become whole since the
 * track was looked up, and is elsewhere the next time.
 */
static enum drift_err have_made(const struct growing *e)
{
	bool alive;
	enum drift_err err = ask(e, &alive);

	if (err || alive || is_resumed(e))
		return err;
	if (e->is_arriving)
		return begin(e);
	return is_ended(e) ? DRIFT_EBUSY : DRIFT_ENOENT;
}

/* The same, and that there is something to be heard of it. False: it is answered. */
static bool admit(struct delivery *d, const struct track *t, const struct growth_kind *kind,
		  struct growing *e)
{
	enum drift_err err;

	if (!find(d, t, kind, e))
		return false;
	err = have_made(e);
	if (err) {
		fail(e, err);
		return false;
	}
	if (!wait_for_first(e))
		return false;
	http_set_header(d->h, "Drift-State", "growing");
	http_set_header(d->h, "Cache-Control", "no-store");
	if (is_there(e))
		return true;
	fail_yet(e);
	return false;
}

/* --- texts ------------------------------------------------------------------------------ */

void growing_send_playlist(struct delivery *d, const struct track *t)
{
	struct buf stored = {0}, moved = {0};
	struct store_token token;
	char folder[256];
	struct growing e;

	if (!admit(d, t, &growth_mp4, &e))
		return;
	if (read_text(&e, e.kind->playlist, &stored) &&
	    delivery_link(d, &e.version, &token) == DRIFT_OK) {
		snprintf(folder, sizeof(folder), "%s/media/%s/", http_site(d->h), token.text);
		hls_add_moved(&moved, buf_text(&stored), e.kind->file, folder);
		http_send(d->h, "application/vnd.apple.mpegurl", moved.data, moved.len);
	} else {
		growbody_fail_later(d->h, GONE);
	}
	buf_clear(&stored);
	buf_clear(&moved);
}

void growing_send_sidecar(struct delivery *d, const struct track *t, const struct growth_kind *kind)
{
	struct buf stored = {0};
	struct growing e;

	if (!admit(d, t, kind, &e))
		return;
	if (read_text(&e, kind->sidecar, &stored))
		http_send(d->h, SEEKIDX_MIME, stored.data, stored.len);
	else
		growbody_fail_later(d->h, GONE);
	buf_clear(&stored);
}

/* --- bytes ------------------------------------------------------------------------------- */

static enum drift_err open_file(void *context, int *fd)
{
	const struct growing *e = context;
	struct store_path path = path_of(e, e->kind->file);
	int opened = open(path.text, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

	if (opened < 0)
		return DRIFT_EIO;
	*fd = opened;
	return DRIFT_OK;
}

static void note(void *context, int64_t at)
{
	const struct growing *e = context;
	bool alive;

	(void)at;
	if (ask(e, &alive) != DRIFT_OK)
		log_info("growing: a listener of %s is not noted", e->version.id.text);
}

static enum drift_err is_alive(const struct growing *e, bool *alive)
{
	struct db_rows rows = {0};
	enum drift_err err = db_call(e->d->db, "SELECT alive FROM drift.growth_state($1, $2, $3)",
				     DB_ARGS(db_uuid(&e->version.id), db_int(e->version.version),
					     db_text(e->kind->kind)),
				     &rows);

	if (err)
		return err;
	*alive = db_get_bool(&rows, 0, 0);
	db_rows_clear(&rows);
	return DRIFT_OK;
}

/* DRIFT_ENOENT: nobody makes it any more, or will go on with it, and it is not whole. */
static enum drift_err get_state(const struct growing *e, bool *whole)
{
	bool alive;
	enum drift_err err = is_alive(e, &alive);

	if (err)
		return err;
	*whole = !alive && is_ended(e);
	return alive || *whole || is_resumed(e) ? DRIFT_OK : DRIFT_ENOENT;
}

/* Who makes it writes in order, and what is written stays. */
static enum drift_err look(void *context, int64_t at, struct growbody_reach *out)
{
	const struct growing *e = context;
	struct store_path path = path_of(e, e->kind->file);
	struct stat st;
	bool whole = false;
	enum drift_err err = get_state(e, &whole);

	if (err)
		return err;
	if (stat(path.text, &st) < 0)
		return DRIFT_ENOENT;
	out->end = st.st_size > at ? st.st_size : at;
	out->length = whole ? st.st_size : GROWBODY_LENGTH_UNKNOWN;
	return DRIFT_OK;
}

static void send_file(struct growing *e, const char *twin)
{
	const struct growbody body = {
		.open = open_file,
		.look = look,
		.note = note,
		.context = e,
		.missing = "These bytes are not made yet.",
		.gone = GONE,
	};

	http_set_header(e->d->h, "Accept-Ranges", "bytes");
	http_set_header(e->d->h, "Content-Type", "%s", e->kind->mime);
	growbody_send(e->d, &body, twin);
}

void growing_send_file(struct delivery *d, const struct track *t, const struct growth_kind *kind,
		       const char *twin)
{
	struct growing e;

	if (admit(d, t, kind, &e))
		send_file(&e, twin);
}

/* --- Opus ---------------------------------------------------------------------------------- */

/* Of somebody who has bytes already, and whom no others are of any use to. */
static bool is_in_the_middle(const struct http *h)
{
	const char *range = http_header(h, "Range");

	return range && strcmp(range, "bytes=0-") != 0;
}

bool growing_has_opus(struct delivery *d, const struct track *t)
{
	const struct growing e = {.d = d, .kind = &growth_opus, .version = *t};
	bool alive;

	if (!is_there(&e))
		return false;
	return is_in_the_middle(d->h) || (is_alive(&e, &alive) == DRIFT_OK && alive);
}

bool growing_try_opus(struct delivery *d, const struct track *t, const char *twin)
{
	struct growing e;

	if (!find(d, t, &growth_opus, &e))
		return true;
	if (have_made(&e) != DRIFT_OK)
		return false;
	if (!wait_for_first(&e))
		return true;
	if (!is_there(&e) && !is_in_the_middle(d->h))
		return false;
	http_set_header(d->h, "Drift-Format", "opus");
	if (is_there(&e))
		send_file(&e, twin);
	else
		fail_yet(&e);
	return true;
}
