/*
 * upload.fcgi - files come in, and what belongs to their tracks.
 *
 *     POST    /                       a form with files; tus or the IETF draft: a new upload
 *     PUT     /?name=x.wav            a whole file; also PUT /x.wav (curl -T)
 *     HEAD, GET, PATCH, DELETE  /<upload>  likewise
 *     PUT     /track/<id>             a whole file: the track's new audio
 *     PATCH   /track/<id>             metadata (JSON merge patch)
 *     DELETE  /track/<id>
 *     PUT     /track/<id>/cover       its picture: JPEG or PNG
 *     DELETE  /track/<id>/cover
 *     GET     /track/<id>/status
 *     POST    /track/<id>/regenerate?kind=
 *     POST    /backfill?kind=
 *     GET     /tracks?q=              the newest tracks, private ones too
 *     GET     /queue                  what the transcoder does, for an administrator
 *     OPTIONS everywhere              what tus clients and browsers ask
 */
#include "http/http.h"
#include "http/tus.h"
#include "intake/coveradmin.h"
#include "intake/draftrequest.h"
#include "intake/formupload.h"
#include "intake/intake.h"
#include "intake/reprdigest.h"
#include "intake/trackadmin.h"
#include "intake/tusrequest.h"
#include "request/admit.h"
#include "request/service.h"

#include <string.h>

/* --- whole files ----------------------------------------------------------------- */

/* The query's name, else what curl -T puts behind a URL that ends in a slash.
   NULL: answered. */
static const char *read_name(const struct intake *in, const char *segment)
{
	const char *name = http_query(in->h, "name");

	if (!name)
		name = segment ? segment : "";
	if (!http_query_bad(in->h) && strlen(name) <= TUS_NAME_MAX)
		return name;
	http_fail(in->h, DRIFT_EINVAL, "The parameter name is a file's name of at most %d bytes.",
		  TUS_NAME_MAX);
	return NULL;
}

static enum drift_err take_file(const struct intake *in, const struct upload_wish *wish,
				const struct intake_body *body, struct upload *u)
{
	enum drift_err err = upload_create(in->conf, in->db, wish, u);

	if (err) {
		intake_fail(in, NULL, err);
		return err;
	}
	err = intake_whole(in, u, body);
	/* nobody was told of this upload, so nobody sends its bytes once more */
	if (err == DRIFT_ECHECKSUM && u->state == UPLOAD_RECEIVING &&
	    upload_delete(in->conf, in->db, &u->id) == DRIFT_OK)
		intake_fail(in, NULL, err);
	else if (err)
		intake_fail(in, u, err);
	return err;
}

static void put_described(const struct intake *in, const struct upload_wish *wish,
			  const struct intake_body *body)
{
	struct upload u;

	if (take_file(in, wish, body, &u) != DRIFT_OK)
		return;
	http_set_header(in->h, "Drift-Track", "%s", u.track.text);
	if (http_header(in->h, "Upload-Complete"))
		http_set_header(in->h, "Upload-Complete", "?1");
	/* with 201 only: of a CGI's 200 with a Location Apache makes a redirect */
	if (!wish->track)
		http_set_header(in->h, "Location", "%s/cgi-bin/stream.fcgi/%s", http_site(in->h),
				u.track.text);
	trackadmin_send(in, wish->track ? 200 : 201, "SELECT drift.status($1)",
			DB_ARGS(db_uuid(&u.track)));
}

static void put_file(const struct intake *in, const struct uuid *track, const char *name)
{
	struct intake_body body = {0};
	struct digest_value storage;
	struct buf metadata = {0};

	if (intake_read_digest(in, &storage, &body.checksum) && reprdigest_read(in->h, &metadata))
		put_described(in,
			      &(struct upload_wish){
				      .key = in->key,
				      .track = track,
				      .length = http_content_length(in->h),
				      .name = name,
				      .metadata = buf_text(&metadata),
			      },
			      &body);
	buf_clear(&metadata);
}

/* The draft lets any method begin an upload: with ?0 the body is only the file's beginning. */
static bool is_beginning(const struct intake *in)
{
	const char *complete = http_header(in->h, "Upload-Complete");

	return complete && strncmp(complete, "?0", 2) == 0;
}

static void put(const struct intake *in, const struct uuid *track, const char *segment)
{
	const char *name;

	if (is_beginning(in)) {
		draftrequest_create(in, track);
		return;
	}
	name = read_name(in, segment);
	if (name)
		put_file(in, track, name);
}

static void put_new(const struct intake *in, const struct uuid *none)
{
	put(in, none, http_segment(in->h, 0));
}

static void put_replacement(const struct intake *in, const struct uuid *track)
{
	put(in, track, NULL);
}

/* --- resumable uploads: of two kinds of clients --------------------------------------- */

/* A form may have the key in a field. */
static void create_upload(const struct intake *in, const struct uuid *none)
{
	struct intake mine = *in;

	if (formupload_is_form(in))
		formupload_create(in);
	else if (admit_key(in->h, in->db, "upload", &mine.key))
		(draftrequest_is_spoken(in) ? draftrequest_create : tusrequest_create)(&mine, none);
}

static void head_upload(const struct intake *in, const struct uuid *id)
{
	(draftrequest_is_spoken(in) ? draftrequest_head : tusrequest_head)(in, id);
}

static void get_upload(const struct intake *in, const struct uuid *id)
{
	draftrequest_head(in, id); /* tus has no GET */
}

