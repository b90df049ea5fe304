#include "catalogue/rufh.h"

#include "http/body.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#define PIECE_TYPE "application/partial-upload"
#define INTEROP_UNTYPED 5 /* the version whose pieces have no type of their own */
#define INTEROP_LAST 8

/* --- header fields ---------------------------------------------------------------- */

/* The draft's version that a client names, which an answer repeats; 0 when it is none of
   those known here, or the standard to be. */
static int read_interop(const struct intake *in)
{
	const char *text = http_header(in->h, "Upload-Draft-Interop-Version");
	int64_t version;

	if (tus_parse_number(text, &version) != DRIFT_OK)
		return 0;
	return version >= INTEROP_UNTYPED && version <= INTEROP_LAST ? (int)version : 0;
}

bool rufh_is_spoken(const struct intake *in)
{
	const char *method = http_method(in->h);

	if (http_header(in->h, "Tus-Resumable"))
		return false;
	return http_header(in->h, "Upload-Complete") || read_interop(in) ||
	       strcmp(method, "HEAD") == 0 || strcmp(method, "DELETE") == 0;
}

/* RFC 9651 section 3.3.6. False: answered. */
static bool read_complete(const struct intake *in, bool *out)
{
	const char *text = http_header(in->h, "Upload-Complete");

	if (text && (strcmp(text, "?0") == 0 || strcmp(text, "?1") == 0)) {
		*out = text[1] == '1';
		return true;
	}
	http_fail(in->h, DRIFT_EINVAL, "Upload-Complete has to be there and to be ?0 or ?1.");
	return false;
}

/* A number of bytes; fallback where the field is not there. False: answered. */
static bool read_bytes(const struct intake *in, const char *field, int64_t fallback, int64_t *out)
{
	const char *text = http_header(in->h, field);

	*out = fallback;
	if (!text || tus_parse_number(text, out) == DRIFT_OK)
		return true;
	http_fail(in->h, DRIFT_EINVAL, "%s has to be a number of bytes.", field);
	return false;
}

static void set_headers(const struct intake *in, const struct upload *u)
{
	int64_t seconds = u->expires - (int64_t)time(NULL);
	int interop = read_interop(in);

	intake_set_headers(in, u);
	http_set_header(in->h, "Upload-Complete", "%s", upload_is_whole(u) ? "?1" : "?0");
	http_set_header(in->h, "Upload-Limit", "max-size=%" PRId64 ", max-age=%" PRId64,
			in->conf->max_upload_bytes, seconds > 0 ? seconds : 0);
	http_set_header(in->h, "Cache-Control", "no-store");
	if (interop)
		http_set_header(in->h, "Upload-Draft-Interop-Version", "%d", interop);
}

static void send(const struct intake *in, const struct upload *u, int status)
{
	set_headers(in, u);
	http_set_status(in->h, status);
	http_send_empty(in->h);
}

static void fail(const struct intake *in, const struct upload *u, enum drift_err err)
{
	set_headers(in, u);
	intake_fail(in, u, err);
}

/* --- bytes ---------------------------------------------------------------------------- */

static void fail_length(const struct intake *in, const struct upload *u)
{
	set_headers(in, u);
	http_fail(in->h, DRIFT_EINVAL,
		  "The lengths do not fit: Upload-Length, Upload-Offset, Upload-Complete and the"
		  " body tell of different files.");
}

/* What the request says before its body is read: does it fit what is known? */
static bool fits(const struct intake *in, const struct upload *u, int64_t offset, bool is_last)
{
	int64_t bytes = http_content_length(in->h);

	if (u->length == UPLOAD_LENGTH_UNKNOWN || bytes < 0)
		return true;
	if (offset > u->length || bytes > u->length - offset)
		return false;
	return !is_last || offset + bytes == u->length;
}

/* The last byte of the file is at `end`: now its length is known, or checked. */
static enum drift_err end_at(const struct intake *in, struct upload *u, int64_t end)
{
	if (u->reach > end)
		return DRIFT_EINVAL;
	return upload_set_length(in->conf, in->db, u, end);
}

static enum drift_err take(const struct intake *in, struct upload *u, int64_t offset, bool is_last)
{
	int64_t end = offset, bytes = http_content_length(in->h);
	enum drift_err err = DRIFT_OK;

	if (bytes != 0 && !upload_is_whole(u))
		err = intake_piece(in, u, offset, &end);
	/* bytes of what is all there again: as good as received */
	if (upload_is_whole(u) && (!err || err == DRIFT_ECONFLICT)) {
		err = DRIFT_OK;
		end = bytes > 0 ? offset + bytes : end;
	}
	if (!err && is_last)
		err = end_at(in, u, end);
	return err ? err : intake_finish(in, u, INTAKE_FINISH_MS);
}

