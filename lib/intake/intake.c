#include "intake/intake.h"

#include "http/digestfield.h"
#include "intake/concat.h"
#include "intake/ingest.h"
#include "intake/reprdigest.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

static enum drift_err make_source(const struct intake *in, struct upload *u, int wait_ms)
{
	enum drift_err err = upload_open_whole(in->conf, in->db, u, wait_ms);

	if (err == DRIFT_ELOCKED)
		return DRIFT_OK;
	if (!err && u->state != UPLOAD_STORED)
		err = reprdigest_check(in->conf, in->db, u);
	if (!err && u->state != UPLOAD_STORED)
		err = ingest_run(in->conf, in->db, u);
	upload_close(in->db, u);
	return err;
}

/* What is to be done with an upload to which one has written. */
static enum drift_err settle(const struct intake *in, struct upload *u)
{
	upload_close(in->db, u);
	if (!upload_is_whole(u) || u->kind == UPLOAD_PART || u->state == UPLOAD_STORED)
		return DRIFT_OK;
	return make_source(in, u, INTAKE_FINISH_MS);
}

static int64_t limit_of(const struct intake *in, const struct upload *u)
{
	return u->length == UPLOAD_LENGTH_UNKNOWN ? in->conf->max_upload_bytes : u->length;
}

static enum drift_err take_body(const struct intake *in, struct upload *u, struct receive *r)
{
	int64_t bytes = r->source ? -1 : http_content_length(in->h);
	enum drift_err err = upload_reserve(u, r->from, bytes);

	return err ? err : receive_body(in->h, in->db, u, r);
}

static enum drift_err take_next(const struct intake *in, struct upload *u, struct receive *r)
{
	enum drift_err err;

	r->conf = in->conf;
	r->from = u->received;
	r->limit = limit_of(in, u);
	err = upload_open(in->conf, in->db, u, r->from, UPLOAD_END_UNKNOWN);
	if (!err && u->received != r->from)
		err = DRIFT_ECONFLICT;
	return err ? err : take_body(in, u, r);
}

enum drift_err intake_next(const struct intake *in, struct upload *u,
			   const struct digest_value *checksum)
{
	struct receive r = {.checksum = checksum};
	enum drift_err err = take_next(in, u, &r), end = DRIFT_OK;

	/* the writer before may have got all bytes in just when it was pushed out: what
	   it did not come to is to be done here */
	if (!err || err == DRIFT_ECONFLICT)
		end = settle(in, u);
	upload_close(in->db, u);
	return end ? end : err;
}

enum drift_err intake_whole(const struct intake *in, struct upload *u,
			    const struct intake_body *body)
{
	struct receive r = {.source = body->source, .checksum = body->checksum};
	enum drift_err err = take_next(in, u, &r);

	/* nobody was told of this upload, so nobody goes on with it */
	if (err)
		upload_release(u);
	if (!err)
		err = upload_set_length(in->conf, in->db, u, u->received);
	if (!err)
		err = settle(in, u);
	upload_close(in->db, u);
	return err;
}

enum drift_err intake_piece(const struct intake *in, struct upload *u,
			    const struct digest_value *checksum, int64_t from, int64_t *to)
{
	struct receive r = {
		.conf = in->conf,
		.from = from,
		.limit = limit_of(in, u),
		.checksum = checksum,
	};
	int64_t bytes = http_content_length(in->h);
	enum drift_err err = upload_open(in->conf, in->db, u, from,
					 bytes < 0 ? UPLOAD_END_UNKNOWN : from + bytes);

	if (!err)
		err = take_body(in, u, &r);
	if (!err)
		*to = r.kept;
	upload_close(in->db, u);
	return err;
}

enum drift_err intake_finish(const struct intake *in, struct upload *u, int wait_ms)
{
	enum drift_err err = DRIFT_OK;

	if (u->kind == UPLOAD_PART || u->state == UPLOAD_STORED)
		return DRIFT_OK;
	if (u->state == UPLOAD_FAILED)
		return DRIFT_EGONE;
	if (u->kind == UPLOAD_JOINED && !upload_is_whole(u))
		err = concat_run(in->conf, in->db, u);
	if (!err && upload_is_whole(u))
		err = make_source(in, u, wait_ms);
	if (!err && u->kind == UPLOAD_JOINED && u->state == UPLOAD_STORED)
		concat_drop_parts(in->conf, in->db, u);
	return err == DRIFT_ELOCKED ? DRIFT_OK : err;
}

bool intake_read_digest(const struct intake *in, struct digest_value *storage,
			const struct digest_value **checksum)
{
	bool found = false;

	*checksum = NULL;
	if (digestfield_parse(http_header(in->h, "Content-Digest"), &found, storage) != DRIFT_OK) {
		http_fail(in->h, DRIFT_EINVAL, "Content-Digest has to be like sha-256=:BASE64:.");
		return false;
	}
	if (found)
		*checksum = storage;
	return true;
}

/* --- answers ------------------------------------------------------------------------ */

