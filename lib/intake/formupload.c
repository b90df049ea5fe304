#include "intake/formupload.h"

#include "base/buf.h"
#include "http/body.h"
#include "http/multipart.h"
#include "intake/formpage.h"
#include "intake/receive.h"
#include "request/admit.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PIECE_BYTES ((size_t)64 << 10)
#define FIELD_MAX 1024 /* bytes of a field that is looked at */

struct form {
	struct intake in; /* with the key, once it is known */
	bool is_admitted;
	struct multipart reader;
	uint8_t piece[PIECE_BYTES]; /* of the body, as it comes */
	const uint8_t *at; /* what the reader has not had of it */
	size_t len;
	int64_t others; /* bytes so far that are of no file */
	const uint8_t *data; /* of the present part, still to be taken */
	size_t data_len;
	bool part_ended;
	/* fields, for the file that comes next */
	struct uuid track; /* all-zero: a new one */
	char name[TUS_NAME_MAX + 1];
	/* what came of the files */
	int files, stored;
	int status; /* of the answer, when any is stored */
	struct upload first; /* stored, else refused */
	struct buf tracks, refused; /* JSON, without brackets */
	struct buf list; /* for the page */
};

/* --- the body, part by part ---------------------------------------------------------- */

/* The body's next piece. DRIFT_EFORMAT: it ends before the form does. */
static enum drift_err read_piece(struct form *f, int wait_ms)
{
	size_t got = 0;
	enum drift_err err = http_read(f->in.h, f->piece, PIECE_BYTES, wait_ms, &got);

	if (err)
		return err;
	f->at = f->piece;
	f->len = got;
	return got > 0 ? DRIFT_OK : DRIFT_EFORMAT;
}

/* DRIFT_EMORE: nothing came for wait_ms. */
static enum drift_err next_event(struct form *f, int wait_ms, enum multipart_event *out)
{
	*out = MULTIPART_MORE;
	for (;;) {
		size_t before = f->len;
		enum drift_err err = multipart_next(&f->reader, &f->at, &f->len, out);

		if (!err && *out != MULTIPART_DATA)
			f->others += (int64_t)(before - f->len);
		if (!err && f->others > FORMUPLOAD_OTHER_MAX)
			err = DRIFT_ELARGE;
		if (!err && *out == MULTIPART_MORE)
			err = read_piece(f, wait_ms);
		if (err || *out != MULTIPART_MORE)
			return err;
	}
}

/* Sees to it that the present part has data, or has ended. */
static enum drift_err look(struct form *f, int wait_ms)
{
	enum multipart_event event = MULTIPART_MORE;
	enum drift_err err = DRIFT_OK;

	if (f->data_len > 0 || f->part_ended)
		return DRIFT_OK;
	err = next_event(f, wait_ms, &event);
	if (err)
		return err;
	f->part_ended = event != MULTIPART_DATA;
	if (f->part_ended)
		return DRIFT_OK;
	f->data = f->reader.data;
	f->data_len = f->reader.len;
	return DRIFT_OK;
}

static enum drift_err read_part(void *context, void *data, size_t max, int wait_ms, size_t *got)
{
	struct form *f = context;
	enum drift_err err = look(f, wait_ms);

	if (err)
		return err;
	*got = f->data_len < max ? f->data_len : max;
	if (*got == 0)
		return DRIFT_OK;
	memcpy(data, f->data, *got);
	f->data += *got;
	f->data_len -= *got;
	return DRIFT_OK;
}

/* --- answers ---------------------------------------------------------------------------- */

static void fail_form(const struct form *f, enum drift_err err)
{
	struct http *h = f->in.h;

	if (err == DRIFT_EFORMAT)
		http_fail(
			h, err,
			"The form is not multipart/form-data as RFC 7578 has it, or it breaks off "
			"before its last boundary.");
	else if (err == DRIFT_ELARGE)
		http_fail(h, err, "The form has more than %" PRId64 " bytes beside its files.",
			  FORMUPLOAD_OTHER_MAX);
	else
		http_fail(h, DRIFT_EINVAL, "The form ended early.");
}

/* What became of the file, as JSON. */
static enum drift_err add_state(struct form *f, const struct upload *u)
{
	struct db_rows rows = {0};
	enum drift_err err =
		db_call(f->in.db, "SELECT drift.status($1)", DB_ARGS(db_uuid(&u->track)), &rows);

	if (err)
		return err;
	buf_addf(&f->tracks, "%s%s", f->tracks.len > 0 ? ", " : "", db_get_text(&rows, 0, 0));
	db_rows_clear(&rows);
	return DRIFT_OK;
}