static void patch_upload(const struct intake *in, const struct uuid *id)
{
	(draftrequest_is_spoken(in) ? draftrequest_patch : tusrequest_patch)(in, id);
}

static void delete_upload(const struct intake *in, const struct uuid *id)
{
	(draftrequest_is_spoken(in) ? draftrequest_delete : tusrequest_delete)(in, id);
}

/* --- which request this is ---------------------------------------------------------- */

enum place {
	NOWHERE,
	COLLECTION,
	UPLOAD,
	TRACK,
	COVER,
	STATUS,
	REGENERATE,
	BACKFILL,
	QUEUE,
	TRACKS
};

static const struct route {
	enum place place;
	const char *method;
	const char *scope; /* of the key that is needed; NULL: the answer decides */
	void (*answer)(const struct intake *in, const struct uuid *id);
} routes[] = {
	{COLLECTION, "POST", NULL, create_upload},
	{COLLECTION, "PUT", "upload", put_new},
	{UPLOAD, "HEAD", "upload", head_upload},
	{UPLOAD, "GET", "upload", get_upload},
	{UPLOAD, "PATCH", "upload", patch_upload},
	{UPLOAD, "DELETE", "upload", delete_upload},
	{TRACK, "PUT", "upload", put_replacement},
	{TRACK, "PATCH", "upload", trackadmin_patch},
	{TRACK, "DELETE", "upload", trackadmin_delete},
	{COVER, "PUT", "upload", coveradmin_put},
	{COVER, "DELETE", "upload", coveradmin_delete},
	{STATUS, "GET", NULL, trackadmin_status},
	{STATUS, "HEAD", NULL, trackadmin_status},
	{REGENERATE, "POST", "upload", trackadmin_regenerate},
	{BACKFILL, "POST", "admin", trackadmin_backfill},
	{QUEUE, "GET", "admin", trackadmin_queue},
	{QUEUE, "HEAD", "admin", trackadmin_queue},
	{TRACKS, "GET", "upload", trackadmin_list},
	{TRACKS, "HEAD", "upload", trackadmin_list},
};

#define ROUTES (sizeof(routes) / sizeof(routes[0]))

/* The method, or what X-HTTP-Method-Override says (tus: for clients whose
   environment knows GET and POST only). */
static const char *get_method(const struct http *h)
{
	const char *method = http_method(h), *other = http_header(h, "X-HTTP-Method-Override");

	return other && strcmp(method, "POST") == 0 ? other : method;
}

static bool read_id(const struct http *h, int i, struct uuid *id)
{
	const char *text = http_segment(h, i);

	return uuid_parse(text, strlen(text), id) == DRIFT_OK;
}

static enum place find_single(const struct http *h, struct uuid *id)
{
	if (strcmp(http_segment(h, 0), "backfill") == 0)
		return BACKFILL;
	if (read_id(h, 0, id))
		return UPLOAD;
	if (strcmp(get_method(h), "PUT") == 0)
		return COLLECTION;
	if (strcmp(http_segment(h, 0), "queue") == 0)
		return QUEUE;
	if (strcmp(http_segment(h, 0), "tracks") == 0)
		return TRACKS;
	return NOWHERE;
}

/* What is asked of a track by a third segment. */
static enum place find_part(const char *name)
{
	static const struct {
		const char *name;
		enum place place;
	} parts[] = {{"cover", COVER}, {"status", STATUS}, {"regenerate", REGENERATE}};

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (strcmp(name, parts[i].name) == 0)
			return parts[i].place;
	return NOWHERE;
}

static enum place find_place(const struct http *h, struct uuid *id)
{
	int count = http_segments(h);

	if (count == 0)
		return COLLECTION;
	if (count == 1)
		return find_single(h, id);
	if (count < 0 || strcmp(http_segment(h, 0), "track") != 0 || !read_id(h, 1, id))
		return NOWHERE;
	if (count == 2)
		return TRACK;
	return count == 3 ? find_part(http_segment(h, 2)) : NOWHERE;
}

static void list_methods(enum place place, struct buf *out)
{
	buf_add_text(out, "OPTIONS");
	for (size_t i = 0; i < ROUTES; i++)
		if (routes[i].place == place)
			buf_addf(out, ", %s", routes[i].method);
}

static const struct route *find_route(enum place place, const char *method)
{
	for (size_t i = 0; i < ROUTES; i++)
		if (routes[i].place == place && strcmp(routes[i].method, method) == 0)
			return &routes[i];
	return NULL;
}

static void take_route(struct intake *in, const struct route *r, const struct uuid *id)
{
	if (!r->scope || admit_key(in->h, in->db, r->scope, &in->key))
		r->answer(in, *id->text ? id : NULL);
}

static void answer(struct service *s)
{
	struct intake in = {.h = s->h, .db = s->db, .conf = &s->conf};
	struct uuid id = {0};
	enum place place = find_place(in.h, &id);
	const char *method = get_method(in.h);
	const struct route *route = find_route(place, method);
	struct buf methods = {0};

	list_methods(place, &methods);
	tusrequest_set_cors(&in, buf_text(&methods));
	if (route)
		take_route(&in, route, &id);
	else if (place == NOWHERE)
		http_fail(in.h, DRIFT_ENOENT, "There is no such upload or track.");
	else if (strcmp(method, "OPTIONS") == 0)
		tusrequest_options(&in);
	else
		http_fail_method(in.h, buf_text(&methods));
	buf_clear(&methods);
}

int main(void)
{
	return service_run("upload.fcgi", answer);
}
