#include "catalogue/growing.h"

#include "base/io.h"
#include "base/log.h"
#include "catalogue/play.h"
#include "catalogue/rendition.h"
#include "catalogue/upload.h"
#include "http/range.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define PIECE_BYTES 65536
#define SHORT_BYTES 65536 /* a range that no process of its own is worth */
#define POLL_MS 200 /* between two looks at what has come */
#define NOTE_MS 1000 /* between two notes of where a listener is */
#define STALL_MS 60000 /* then who follows, if he is still there, has to come again */

/* The upload that is becoming the source. */
struct growing {
	struct uuid upload;
	int version;
	char arrival[32]; /* in a word: see sql/functions/arrival.sql */
	char mime[TRACK_NAME_MAX]; /* "" while it is not known */
	char error[512]; /* a sentence, once it has failed */
};

/* How far it can be read from a place on. */
struct reach {
	int64_t end;
	int64_t length; /* UPLOAD_LENGTH_UNKNOWN when it is not known */
};

/* Somebody who hears all of it. */
struct follower {
	struct delivery *d;
	const struct track *t;
	const struct growing *g;
	int fd; /* of the upload, owned */
	int64_t at; /* byte that is sent next */
	int64_t waited_ms; /* since the last one */
	int64_t noted_ms; /* since the last note */
};

/* --- the catalogue ------------------------------------------------------------------- */

static enum drift_err get(struct db *db, const struct uuid *track, struct growing *out)
{
	struct db_rows rows = {0};
	enum drift_err err =
		db_call(db, "SELECT upload, version, state, mime, error FROM drift.growing_get($1)",
			DB_ARGS(db_uuid(track)), &rows);

	if (err)
		return err;
	out->upload = db_get_uuid(&rows, 0, 0);
	out->version = (int)db_get_int(&rows, 0, 1);
	snprintf(out->arrival, sizeof(out->arrival), "%s", db_get_text(&rows, 0, 2));
	snprintf(out->mime, sizeof(out->mime), "%s", db_get_text(&rows, 0, 3));
	snprintf(out->error, sizeof(out->error), "%s", db_get_text(&rows, 0, 4));
	db_rows_clear(&rows);
	return DRIFT_OK;
}

/* DRIFT_ENOENT: it is given up, or has failed. */
static enum drift_err look(struct db *db, const struct growing *g, int64_t at, struct reach *out)
{
	struct db_rows rows = {0};
	enum drift_err err = db_call(
		db, "SELECT reach, length, state = 'failed' FROM drift.upload_reach($1, $2)",
		DB_ARGS(db_uuid(&g->upload), db_int(at)), &rows);

	if (err)
		return err;
	if (rows.count == 0 || db_get_bool(&rows, 0, 2)) {
		err = DRIFT_ENOENT;
	} else {
		out->end = db_get_int(&rows, 0, 0);
		out->length =
			db_is_null(&rows, 0, 1) ? UPLOAD_LENGTH_UNKNOWN : db_get_int(&rows, 0, 1);
	}
	db_rows_clear(&rows);
	return err;
}

/* That a listener is not noted makes nothing fail but the order of what is wanted. */
static void note(struct delivery *d, const struct track *t, const struct growing *g, int64_t at)
{
	struct play_listener who;

	if (service_find_secret(d->service) != DRIFT_OK)
		return;
	who = play_listener(d->service->secret, http_param(d->h, "REMOTE_ADDR"),
			    http_header(d->h, "User-Agent"), (int64_t)time(NULL));
	if (db_call(d->db, "SELECT drift.listener_note($1, $2, $3, $4)",
		    DB_ARGS(db_uuid(&t->id), db_int(g->version), db_text(who.text), db_int(at)),
		    NULL) != DRIFT_OK)
		log_info("growing: a listener of %s is not noted", t->id.text);
}

/* --- headers --------------------------------------------------------------------------- */