/* RFC 9110 section 5.6.7; the programs never call setlocale. */
static void set_expires(struct http *h, int64_t seconds)
{
	time_t t = (time_t)seconds;
	char text[40];
	struct tm utc;

	if (!gmtime_r(&t, &utc))
		return;
	strftime(text, sizeof(text), "%a, %d %b %Y %H:%M:%S GMT", &utc);
	http_set_header(h, "Upload-Expires", "%s", text);
}

void intake_set_headers(const struct intake *in, const struct upload *u)
{
	if (u->kind != UPLOAD_PART)
		http_set_header(in->h, "Drift-Track", "%s", u->track.text);
	/* tus: a joined upload has none before its parts are joined */
	if (u->kind != UPLOAD_JOINED || upload_is_whole(u))
		http_set_header(in->h, "Upload-Offset", "%" PRId64, u->received);
	if (u->length == UPLOAD_LENGTH_UNKNOWN)
		http_set_header(in->h, "Upload-Defer-Length", "1");
	else
		http_set_header(in->h, "Upload-Length", "%" PRId64, u->length);
	if (u->state == UPLOAD_RECEIVING)
		set_expires(in->h, u->expires);
}

/* An empty file is none; a piece may have any number of bytes. */
void intake_set_limit(const struct intake *in, const struct upload *u)
{
	int64_t seconds = u ? u->expires - (int64_t)time(NULL) : 0;
	char age[32] = "";

	if (u)
		snprintf(age, sizeof(age), ", max-age=%" PRId64, seconds > 0 ? seconds : 0);
	http_set_header(in->h, "Upload-Limit",
			"max-size=%" PRId64 ", min-size=1, min-append-size=0%s",
			in->conf->max_upload_bytes, age);
}

/* tus has a checksum and a status of its own for it. */
static void fail_checksum(const struct intake *in, const struct upload *u)
{
	if (http_header(in->h, "Upload-Checksum"))
		http_fail(in->h, DRIFT_ECHECKSUM,
			  "The body differs from its checksum; nothing of it is kept.");
	else
		http_fail(in->h, DRIFT_EINVAL, "%s",
			  u && *u->error ? u->error
					 : "The body differs from its Content-Digest; nothing of "
					   "it is kept.");
}

static void fail_large(const struct intake *in, const struct upload *u)
{
	intake_set_limit(in, u);
	http_set_header(in->h, "Tus-Max-Size", "%" PRId64, in->conf->max_upload_bytes);
	http_fail(in->h, DRIFT_ELARGE,
		  "The file is larger than announced, or than the %" PRId64
		  " bytes that this site takes.",
		  in->conf->max_upload_bytes);
}

/* Why an upload will never be a source. */
static void fail_for_good(const struct intake *in, const struct upload *u, enum drift_err err,
			  const char *otherwise)
{
	http_fail(in->h, err, "%s", u && *u->error ? u->error : otherwise);
}

/* What has arrived is kept: the same may go well later. */
static void fail_for_host(const struct intake *in, const struct upload *u, enum drift_err err)
{
	if (u && *u->error)
		http_fail(in->h, err, "%s What has arrived is kept; try again later.", u->error);
	else
		http_fail(in->h, err, "The upload could not be stored.");
}

void intake_fail(const struct intake *in, const struct upload *u, enum drift_err err)
{
	int64_t received = u ? u->received : 0;

	if (u)
		intake_set_headers(in, u);
	switch (err) {
	case DRIFT_EMORE:
	case DRIFT_ECLOSED:
		http_fail(in->h, DRIFT_EINVAL,
			  "The body ended early; the first %" PRId64 " bytes of the file are kept.",
			  received);
		return;
	case DRIFT_EINVAL:
		/* all else that the catalogue might not read was looked at before */
		http_fail(in->h, err, "The file's name is not UTF-8.");
		return;
	case DRIFT_ECONFLICT:
		http_fail(in->h, err, "The upload stands at byte %" PRId64 ".", received);
		return;
	case DRIFT_EGONE:
		fail_for_good(in, u, err, "The upload has expired.");
		return;
	case DRIFT_EMEDIA:
		fail_for_good(in, u, err, "The file is empty.");
		return;
	case DRIFT_ELARGE:
		fail_large(in, u);
		return;
	case DRIFT_ELOCKED:
		http_fail(in->h, err, "Another request is at this upload; try again in a moment.");
		return;
	case DRIFT_ECHECKSUM:
		fail_checksum(in, u);
		return;
	case DRIFT_ENOSPC:
		http_fail(in->h, err,
			  "The store is full; the first %" PRId64 " bytes of the file are kept.",
			  received);
		return;
	case DRIFT_ENOENT:
		http_fail(in->h, err, "There is no such upload or track.");
		return;
	case DRIFT_EDB:
		http_fail(in->h, err, "The catalogue is away; try again in a moment.");
		return;
	default:
		fail_for_host(in, u, err);
	}
}

void intake_delete(const struct intake *in, const struct uuid *id)
{
	enum drift_err err = upload_delete(in->conf, in->db, id);

	if (err) {
		intake_fail(in, NULL, err);
		return;
	}
	http_set_status(in->h, 204);
	http_send_empty(in->h);
}
