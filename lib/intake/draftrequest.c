#include "intake/draftrequest.h"

#include "base/buf.h"
#include "http/body.h"
#include "http/disposition.h"
#include "intake/reprdigest.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define PIECE_TYPE "application/partial-upload"
#define INTEROP_UNTYPED 5 /* the version whose pieces have no type of their own */
#define INTEROP_LAST 8
#define ITEM_MAX 31 /* characters of a structured item */
#define PROBLEMS "https://iana.org/assignments/http-problem-types#"

/* --- header fields ---------------------------------------------------------------- */

/* An item without its parameters (RFC 9651 section 3.3); NULL: there is none. */
static const char *read_item(const struct intake *in, const char *field, char out[ITEM_MAX + 1])
{
	const char *text = http_header(in->h, field);
	size_t len = text ? strcspn(text, "; ") : 0;

	if (!text || len > ITEM_MAX)
		return text; /* which is no number, nor anything else */
	memcpy(out, text, len);
	out[len] = '\0';
	return out;
}

/* The draft's version that a client names, which an answer repeats; 0 when it is none of
   those known here, or the standard to be. */
static int read_interop(const struct intake *in)
{
	char item[ITEM_MAX + 1];
	const char *text = read_item(in, "Upload-Draft-Interop-Version", item);
	int64_t version;

	if (tus_parse_number(text, &version) != DRIFT_OK)
		return 0;
	return version >= INTEROP_UNTYPED && version <= INTEROP_LAST ? (int)version : 0;
}

bool draftrequest_is_spoken(const struct intake *in)
{
	/* tus-js-client speaks the draft with tus' Upload-Metadata in it */
	static const char *const tus[] = {"Upload-Metadata", "Upload-Defer-Length", "Upload-Concat",
					  "Upload-Checksum"};

	if (http_header(in->h, "Tus-Resumable"))
		return false;
	if (http_header(in->h, "Upload-Complete") ||
	    http_header(in->h, "Upload-Draft-Interop-Version"))
		return true;
	for (size_t i = 0; i < sizeof(tus) / sizeof(tus[0]); i++)
		if (http_header(in->h, tus[i]))
			return false;
	return !body_is(in->h, TUS_CONTENT_TYPE);
}

/* RFC 9651 section 3.3.6. False: answered. */
static bool read_complete(const struct intake *in, bool *out)
{
	char item[ITEM_MAX + 1];
	const char *text = read_item(in, "Upload-Complete", item);

	if (text && (strcmp(text, "?0") == 0 || strcmp(text, "?1") == 0)) {
		*out = text[1] == '1';
		return true;
	}
	http_fail(in->h, DRIFT_EINVAL,
		  "Upload-Complete has to be there and to be ?0 or ?1. (A tus client says"
		  " Tus-Resumable instead.)");
	return false;
}

/* A number of bytes; fallback where the field is not there. False: answered. */
static bool read_bytes(const struct intake *in, const char *field, int64_t fallback, int64_t *out)
{
	char item[ITEM_MAX + 1];
	const char *text = read_item(in, field, item);

	*out = fallback;
	if (!text || tus_parse_number(text, out) == DRIFT_OK)
		return true;
	http_fail(in->h, DRIFT_EINVAL, "%s has to be a number of bytes.", field);
	return false;
}