static void set_headers(struct http *h, const struct growing *g)
{
	http_set_header(h, "Drift-Format", "%s", rendition_name(RENDITION_LOSSLESS));
	http_set_header(h, "Drift-State", "growing");
	http_set_header(h, "Drift-Arrival", "%s", g->arrival);
	http_set_header(h, "Cache-Control", "no-store");
	http_set_header(h, "Accept-Ranges", "bytes");
	if (*g->mime)
		http_set_header(h, "Content-Type", "%s", g->mime);
}

static void fail_later(struct http *h, const char *sentence)
{
	http_set_header(h, "Retry-After", "1");
	http_fail(h, DRIFT_EBUSY, "%s", sentence);
}

static void fail_missing(struct http *h, const struct growing *g)
{
	fail_later(h, strcmp(g->arrival, "stalled") == 0
			      ? "These bytes have not arrived, and the upload has stalled."
			      : "These bytes have not arrived yet.");
}

static void fail(struct http *h, enum drift_err err)
{
	/* it has become a source just now, or is gone: which of both is seen next time */
	if (err == DRIFT_ENOENT || err == DRIFT_EIO)
		fail_later(h, "The upload is being stored; try again in a moment.");
	else
		http_fail(h, err, "The catalogue is away; try again in a moment.");
}

/* False: it is answered. */
static bool find(struct delivery *d, const struct track *t, struct growing *g)
{
	enum drift_err err = get(d->db, &t->id, g);

	if (err) {
		fail(d->h, err);
		return false;
	}
	set_headers(d->h, g);
	if (*g->error)
		http_fail(d->h, DRIFT_EGONE, "%s", g->error);
	else if (!*g->mime)
		fail_later(d->h, "What has arrived does not say yet what it is.");
	return !http_answered(d->h);
}

/* --- bytes ------------------------------------------------------------------------------- */

static enum drift_err copy(struct http *h, int fd, int64_t at, int64_t end)
{
	char piece[PIECE_BYTES];
	enum drift_err err = DRIFT_OK;

	for (; !err && at < end; at += PIECE_BYTES) {
		size_t len = end - at < PIECE_BYTES ? (size_t)(end - at) : PIECE_BYTES;

		err = io_pread_all(fd, piece, len, at);
		if (!err)
			err = http_write(h, piece, len);
	}
	return err;
}

static void send_part(struct delivery *d, const struct growing *g, const struct range *r)
{
	enum drift_err err;
	int fd;

	err = upload_open_read(d->conf, &g->upload, &fd);
	if (err) {
		fail(d->h, err);
		return;
	}
	http_set_status(d->h, 206);
	http_set_header(d->h, "Content-Length", "%" PRId64, range_bytes(r));
	http_set_header(d->h, "Content-Range", "bytes %" PRId64 "-%" PRId64 "/*", r->first,
			r->last);
	err = copy(d->h, fd, r->first, r->last + 1);
	if (err && err != DRIFT_ECLOSED)
		log_error("growing: %s could not be sent", g->upload.text);
	close(fd);
}

static void send_range(struct delivery *d, const struct track *t, const struct growing *g,
		       struct range r, const char *twin)
{
	struct reach reach;
	enum drift_err err;

	note(d, t, g, r.first);
	err = look(d->db, g, r.first, &reach);
	if (err) {
		fail(d->h, err);
		return;
	}
	if (reach.end <= r.first) {
		fail_missing(d->h, g);
		return;
	}
	if (r.last >= reach.end)
		r.last = reach.end - 1;
	if (!delivery_pass_on(d, range_bytes(&r), twin) &&
	    (range_bytes(&r) <= SHORT_BYTES || http_split(d->h)))
		send_part(d, g, &r);
}

/* --- all of it ------------------------------------------------------------------------------ */

static void keep_noted(struct follower *f)
{
	f->noted_ms += POLL_MS;
	if (f->noted_ms < NOTE_MS)
		return;
	f->noted_ms = 0;
	note(f->d, f->t, f->g, f->at);
}

/* What has come since; DRIFT_EMORE when nothing came for too long. */
static enum drift_err send_more(struct follower *f, int64_t end)
{
	enum drift_err err;

