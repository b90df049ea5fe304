#include "intake/tusrequest.h"

#include "base/buf.h"
#include "base/digest.h"

#include <inttypes.h>
#include <string.h>
#include <strings.h>

static void set_version(const struct intake *in)
{
	http_set_header(in->h, "Tus-Resumable", TUS_VERSION);
}

/* Every request but OPTIONS names the version that it speaks. */
static bool check_version(const struct intake *in)
{
	const char *version = http_header(in->h, "Tus-Resumable");

	set_version(in);
	if (version && strcmp(version, TUS_VERSION) == 0)
		return true;
	http_set_header(in->h, "Tus-Version", TUS_VERSION);
	http_fail(in->h, DRIFT_EPRECONDITION,
		  "The header Tus-Resumable has to be there and to say " TUS_VERSION ".");
	return false;
}

void tusrequest_set_cors(const struct intake *in, const char *methods)
{
	if (!http_header(in->h, "Origin"))
		return;
	/* any site: the key travels in a header of the page's own, so there is no
	   cookie for a stranger's page to use */
	http_set_header(in->h, "Access-Control-Allow-Origin", "*");
	http_set_header(in->h, "Access-Control-Expose-Headers",
			"Drift-Track, ETag, Location, Retry-After, Tus-Checksum-Algorithm,"
			" Tus-Extension, Tus-Max-Size, Tus-Resumable, Tus-Version,"
			" Upload-Complete, Upload-Concat, Upload-Defer-Length,"
			" Upload-Draft-Interop-Version, Upload-Expires, Upload-Length,"
			" Upload-Limit, Upload-Metadata, Upload-Offset");
	if (!http_header(in->h, "Access-Control-Request-Method"))
		return;
	http_set_header(in->h, "Access-Control-Allow-Methods", "%s", methods);
	http_set_header(in->h, "Access-Control-Allow-Headers",
			"Authorization, Content-Digest, Content-Disposition, Content-Type,"
			" If-None-Match, Repr-Digest, Tus-Resumable,"
			" Upload-Checksum, Upload-Complete, Upload-Concat, Upload-Defer-Length,"
			" Upload-Draft-Interop-Version, Upload-Length, Upload-Metadata,"
			" Upload-Offset, X-Api-Key, X-HTTP-Method-Override, X-Request-ID,"
			" X-Requested-With");
	http_set_header(in->h, "Access-Control-Max-Age", "86400");
}

void tusrequest_options(const struct intake *in)
{
	set_version(in);
	http_set_header(in->h, "Tus-Version", TUS_VERSION);
	http_set_header(in->h, "Tus-Extension", TUS_EXTENSIONS);
	http_set_header(in->h, "Tus-Checksum-Algorithm", TUS_CHECKSUMS);
	http_set_header(in->h, "Tus-Max-Size", "%" PRId64, in->conf->max_upload_bytes);
	intake_set_limit(in, NULL);
	http_set_status(in->h, 204);
	http_send_empty(in->h);
}

/* --- a piece of the file ----------------------------------------------------------- */

static bool is_piece(const struct intake *in)
{
	const char *type = http_header(in->h, "Content-Type");

	return type && strcasecmp(type, TUS_CONTENT_TYPE) == 0;
}

static void send_offset(const struct intake *in, const struct upload *u, int status)
{
	intake_set_headers(in, u);
	http_set_status(in->h, status);
	http_send_empty(in->h);
}

/* Reads Upload-Checksum, else Content-Digest; checksum becomes NULL without one. False: answered.
 */
static bool read_checksum(const struct intake *in, struct digest_value *storage,
			  const struct digest_value **checksum)
{
	const char *text = http_header(in->h, "Upload-Checksum");

	*checksum = NULL;
	if (!text)
		return intake_read_digest(in, storage, checksum);
	if (tus_parse_checksum(text, storage) != DRIFT_OK) {
		http_fail(in->h, DRIFT_EINVAL,
			  "Upload-Checksum has to be one of " TUS_CHECKSUMS
			  " and the digest in base64.");
		return false;
	}
	*checksum = storage;
	return true;
}

static void take_piece(const struct intake *in, struct upload *u, int status)
{
	const struct digest_value *checksum;
	struct digest_value storage;
	enum drift_err err;

	if (!read_checksum(in, &storage, &checksum))
		return;
	if (u->length != UPLOAD_LENGTH_UNKNOWN &&
	    http_content_length(in->h) > u->length - u->received) {
		intake_fail(in, u, DRIFT_ELARGE);
		return;
	}
	err = intake_next(in, u, checksum);
	if (err)
		intake_fail(in, u, err);
	else
		send_offset(in, u, status);
}

/* --- creation ---------------------------------------------------------------------- */