static void set_headers(const struct intake *in, const struct upload *u)
{
	int interop = read_interop(in);

	intake_set_headers(in, u);
	http_set_header(in->h, "Upload-Complete", "%s", upload_is_whole(u) ? "?1" : "?0");
	intake_set_limit(in, u);
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

/* Only where there are too many gaps: else any offset is a good one. */
static void fail_offset(const struct intake *in, const struct upload *u)
{
	struct problem p = {PROBLEMS "mismatching-upload-offset", "Mismatching Upload Offset", 409,
			    ""};
	char members[96], detail[96];
	int64_t offset = 0;

	if (!read_bytes(in, "Upload-Offset", 0, &offset))
		return;
	snprintf(members, sizeof(members),
		 ", \"expected-offset\": %" PRId64 ", \"provided-offset\": %" PRId64, u->received,
		 offset);
	snprintf(detail, sizeof(detail), "There are too many gaps: go on at byte %" PRId64 ".",
		 u->received);
	p.members = members;
	http_fail_as(in->h, DRIFT_ECONFLICT, &p, detail);
}

static void fail(const struct intake *in, const struct upload *u, enum drift_err err)
{
	set_headers(in, u);
	/* what is no audio is that for good, however much of it was sent */
	if (err == DRIFT_EMEDIA)
		http_set_header(in->h, "Upload-Complete", "?1");
	if (err == DRIFT_ECONFLICT)
		fail_offset(in, u);
	else
		intake_fail(in, u, err);
}

/* There is no upload yet. */
static void fail_new(const struct intake *in, enum drift_err err)
{
	intake_set_limit(in, NULL);
	if (err == DRIFT_EMEDIA)
		http_set_header(in->h, "Upload-Complete", "?1");
	intake_fail(in, NULL, err);
}

/* --- bytes ---------------------------------------------------------------------------- */

/* u: NULL where there is none yet. */
static void fail_length(const struct intake *in, const struct upload *u)
{
	static const struct problem p = {PROBLEMS "inconsistent-upload-length",
					 "Inconsistent Upload Length Values", 400, ""};

	if (u)
		set_headers(in, u);
	http_fail_as(in->h, DRIFT_EINVAL, &p,
		     u && *u->error ? u->error
				    : "The lengths do not fit: Upload-Length, Upload-Offset,"
				      " Upload-Complete and the body tell of different files.");
}

/* Bytes beyond the length that was told: whatever file this is, it is another one. */
static void fail_beyond(const struct intake *in, struct upload *u)
{
	if (u->state == UPLOAD_RECEIVING && !upload_is_whole(u))
		upload_fail(in->conf, in->db, u,
			    "More bytes were sent than the upload's length: it is given up.");
	fail_length(in, u);
}

static bool goes_beyond(const struct intake *in, const struct upload *u, int64_t offset)
{
	int64_t bytes = http_content_length(in->h);

	return u->length != UPLOAD_LENGTH_UNKNOWN && bytes > 0 &&
	       (offset > u->length || bytes > u->length - offset);
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

/* The last byte of the file is before `end`: now its length is known, or checked. */
static enum drift_err end_at(const struct intake *in, struct upload *u, int64_t end)
{
	if (u->reach > end)
		return DRIFT_EINVAL;
	return upload_set_length(in->conf, in->db, u, end);
}

static enum drift_err take(const struct intake *in, struct upload *u,
			   const struct digest_value *checksum, int64_t offset, bool is_last)
{
	int64_t end = offset, bytes = http_content_length(in->h);
	enum drift_err err = DRIFT_OK;

	if (bytes != 0 && !upload_is_whole(u))
		err = intake_piece(in, u, checksum, offset, &end);
	/* bytes of what is all there again: as good as received */
	if (upload_is_whole(u) && (!err || err == DRIFT_ECONFLICT)) {
		err = DRIFT_OK;
		end = bytes > 0 ? offset + bytes : end;
	}
	if (!err && is_last)
		err = end_at(in, u, end);
	return err ? err : intake_finish(in, u, INTAKE_FINISH_MS);
}

/* What came of the body; where the upload has a length, more than that is beyond it. */
static bool answer(const struct intake *in, struct upload *u, enum drift_err err, int status)
{
	if (err == DRIFT_EMEDIA && u->state == UPLOAD_RECEIVING)
		upload_fail(in->conf, in->db, u, "The file is empty.");
	if (err == DRIFT_EINVAL)
		fail_length(in, u);
	else if (err == DRIFT_ELARGE && u->length != UPLOAD_LENGTH_UNKNOWN)
		fail_beyond(in, u);
	else if (err)
		fail(in, u, err);
	else
		send(in, u, status);
	return !err;
}

/* False: it is answered that it failed. */
static bool take_and_answer(const struct intake *in, struct upload *u, int64_t offset, bool is_last,
			    int status)
{
	const struct digest_value *checksum;
	struct digest_value storage;

	if (u->state == UPLOAD_FAILED)
		fail(in, u, DRIFT_EGONE);
	else if (goes_beyond(in, u, offset))
		fail_beyond(in, u);
	else if (!fits(in, u, offset, is_last))
		fail_length(in, u);
	else if (intake_read_digest(in, &storage, &checksum))
		return answer(in, u, take(in, u, checksum, offset, is_last), status);
	return false;
}

/* --- requests ---------------------------------------------------------------------------- */

/* What a creation says of the file; all-zero before, the caller's to buf_clear() its metadata. */
struct creation {
	struct upload_wish wish;
	struct uuid track;
	struct disposition disposition;
	struct buf metadata;
	bool is_last;
};

/* The query's name, else what Content-Disposition says, else what is behind a PUT's URL. False:
   answered. */
static bool read_name(const struct intake *in, struct creation *c)
{
	const char *name = http_query(in->h, "name");
	const char *field = http_header(in->h, "Content-Disposition");

	if (http_query_bad(in->h) || (name && strlen(name) > TUS_NAME_MAX)) {
		http_fail(in->h, DRIFT_EINVAL,
			  "The parameter name is a file's name of at most %d bytes.", TUS_NAME_MAX);
		return false;
	}
	/* a name is a title of last resort: one that cannot be read is none */
	if (!name && field && disposition_parse(field, &c->disposition) == DRIFT_OK)
		name = c->disposition.filename;
	if (!name && http_segments(in->h) == 1)
		name = http_segment(in->h, 0);
	c->wish.name = name ? name : "";
	return true;
}

/* From the path or the query. False: answered. */
static bool read_track(const struct intake *in, const struct uuid *track, struct creation *c)
{
	const char *id = track ? track->text : http_query(in->h, "track");

	if (!id)
		return true;
	c->wish.track = &c->track;
	if (uuid_parse(id, strlen(id), &c->track) == DRIFT_OK)
		return true;
	intake_fail(in, NULL, DRIFT_ENOENT);
	return false;
}

/* What Upload-Length says; else, of a body that is all of it, the body's length, which has to be
   the same. False: answered. */
static bool read_length(const struct intake *in, struct creation *c)
{
	int64_t body = http_content_length(in->h);
	int64_t known = c->is_last && body >= 0 ? body : UPLOAD_LENGTH_UNKNOWN;

	if (!read_bytes(in, "Upload-Length", known, &c->wish.length))
		return false;
	if (c->wish.length == known || known == UPLOAD_LENGTH_UNKNOWN)
		return true;
	fail_length(in, NULL);
	return false;
}

/* False: answered. */
static bool read_creation(const struct intake *in, const struct uuid *track, struct creation *c)
{
	c->wish.key = in->key;
	if (!read_complete(in, &c->is_last) || !read_name(in, c) || !read_track(in, track, c) ||
	    !read_length(in, c) || !reprdigest_read(in->h, &c->metadata))
		return false;
	c->wish.metadata = buf_text(&c->metadata);
	return true;
}

/* The client was not told where this upload is, so it cannot go on with it. */
static void forget_failed(const struct intake *in, const struct upload *u)
{
	if (u->received == 0 && u->state == UPLOAD_RECEIVING &&
	    upload_delete(in->conf, in->db, &u->id) != DRIFT_OK)
		return; /* it is swept when it expires */
}

static void create(const struct intake *in, const struct creation *c)
{
	struct upload u;
	enum drift_err err = upload_create(in->conf, in->db, &c->wish, &u);

	if (err) {
		fail_new(in, err);
		return;
	}
	http_set_header(in->h, "Location", "%s/cgi-bin/upload.fcgi/%s", http_site(in->h),
			u.id.text);
	if (!take_and_answer(in, &u, 0, c->is_last, 201))
		forget_failed(in, &u);
}

void draftrequest_create(const struct intake *in, const struct uuid *track)
{
	struct creation c = {.is_last = false};

	if (read_creation(in, track, &c))
		create(in, &c);
	buf_clear(&c.metadata);
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

/* Fields that mean bytes, where there are none: a client that took one method for another.
   False: answered. */
static bool check_no_bytes(const struct intake *in)
{
	static const char *const fields[] = {"Upload-Offset", "Upload-Complete", "Upload-Length"};

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		if (!http_header(in->h, fields[i]))
			continue;
		http_fail(in->h, DRIFT_EINVAL, "%s has no place in a %s request.", fields[i],
			  http_method(in->h));
		return false;
	}
	return true;
}

void draftrequest_head(const struct intake *in, const struct uuid *id)
{
	struct upload u;
	enum drift_err err;

	if (!check_no_bytes(in) || !find(in, id, &u))
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
	http_set_header(in->h, "Accept-Patch", PIECE_TYPE);
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

void draftrequest_patch(const struct intake *in, const struct uuid *id)
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
		(void)take_and_answer(in, &u, offset, is_last, 204);
}

void draftrequest_delete(const struct intake *in, const struct uuid *id)
{
	struct upload u;

	if (check_no_bytes(in) && find(in, id, &u))
		intake_delete(in, id);
}