static void add_refusal(struct form *f, const char *name, const char *sentence)
{
	buf_addf(&f->refused, "%s{\"name\": ", f->refused.len > 0 ? ", " : "");
	buf_add_json(&f->refused, name);
	buf_add_text(&f->refused, ", \"detail\": ");
	buf_add_json(&f->refused, sentence);
	buf_add_text(&f->refused, "}");
	formpage_add_refused(&f->list, name, sentence);
}

static void send_page(struct form *f)
{
	struct buf page = {0};

	formpage_write(f->in.h, &f->list, &page);
	http_send(f->in.h, "text/html; charset=utf-8", buf_text(&page), page.len);
	buf_clear(&page);
}

static void send_states(struct form *f)
{
	struct buf json = {0};

	if (f->files == 1)
		buf_add_text(&json, buf_text(&f->tracks));
	else
		buf_addf(&json, "{\"tracks\": [%s], \"refused\": [%s]}", buf_text(&f->tracks),
			 buf_text(&f->refused));
	http_send(f->in.h, "application/json", buf_text(&json), json.len);
	buf_clear(&json);
}

static void answer(struct form *f)
{
	struct http *h = f->in.h;

	if (f->files == 0) {
		http_fail(h, DRIFT_EINVAL, "The form has no file in it.");
		return;
	}
	if (f->stored == 0) {
		intake_fail(&f->in, &f->first, DRIFT_EMEDIA);
		return;
	}
	http_set_status(h, f->status);
	http_set_header(h, "Cache-Control", "no-store");
	http_set_header(h, "Drift-Track", "%s", f->first.track.text);
	if (f->status == 201 && f->files == 1)
		http_set_header(h, "Location", "%s/cgi-bin/stream.fcgi/%s", http_site(h),
				f->first.track.text);
	if (formpage_is_wanted(h))
		send_page(f);
	else
		send_states(f);
}

/* --- parts --------------------------------------------------------------------------------- */

static bool has_track(const struct form *f)
{
	return *f->track.text != '\0';
}

/* Nobody was told of this upload, so nobody goes on with it. */
static void drop(struct form *f, const struct upload *u)
{
	if (upload_delete(f->in.conf, f->in.db, &u->id) != DRIFT_OK)
		return; /* it is swept when it expires */
}

static enum drift_err keep(struct form *f, const struct upload *u, const char *name)
{
	if (f->stored++ == 0)
		f->first = *u;
	if (!has_track(f))
		f->status = 201;
	formpage_add_stored(&f->list, f->in.h, name, &u->track);
	return add_state(f, u);
}

static void refuse(struct form *f, const struct upload *u, const char *name)
{
	if (f->stored == 0 && f->files == 1)
		f->first = *u;
	add_refusal(f, name, *u->error ? u->error : "The file is empty.");
}

/* False: the request is answered. */
static bool take_bytes(struct form *f, struct upload *u, const char *name)
{
	const struct receive_source source = {read_part, f};
	enum drift_err err = intake_whole(&f->in, u, &(struct intake_body){.source = &source});

	if (!err)
		err = keep(f, u, name);
	else if (err == DRIFT_EMEDIA)
		refuse(f, u, name);
	else if (u->state != UPLOAD_STORED)
		drop(f, u);
	if (err == DRIFT_EFORMAT)
		fail_form(f, err);
	else if (err && err != DRIFT_EMEDIA)
		intake_fail(&f->in, NULL, err); /* nothing of it is kept */
	return !http_answered(f->in.h);
}

static bool take_file(struct form *f)
{
	const char *name = *f->name ? f->name : f->reader.part.filename;
	const struct upload_wish wish = {
		.key = f->in.key,
		.track = has_track(f) ? &f->track : NULL,
		.length = UPLOAD_LENGTH_UNKNOWN,
		.name = name,
		.metadata = "",
	};
	struct upload u;
	enum drift_err err;

	if (f->files++ == FORMUPLOAD_FILES_MAX) {
		http_fail(f->in.h, DRIFT_ELARGE, "The form has more than %d files.",
			  FORMUPLOAD_FILES_MAX);
		return false;
	}
	err = upload_create(f->in.conf, f->in.db, &wish, &u);
	if (err) {
		intake_fail(&f->in, NULL, err);
		return false;
	}
	if (!take_bytes(f, &u, name))
		return false;
	f->track = (struct uuid){0};
	*f->name = '\0';
	return true;
}