/* Upload-Length, or UPLOAD_LENGTH_UNKNOWN for "Upload-Defer-Length: 1". */
static enum drift_err read_length(const struct intake *in, int64_t *out)
{
	const char *length = http_header(in->h, "Upload-Length");
	const char *defer = http_header(in->h, "Upload-Defer-Length");

	if (!defer)
		return tus_parse_number(length, out);
	if (length || strcmp(defer, "1") != 0)
		return DRIFT_EINVAL;
	*out = UPLOAD_LENGTH_UNKNOWN;
	return DRIFT_OK;
}

/* What the client wants, as far as its metadata and length say. DRIFT_ENOENT: the track that
   it names is none. */
static enum drift_err read_wish(const struct intake *in, const struct tus_metadata *m,
				int64_t length, struct uuid *track, struct upload_wish *out)
{
	*out = (struct upload_wish){
		.key = in->key,
		.length = length,
		.name = m->name,
		.metadata = buf_text(&m->json),
	};
	if (!*m->track)
		return DRIFT_OK;
	out->track = track;
	return uuid_parse(m->track, strlen(m->track), track) == DRIFT_OK ? DRIFT_OK : DRIFT_ENOENT;
}

static void set_location(const struct intake *in, const struct upload *u)
{
	/* no host: behind a proxy only the client knows how it came here */
	http_set_header(in->h, "Location", "%s/cgi-bin/upload.fcgi/%s", http_site(in->h),
			u->id.text);
}

static void answer_created(const struct intake *in, struct upload *u)
{
	set_location(in, u);
	if (is_piece(in))
		take_piece(in, u, 201);
	else
		send_offset(in, u, 201);
}

/* The parts are here: what they make is stored with this request, or with any later one. */
static void answer_joined(const struct intake *in, struct upload *u)
{
	enum drift_err err;

	set_location(in, u);
	err = intake_finish(in, u, INTAKE_FINISH_MS);
	if (err)
		intake_fail(in, u, err);
	else
		send_offset(in, u, 201);
}

static void fail_join(const struct intake *in, enum drift_err err)
{
	if (err == DRIFT_EINVAL)
		http_fail(in->h, err, "What is to be concatenated are not all partial uploads.");
	else if (err == DRIFT_ECONFLICT)
		http_fail(in->h, err, "A partial upload is not finished yet.");
	else
		intake_fail(in, NULL, err);
}

static void create_joined(const struct intake *in, const struct tus_metadata *m,
			  const struct tus_concat *concat)
{
	struct upload_wish wish;
	struct uuid track;
	struct upload u;
	enum drift_err err = read_wish(in, m, 0, &track, &wish);

	if (!err)
		err = upload_join(in->conf, in->db, &wish, concat->part, concat->parts, &u);
	if (err)
		fail_join(in, err);
	else
		answer_joined(in, &u);
}

/* of a track, or (a partial upload) of none yet */
static void create_one(const struct intake *in, const struct tus_metadata *m, int64_t length,
		       bool is_part)
{
	struct upload_wish wish;
	struct uuid track;
	struct upload u;
	enum drift_err err = read_wish(in, m, length, &track, &wish);

	if (!err && is_part)
		err = upload_create_part(in->conf, in->db, &wish, &u);
	else if (!err)
		err = upload_create(in->conf, in->db, &wish, &u);
	if (err)
		intake_fail(in, NULL, err);
	else
		answer_created(in, &u);
}

static void create(const struct intake *in, const struct tus_metadata *m)
{
	const char *text = http_header(in->h, "Upload-Concat");
	struct tus_concat concat = {0};
	int64_t length;

	if (text && tus_parse_concat(text, &concat) != DRIFT_OK)
		http_fail(in->h, DRIFT_EINVAL,
			  "Upload-Concat has to be partial, or final and at most %d URLs of"
			  " uploads.",
			  TUS_PARTS_MAX);
	else if (concat.is_final)
		create_joined(in, m, &concat);
	else if (read_length(in, &length) != DRIFT_OK)
		http_fail(in->h, DRIFT_EINVAL,
			  "Upload-Length has to be a number of bytes, or Upload-Defer-Length 1.");
	else
		create_one(in, m, length, text != NULL);
}

void tusrequest_create(const struct intake *in, const struct uuid *none)
{
	struct tus_metadata m = {0};

	(void)none;
	if (!check_version(in))
		return;
	if (tus_parse_metadata(http_header(in->h, "Upload-Metadata"), &m) != DRIFT_OK) {
		http_fail(in->h, DRIFT_EINVAL,
			  "Upload-Metadata has to be pairs of a key and a base64 value.");
		return;
	}
	create(in, &m);
	buf_clear(&m.json);
}

/* --- an upload --------------------------------------------------------------------- */