	if (end > f->at) {
		err = copy(f->d->h, f->fd, f->at, end);
		f->at = end;
		f->waited_ms = 0;
		return err ? err : http_flush(f->d->h);
	}
	f->waited_ms += POLL_MS;
	return f->waited_ms < STALL_MS ? http_pause(f->d->h, POLL_MS) : DRIFT_EMORE;
}

static void follow(struct follower *f)
{
	struct reach reach = {0, UPLOAD_LENGTH_UNKNOWN};
	enum drift_err err = DRIFT_OK;

	note(f->d, f->t, f->g, 0);
	while (!err && f->at != reach.length) {
		err = look(f->d->db, f->g, f->at, &reach);
		if (!err)
			err = send_more(f, reach.end);
		keep_noted(f);
	}
	if (err && err != DRIFT_ECLOSED)
		log_info("growing: who follows %s is left at byte %" PRId64, f->g->upload.text,
			 f->at);
}

/* A process that was split off has to have a connection of its own. */
static bool connect_anew(struct delivery *d)
{
	if (!http_is_cgi(d->h))
		d->db = db_new(d->conf->web_dsn, "stream.fcgi");
	return d->db != NULL;
}

static void send_all(struct delivery *d, const struct track *t, const struct growing *g,
		     const char *twin)
{
	struct follower f = {.d = d, .t = t, .g = g, .fd = -1};

	if (delivery_pass_on(d, INT64_MAX, twin) || !http_split(d->h) || !connect_anew(d))
		return;
	if (upload_open_read(d->conf, &g->upload, &f.fd) != DRIFT_OK) {
		fail(d->h, DRIFT_EIO);
		return;
	}
	follow(&f);
	close(f.fd);
}

/* --- requests --------------------------------------------------------------------------- */

/* A range that begins at 0 and has no end asks for all of it: whoever does not know what
   he asks for sends that. There is no tag that If-Range could agree with. */
static enum range_answer read_range(const struct http *h, const struct growing *g, struct db *db,
				    struct range *out)
{
	const char *text = http_header(h, "Range");
	struct reach reach = {0, UPLOAD_LENGTH_UNKNOWN};
	struct ranges set;
	enum range_answer answer;

	if (!text || http_header(h, "If-Range") || strcmp(text, "bytes=0-") == 0)
		return RANGE_WHOLE;
	if (look(db, g, 0, &reach) != DRIFT_OK)
		return RANGE_WHOLE;
	answer = range_parse(text, reach.length == UPLOAD_LENGTH_UNKNOWN ? INT64_MAX : reach.length,
			     &set);
	if (answer == RANGE_PARTS)
		*out = set.part[0];
	return answer;
}

/* Not as an empty answer, which would have a length. */
static void send_head(struct http *h)
{
	if (http_write(h, "", 0) != DRIFT_OK)
		return; /* the client left */
}

void growing_send(struct delivery *d, const struct track *t, const char *twin)
{
	struct growing g;
	struct range r;

	if (!find(d, t, &g))
		return;
	if (strcmp(http_method(d->h), "HEAD") == 0) {
		send_head(d->h);
		return;
	}
	switch (read_range(d->h, &g, d->db, &r)) {
	case RANGE_WHOLE:
		send_all(d, t, &g, twin);
		return;
	case RANGE_PARTS:
		send_range(d, t, &g, r, twin);
		return;
	case RANGE_UNSATISFIABLE:
		http_set_header(d->h, "Content-Range", "bytes */*");
		http_fail(d->h, DRIFT_ERANGE, "The file will not have so many bytes.");
	}
}

void growing_send_manifest(struct delivery *d, const struct track *t)
{
	struct db_rows rows = {0};
	enum drift_err err = db_call(d->db, "SELECT drift.manifest_growing($1, $2)",
				     DB_ARGS(db_uuid(&t->id), db_text(http_site(d->h))), &rows);

	if (err) {
		fail(d->h, err);
		return;
	}
	http_set_header(d->h, "Cache-Control", "no-store");
	http_send(d->h, "application/json", db_get_text(&rows, 0, 0),
		  strlen(db_get_text(&rows, 0, 0)));
	db_rows_clear(&rows);
}