/* False: the request is answered. */
static bool admit(struct form *f, const char *key)
{
	if (f->is_admitted)
		return true;
	if (!key || !*key)
		http_fail(f->in.h, DRIFT_EAUTH,
			  "This needs an API key: in the form's field \"key\" before its files, or "
			  "in the header X-Api-Key.");
	else
		f->is_admitted = admit_key_text(f->in.h, f->in.db, key, "upload", &f->in.key);
	return f->is_admitted;
}

static bool read_track(struct form *f, const char *value)
{
	if (!*value)
		return true;
	if (uuid_parse(value, strlen(value), &f->track) == DRIFT_OK)
		return true;
	intake_fail(&f->in, NULL, DRIFT_ENOENT);
	return false;
}

static bool read_field(struct form *f, const char *field, const char *value)
{
	if (strcmp(field, "key") == 0)
		return admit(f, value);
	if (strcmp(field, "track") == 0)
		return read_track(f, value);
	if (strcmp(field, "name") == 0)
		snprintf(f->name, sizeof(f->name), "%s", value);
	return true;
}

/* A field's value as far as there is room; what follows is dropped. */
static enum drift_err collect(struct form *f, char value[FIELD_MAX + 1], size_t *len)
{
	enum drift_err err = DRIFT_OK;

	*len = 0;
	while (!err && !(err = look(f, RECEIVE_IDLE_MS)) && f->data_len > 0) {
		size_t room = FIELD_MAX - *len, n = f->data_len < room ? f->data_len : room;

		memcpy(value + *len, f->data, n);
		*len += n;
		f->others += (int64_t)f->data_len;
		f->data_len = 0;
		if (f->others > FORMUPLOAD_OTHER_MAX)
			err = DRIFT_ELARGE;
	}
	value[*len] = '\0';
	return err;
}

static bool take_field(struct form *f)
{
	struct disposition part = f->reader.part;
	char value[FIELD_MAX + 1];
	size_t len;
	enum drift_err err = collect(f, value, &len);

	if (err)
		fail_form(f, err);
	else if (strlen(value) != len)
		http_fail(f->in.h, DRIFT_EINVAL, "The field %s has a NUL in it.", part.name);
	else
		return read_field(f, part.name, value);
	return false;
}

/* What a browser sends where nothing was chosen: a file of no name and no bytes. */
static bool is_no_choice(const struct form *f)
{
	return !*f->reader.part.filename && f->part_ended;
}

static bool take_part(struct form *f)
{
	enum drift_err err;

	f->part_ended = false;
	f->data_len = 0;
	if (!f->reader.part.is_file)
		return take_field(f);
	if (!admit(f, NULL))
		return false;
	err = look(f, RECEIVE_IDLE_MS);
	if (err) {
		fail_form(f, err);
		return false;
	}
	return is_no_choice(f) || take_file(f);
}

static void take_form(struct form *f)
{
	enum multipart_event event = MULTIPART_MORE;
	enum drift_err err = DRIFT_OK;

	while (!err && event != MULTIPART_END) {
		err = next_event(f, RECEIVE_IDLE_MS, &event);
		if (!err && event == MULTIPART_PART && !take_part(f))
			return;
	}
	if (err)
		fail_form(f, err);
	else if (admit(f, NULL))
		answer(f);
}

bool formupload_is_form(const struct intake *in)
{
	return body_is(in->h, MULTIPART_TYPE);
}

static struct form *new_form(const struct intake *in)
{
	struct form *f = calloc(1, sizeof(*f));

	if (!f)
		return NULL;
	f->in = *in;
	f->status = 200;
	return f;
}

static void free_form(struct form *f)
{
	buf_clear(&f->tracks);
	buf_clear(&f->refused);
	buf_clear(&f->list);
	free(f);
}

void formupload_create(const struct intake *in)
{
	struct form *f = new_form(in);

	if (formpage_is_wanted(in->h))
		http_fail_on_page(in->h, formpage_write_failure);
	if (!f)
		http_fail(in->h, DRIFT_ENOMEM, "There is no memory for the form.");
	else if (multipart_init(&f->reader, http_header(in->h, "Content-Type")) != DRIFT_OK)
		http_fail(in->h, DRIFT_EINVAL,
			  "The Content-Type has no boundary of 1 to %d "
			  "characters that RFC 2046 allows.",
			  MULTIPART_BOUNDARY_MAX);
	else if (!key_is_sent(in->h) || admit_key(in->h, in->db, "upload", &f->in.key)) {
		f->is_admitted = key_is_sent(in->h);
		take_form(f);
	}
	if (f)
		free_form(f);
}