static void take_and_answer(const struct intake *in, struct upload *u, int64_t offset, bool is_last,
			    int status)
{
	enum drift_err err = u->state == UPLOAD_FAILED ? DRIFT_EGONE : DRIFT_OK;

	if (!err && !fits(in, u, offset, is_last)) {
		fail_length(in, u);
		return;
	}
	if (!err)
		err = take(in, u, offset, is_last);
	if (err == DRIFT_EINVAL)
		fail_length(in, u);
	else if (err)
		fail(in, u, err);
	else
		send(in, u, status);
}

/* --- requests ---------------------------------------------------------------------------- */

/* From the query. False: answered. */
static bool read_wish(const struct intake *in, struct uuid *track, struct upload_wish *out)
{
	const char *name = http_query(in->h, "name"), *id = http_query(in->h, "track");

	if (http_query_bad(in->h) || (name && strlen(name) > TUS_NAME_MAX)) {
		http_fail(in->h, DRIFT_EINVAL,
			  "The parameter name is a file's name of at most %d bytes.", TUS_NAME_MAX);
		return false;
	}
	*out = (struct upload_wish){.key = in->key, .name = name ? name : "", .metadata = ""};
	if (!id)
		return true;
	out->track = track;
	if (uuid_parse(id, strlen(id), track) == DRIFT_OK)
		return true;
	intake_fail(in, NULL, DRIFT_ENOENT);
	return false;
}

/* What Upload-Length says; else, of a body that is all of it, the body's length. */
static bool read_length(const struct intake *in, bool is_last, int64_t *out)
{
	int64_t body = http_content_length(in->h);

	return read_bytes(in, "Upload-Length", is_last && body >= 0 ? body : UPLOAD_LENGTH_UNKNOWN,
			  out);
}

void rufh_create(const struct intake *in, const struct uuid *none)
{
	struct upload_wish wish;
	struct uuid track;
	struct upload u;
	bool is_last;
	enum drift_err err;

	(void)none;
	if (!read_complete(in, &is_last) || !read_wish(in, &track, &wish) ||
	    !read_length(in, is_last, &wish.length))
		return;
	err = upload_create(in->conf, in->db, &wish, &u);
	if (err) {
		intake_fail(in, NULL, err);
		return;
	}
	http_set_header(in->h, "Location", "%s/cgi-bin/upload.fcgi/%s", http_site(in->h),
			u.id.text);
	take_and_answer(in, &u, 0, is_last, 201);
}

/* Of one of these clients; False: answered. */
static bool find(const struct intake *in, const struct uuid *id, struct upload *u)
{
	enum drift_err err = upload_get(in->db, id, u);

	if (!err && u->kind != UPLOAD_SINGLE)
		err = DRIFT_ENOENT;
	if (err)
		intake_fail(in, NULL, err);
	else
		http_set_header(in->h, "Drift-Track", "%s", u->track.text);
	return !err;
}

void rufh_head(const struct intake *in, const struct uuid *id)
{
	struct upload u;
	enum drift_err err;

	if (!find(in, id, &u))
		return;
	err = u.state == UPLOAD_FAILED ? DRIFT_EGONE : intake_finish(in, &u, 0);
	if (err)
		fail(in, &u, err);
	else
		send(in, &u, 204);
}

/* False: answered. */
static bool check_type(const struct intake *in)
{
	if (read_interop(in) == INTEROP_UNTYPED || body_is(in->h, PIECE_TYPE))
		return true;
	http_fail(in->h, DRIFT_EMEDIA, "The body of a PATCH has the type " PIECE_TYPE ".");
	return false;
}

/* An Upload-Length that comes later than the upload's creation. False: answered. */
static bool take_length(const struct intake *in, struct upload *u)
{
	enum drift_err err = DRIFT_OK;
	int64_t length;

	if (!read_bytes(in, "Upload-Length", UPLOAD_LENGTH_UNKNOWN, &length))
		return false;
	if (length != UPLOAD_LENGTH_UNKNOWN)
		err = end_at(in, u, length);
	if (err == DRIFT_EINVAL)
		fail_length(in, u);
	else if (err)
		fail(in, u, err);
	return !err;
}

void rufh_patch(const struct intake *in, const struct uuid *id)
{
	struct upload u;
	int64_t offset;
	bool is_last;

	if (!check_type(in) || !read_complete(in, &is_last) ||
	    !read_bytes(in, "Upload-Offset", -1, &offset))
		return;
	if (offset < 0)
		http_fail(in->h, DRIFT_EINVAL, "Upload-Offset has to be there.");
	else if (find(in, id, &u) && take_length(in, &u))
		take_and_answer(in, &u, offset, is_last, 204);
}

void rufh_delete(const struct intake *in, const struct uuid *id)
{
	struct upload u;

	if (find(in, id, &u))
		intake_delete(in, id);
}
