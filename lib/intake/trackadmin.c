#include "intake/trackadmin.h"

#include "base/digest.h"
#include "base/utf8.h"
#include "intake/removal.h"
#include "request/admit.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define PATCH_MAX ((size_t)64 << 10) /* bytes of a metadata patch */
#define QUERY_MAX 200 /* bytes of what is searched for */
#define LISTED 20 /* tracks */
#define ETAG_BYTES 16 /* of a digest of the status */

/* An error of the catalogue's: in its own words where it has some. */
static void fail_call(const struct intake *in, enum drift_err err)
{
	const char *said = db_get_refusal(in->db);

	if (err == DRIFT_EINVAL)
		http_fail(in->h, err, "%s.", *said ? said : "A value is not of its form");
	else
		intake_fail(in, NULL, err);
}

static void send_json(const struct intake *in, int status, const char *json)
{
	http_set_status(in->h, status);
	http_send(in->h, "application/json", json, strlen(json));
}

/* Answers with the JSON that one SQL function gives. */
void trackadmin_send(const struct intake *in, int status, const char *sql,
		     const struct db_arg *args, size_t count)
{
	struct db_rows rows = {0};
	enum drift_err err = db_call(in->db, sql, args, count, &rows);

	if (err) {
		fail_call(in, err);
		return;
	}
	send_json(in, status, db_get_text(&rows, 0, 0));
	db_rows_clear(&rows);
}

static bool is_json(const struct http *h)
{
	static const char *const types[] = {"application/merge-patch+json", "application/json"};
	const char *type = http_header(h, "Content-Type");
	size_t len = type ? strcspn(type, "; \t") : 0;

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (strlen(types[i]) == len && strncasecmp(type, types[i], len) == 0)
			return true;
	return false;
}

static void update(const struct intake *in, const struct uuid *track, const char *patch)
{
	struct db_rows rows = {0};
	enum drift_err err = db_call(in->db,
				     "SELECT c, (c ->> 'private')::boolean"
				     " FROM drift.track_update($1, $2::jsonb) AS c",
				     DB_ARGS(db_uuid(track), db_text(patch)), &rows);

	if (!err && db_get_bool(&rows, 0, 1))
		err = removal_of_public_links(in->conf, in->db, track);
	if (err)
		fail_call(in, err);
	else
		send_json(in, 200, db_get_text(&rows, 0, 0));
	db_rows_clear(&rows);
}

void trackadmin_patch(const struct intake *in, const struct uuid *track)
{
	struct buf body = {0};
	enum drift_err err;

	if (!is_json(in->h)) {
		http_fail(in->h, DRIFT_EMEDIA,
			  "The body has to be of the type application/merge-patch+json.");
		return;
	}
	err = http_read_body(in->h, PATCH_MAX, &body);
	if (err == DRIFT_ELARGE)
		http_fail(in->h, err, "The body has more than %zu bytes.", PATCH_MAX);
	else if (err)
		http_fail(in->h, DRIFT_EINVAL, "The body ended early.");
	else if (memchr(buf_text(&body), '\0', body.len))
		http_fail(in->h, DRIFT_EINVAL, "The body is not JSON.");
	else
		update(in, track, buf_text(&body));
	buf_clear(&body);
}

void trackadmin_delete(const struct intake *in, const struct uuid *track)
{
	enum drift_err err = removal_of_track(in->conf, in->db, track);

	if (err) {
		fail_call(in, err);
		return;
	}
	http_set_status(in->h, 204);
	http_send_empty(in->h);
}

/* A page polls this: what has not changed costs a 304. */
static void send_status(const struct intake *in, const char *json)
{
	const char *known = http_header(in->h, "If-None-Match");
	char hex[2 * ETAG_BYTES + 1], etag[2 * ETAG_BYTES + 3];
	uint8_t bytes[DIGEST_MAX];
	struct digest d;

	if (digest_init(&d, DIGEST_SHA256) != DRIFT_OK) {
		http_fail(in->h, DRIFT_ENOMEM, "The status cannot be told.");
		return;
	}
	digest_add(&d, json, strlen(json));
	digest_finish(&d, bytes);
	digest_clear(&d);
	digest_hex(bytes, ETAG_BYTES, hex);
	snprintf(etag, sizeof(etag), "\"%s\"", hex);
	http_set_header(in->h, "ETag", "%s", etag);
	http_set_header(in->h, "Cache-Control", "no-cache");
	if (!known || !strstr(known, etag)) {
		send_json(in, 200, json);
		return;
	}
	http_set_status(in->h, 304);
	http_send_empty(in->h);
}

/* Whose track is public shows how far it is to everybody, as the player does. */
void trackadmin_status(const struct intake *in, const struct uuid *track)
{
	struct db_rows rows = {0};
	enum drift_err err = db_call(in->db, "SELECT private FROM drift.track_get($1)",
				     DB_ARGS(db_uuid(track)), &rows);
	int64_t key;

	if (!err && db_get_bool(&rows, 0, 0) && !admit_key(in->h, in->db, "listen", &key)) {
		db_rows_clear(&rows);
		return;
	}
	if (!err)
		err = db_call(in->db, "SELECT drift.status($1)", DB_ARGS(db_uuid(track)), &rows);
	if (!err)
		send_status(in, db_get_text(&rows, 0, 0));
	else
		fail_call(in, err);
	db_rows_clear(&rows);
}

void trackadmin_regenerate(const struct intake *in, const struct uuid *track)
{
	trackadmin_send(
		in, 202,
		"SELECT jsonb_build_object('track', $1::uuid, 'queued', drift.regenerate($1, $2))",
		DB_ARGS(db_uuid(track), db_text(http_query(in->h, "kind"))));
}

void trackadmin_backfill(const struct intake *in, const struct uuid *none)
{
	(void)none;
	trackadmin_send(in, 202, "SELECT jsonb_build_object('queued', drift.backfill($1))",
			DB_ARGS(db_text(http_query(in->h, "kind"))));
}

void trackadmin_list(const struct intake *in, const struct uuid *none)
{
	const char *q = http_query(in->h, "q");

	(void)none;
	http_set_header(in->h, "Cache-Control", "no-store");
	if (http_query_bad(in->h) || (q && (strlen(q) > QUERY_MAX || !utf8_is_valid(q))))
		http_fail(in->h, DRIFT_EINVAL, "The parameter q is UTF-8 of at most %d bytes.",
			  QUERY_MAX);
	else
		trackadmin_send(in, 200, "SELECT drift.track_manage($1, $2)",
				DB_ARGS(db_text(q ? q : ""), db_int(LISTED)));
}

void trackadmin_queue(const struct intake *in, const struct uuid *none)
{
	(void)none;
	http_set_header(in->h, "Cache-Control", "no-store");
	trackadmin_send(in, 200, "SELECT drift.queue_state()", NULL, 0);
}