static bool find(const struct intake *in, const struct uuid *id, struct upload *u)
{
	enum drift_err err;

	if (!check_version(in))
		return false;
	err = upload_get(in->db, id, u);
	if (err) {
		intake_fail(in, NULL, err);
		return false;
	}
	if (u->kind != UPLOAD_PART)
		http_set_header(in->h, "Drift-Track", "%s", u->track.text);
	return true;
}

/* What the client said of the file when it made the upload, word for word. */
static void set_metadata(const struct intake *in, const struct uuid *id)
{
	struct db_rows rows = {0};

	if (db_call(in->db, "SELECT drift.upload_metadata($1) ->> 'Upload-Metadata'",
		    DB_ARGS(db_uuid(id)), &rows) != DRIFT_OK)
		return;
	if (!db_is_null(&rows, 0, 0))
		http_set_header(in->h, "Upload-Metadata", "%s", db_get_text(&rows, 0, 0));
	db_rows_clear(&rows);
}

static void list_parts(const struct intake *in, const struct uuid *id, struct buf *out)
{
	struct db_rows rows = {0};

	if (db_call(in->db, "SELECT part FROM drift.upload_parts($1)", DB_ARGS(db_uuid(id)),
		    &rows) != DRIFT_OK)
		return;
	for (int i = 0; i < rows.count; i++)
		buf_addf(out, "%s%s/cgi-bin/upload.fcgi/%s", i ? " " : "", http_site(in->h),
			 db_get_text(&rows, i, 0));
	db_rows_clear(&rows);
}

static void set_concat(const struct intake *in, const struct upload *u)
{
	struct buf parts = {0};

	if (u->kind == UPLOAD_PART)
		http_set_header(in->h, "Upload-Concat", "partial");
	if (u->kind != UPLOAD_JOINED)
		return;
	list_parts(in, &u->id, &parts);
	http_set_header(in->h, "Upload-Concat", "final;%s", buf_text(&parts));
	buf_clear(&parts);
}

void tusrequest_head(const struct intake *in, const struct uuid *id)
{
	enum drift_err err = DRIFT_OK;
	struct upload u;

	http_set_header(in->h, "Cache-Control", "no-store");
	if (!find(in, id, &u))
		return;
	if (u.state == UPLOAD_FAILED)
		err = DRIFT_EGONE;
	/* a client that has sent all asks no more than this */
	if (!err)
		err = intake_finish(in, &u, 0);
	if (err) {
		intake_fail(in, &u, err);
		return;
	}
	set_metadata(in, id);
	set_concat(in, &u);
	send_offset(in, &u, 200);
}

/* "Upload-Length" in a PATCH ends the deferring. False: answered. */
static bool read_deferred(const struct intake *in, struct upload *u)
{
	const char *text = http_header(in->h, "Upload-Length");
	enum drift_err err;
	int64_t length;

	if (!text)
		return true;
	err = tus_parse_number(text, &length);
	if (!err)
		err = upload_set_length(in->conf, in->db, u, length);
	if (err == DRIFT_EINVAL)
		http_fail(in->h, err, "Upload-Length does not fit what is known of the upload.");
	else if (err)
		intake_fail(in, u, err);
	return !err;
}

static void patch(const struct intake *in, struct upload *u, int64_t offset)
{
	enum drift_err err = u->state == UPLOAD_FAILED ? DRIFT_EGONE : DRIFT_OK;

	if (!err && offset != u->received)
		err = DRIFT_ECONFLICT;
	if (err) {
		intake_fail(in, u, err);
		return;
	}
	if (!read_deferred(in, u))
		return;
	if (!upload_is_whole(u) || http_content_length(in->h) > 0) {
		take_piece(in, u, 204);
		return;
	}
	err = intake_finish(in, u, INTAKE_FINISH_MS);
	if (err)
		intake_fail(in, u, err);
	else
		send_offset(in, u, 204);
}

void tusrequest_patch(const struct intake *in, const struct uuid *id)
{
	struct upload u;
	int64_t offset;

	if (!find(in, id, &u))
		return;
	if (!is_piece(in)) {
		http_fail(in->h, DRIFT_EMEDIA,
			  "The body of a PATCH has the type " TUS_CONTENT_TYPE ".");
		return;
	}
	if (tus_parse_number(http_header(in->h, "Upload-Offset"), &offset) != DRIFT_OK) {
		http_fail(in->h, DRIFT_EINVAL, "Upload-Offset has to be a number of bytes.");
		return;
	}
	if (u.kind == UPLOAD_JOINED)
		http_fail(in->h, DRIFT_EFORBIDDEN,
			  "A final upload consists of its partial ones and takes no bytes.");
	else
		patch(in, &u, offset);
}

void tusrequest_delete(const struct intake *in, const struct uuid *id)
{
	struct upload u;

	if (find(in, id, &u))
		intake_delete(in, id);
}
