#include "serve/arriving.h"

#include "base/log.h"
#include "catalogue/opusplan.h"
#include "catalogue/play.h"
#include "catalogue/upload.h"
#include "serve/growbody.h"
#include "serve/rendition.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define GONE "The upload is being stored; try again in a moment."

/* One who asks for its bytes. */
struct listening {
	struct delivery *d;
	const struct track *t;
	struct arriving g;
};

/* --- the catalogue ------------------------------------------------------------------- */

/*
 * error  why it will never be heard; "" while it may
 */
static enum drift_err get(struct db *db, const struct uuid *track, struct arriving *out,
			  char error[512])
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
	snprintf(error, 512, "%s", db_get_text(&rows, 0, 4));
	db_rows_clear(&rows);
	return DRIFT_OK;
}

/* DRIFT_ENOENT: it is given up, or has failed. */
static enum drift_err look(void *context, int64_t at, struct growbody_reach *out)
{
	const struct listening *l = context;
	struct db_rows rows = {0};
	enum drift_err err = db_call(
		l->d->db, "SELECT reach, length, state = 'failed' FROM drift.upload_reach($1, $2)",
		DB_ARGS(db_uuid(&l->g.upload), db_int(at)), &rows);

	if (err)
		return err;
	if (rows.count == 0 || db_get_bool(&rows, 0, 2)) {
		err = DRIFT_ENOENT;
	} else {
		out->end = db_get_int(&rows, 0, 0);
		out->length =
			db_is_null(&rows, 0, 1) ? GROWBODY_LENGTH_UNKNOWN : db_get_int(&rows, 0, 1);
	}
	db_rows_clear(&rows);
	return err;
}

/* That a listener is not noted makes nothing fail but the order of what is wanted. */
static void note(void *context, int64_t at)
{
	struct listening *l = context;
	struct delivery *d = l->d;
	struct play_listener who;

	if (service_find_secret(d->service) != DRIFT_OK)
		return;
	who = play_listener(d->service->secret, http_param(d->h, "REMOTE_ADDR"),
			    http_header(d->h, "User-Agent"), (int64_t)time(NULL));
	if (db_call(d->db, "SELECT drift.listener_note($1, $2, $3, $4)",
		    DB_ARGS(db_uuid(&l->t->id), db_int(l->g.version), db_text(who.text),
			    db_int(at)),
		    NULL) != DRIFT_OK)
		log_info("arriving: a listener of %s is not noted", l->t->id.text);
}

static enum drift_err open_upload(void *context, int *fd)
{
	const struct listening *l = context;

	return upload_open_read(l->d->conf, &l->g.upload, fd);
}

/* --- requests --------------------------------------------------------------------------- */

static void fail(struct http *h, enum drift_err err)
{
	if (err == DRIFT_ENOENT || err == DRIFT_EIO)
		growbody_fail_later(h, GONE);
	else
		http_fail(h, err, "The catalogue is away; try again in a moment.");
}

static void set_headers(struct http *h, const struct arriving *g)
{
	http_set_header(h, "Drift-Format", "%s", rendition_name(RENDITION_LOSSLESS));
	http_set_header(h, "Drift-State", "growing");
	http_set_header(h, "Drift-Arrival", "%s", g->arrival);
	http_set_header(h, "Cache-Control", "no-store");
}

bool arriving_find(struct delivery *d, const struct track *t, struct arriving *out)
{
	char error[512];
	enum drift_err err = get(d->db, &t->id, out, error);

	if (err) {
		fail(d->h, err);
		return false;
	}
	set_headers(d->h, out);
	if (*error)
		http_fail(d->h, DRIFT_EGONE, "%s", error);
	else if (!*out->mime)
		growbody_fail_later(d->h, "What has arrived does not say yet what it is.");
	return !http_answered(d->h);
}

void arriving_send(struct delivery *d, const struct track *t, const char *twin)
{
	struct listening l = {.d = d, .t = t};
	struct growbody body = {
		.open = open_upload,
		.look = look,
		.note = note,
		.context = &l,
		.missing = "These bytes have not arrived yet.",
		.gone = GONE,
	};

	if (!arriving_find(d, t, &l.g))
		return;
	if (strcmp(l.g.arrival, "stalled") == 0)
		body.missing = "These bytes have not arrived, and the upload has stalled.";
	http_set_header(d->h, "Accept-Ranges", "bytes");
	http_set_header(d->h, "Content-Type", "%s", l.g.mime);
	growbody_send(d, &body, twin);
}

/* Where what is made of it can be had; "" where there is nothing. */
static void find_media(struct delivery *d, const struct track *t, char *out, size_t max)
{
	struct track version = *t;
	struct arriving g;
	char error[512];
	struct store_token token;

	*out = '\0';
	if (get(d->db, &t->id, &g, error) != DRIFT_OK)
		return;
	version.version = g.version;
	if (access(store_version(d->conf, &t->id, g.version).text, F_OK) == 0 &&
	    delivery_link(d, &version, &token) == DRIFT_OK)
		snprintf(out, max, "%s/media/%s/", http_site(d->h), token.text);
}

void arriving_send_manifest(struct delivery *d, const struct track *t)
{
	struct db_rows rows = {0};
	char media[256];
	enum drift_err err;

	find_media(d, t, media, sizeof(media));
	err = db_call(d->db, "SELECT drift.manifest_growing($1, $2, $3, $4)",
		      DB_ARGS(db_uuid(&t->id), db_text(http_site(d->h)),
			      db_text(*media ? media : NULL),
			      db_bool(opusplan_is_possible(d->conf))),
		      &rows);
	if (err) {
		fail(d->h, err);
		return;
	}
	http_set_header(d->h, "Cache-Control", "no-store");
	http_send(d->h, "application/json", db_get_text(&rows, 0, 0),
		  strlen(db_get_text(&rows, 0, 0)));
	db_rows_clear(&rows);
}
