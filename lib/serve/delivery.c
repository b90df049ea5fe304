#include "serve/delivery.h"

#include "base/fnv.h"
#include "base/log.h"
#include "http/precondition.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define SHORT_BYTES 65536 /* a body that no program waits for: it goes out at once */

/* A file that is there, and what its size and time say. */
struct stored {
	struct store_path path;
	struct store_etag etag;
	struct filebody body; /* without a descriptor until it is copied */
};

struct delivery delivery_of(struct service *s)
{
	return (struct delivery){.h = s->h, .db = s->db, .conf = &s->conf, .service = s};
}

bool delivery_split(struct delivery *d)
{
	bool is_ours = service_split(d->service);

	d->db = d->service->db;
	return is_ours;
}

static bool find_file(const struct delivery *d, const struct track *t, const char *name,
		      const char *mime, struct stored *out)
{
	struct stat st;

	out->path = store_file(d->conf, &t->id, t->version, name);
	if (stat(out->path.text, &st) < 0) {
		log_errno("delivery: %s", out->path.text);
		return false;
	}
	out->etag = store_etag(st.st_size,
			       st.st_mtim.tv_sec * (int64_t)1000000 + st.st_mtim.tv_nsec / 1000);
	out->body = (struct filebody){
		.fd = -1,
		.bytes = st.st_size,
		.mime = mime,
		.validators = {out->etag.text, st.st_mtim.tv_sec},
	};
	return true;
}

static bool server_is(const struct http *h, const char *name)
{
	const char *software = http_param(h, "SERVER_SOFTWARE");

	return software && strncmp(software, name, strlen(name)) == 0;
}

static enum conf_handover find_way(const struct delivery *d)
{
	if (d->conf->handover != CONF_HANDOVER_AUTO)
		return d->conf->handover;
	if (server_is(d->h, "lighttpd"))
		return CONF_HANDOVER_SENDFILE;
	if (server_is(d->h, "Apache"))
		return CONF_HANDOVER_REDIRECT;
	return CONF_HANDOVER_COPY;
}

enum drift_err delivery_link(struct delivery *d, const struct track *t, struct store_token *out)
{
	int64_t epoch = store_epoch(d->conf, t->is_private, time(NULL));
	enum drift_err err = service_find_secret(d->service);
	struct store_token token;

	if (err)
		return err;
	token = store_token(d->service->secret, &t->id, t->version, epoch);
	err = store_link(d->conf, &token, &t->id, t->version);
	if (!err)
		*out = token;
	return err;
}

/* Is the request decided by its preconditions? True: it is answered (304, 412). */
static bool is_settled(struct http *h, const char *etag, int64_t modified)
{
	const struct validators v = {etag, modified};
	const struct precondition p = {
		.if_match = http_header(h, "If-Match"),
		.if_none_match = http_header(h, "If-None-Match"),
		.if_modified_since = http_header(h, "If-Modified-Since"),
		.if_unmodified_since = http_header(h, "If-Unmodified-Since"),
	};

	switch (precondition_check(&p, &v)) {
	case PRECONDITION_SEND:
		return false;
	case PRECONDITION_NOT_MODIFIED:
		http_set_status(h, 304);
		http_set_header(h, "ETag", "%s", etag);
		http_send_empty(h);
		return true;
	case PRECONDITION_FAILED:
		http_fail(h, DRIFT_EPRECONDITION, "There is another version of it by now.");
		return true;
	}
	return false;
}

/* Public tracks may be kept by anybody who asks again each time: the URL outlives
   the version. */
static const char *caching(const struct track *t)
{
	return t->is_private ? "private, no-cache" : "no-cache";
}

static const char *caching_for_ever(const struct track *t)
{
	return t->is_private ? "private, max-age=31536000, immutable"
			     : "public, max-age=31536000, immutable";
}

static void set_caching(struct http *h, const struct track *t)
{
	http_set_header(h, "Cache-Control", "%s", caching(t));
}

/* lighttpd: time and ranges are its own, by the tag that we give. */
static void send_by_path(struct delivery *d, const struct stored *file)
{
	http_set_header(d->h, "Content-Type", "%s", file->body.mime);
	http_set_header(d->h, "ETag", "%s", file->etag.text);
	http_set_header(d->h, "X-Sendfile", "%s", file->path.text);
	http_hand_over(d->h);
}

/* Apache: with a validator beside Location it answers 304 and shows the path. */
static void send_by_redirect(struct delivery *d, const struct track *t, const char *name)
{
	struct store_token token;
	enum drift_err err = delivery_link(d, t, &token);

	if (err) {
		http_fail(d->h, err, "The file cannot be handed over now.");
		return;
	}
	http_set_header(d->h, "Location", "%s/media/%s/%s", http_site(d->h), token.text, name);
	http_hand_over(d->h);
}

void delivery_send_elsewhere(struct delivery *d, const struct track *t, const char *name)
{
	struct store_token token;
	enum drift_err err = delivery_link(d, t, &token);

	if (err) {
		http_fail(d->h, err, "The file cannot be handed over now.");
		return;
	}
	http_set_status(d->h, 302);
	set_caching(d->h, t);
	/* absolute: a path alone would be an internal redirect to Apache (RFC 3875 6.2.2) */
	http_set_header(d->h, "Location", "%s%s/media/%s/%s", http_origin(d->h), http_site(d->h),
			token.text, name);
	http_send_empty(d->h);
}

static void send_to_twin(struct delivery *d, const char *twin)
{
	http_forget_headers(d->h); /* the twin sets them again */
	http_set_header(d->h, "Location", "%s", twin);
	http_hand_over(d->h);
}

static void send_copy(struct delivery *d, struct stored *file)
{
	file->body.fd = open(file->path.text, O_RDONLY | O_CLOEXEC);
	if (file->body.fd < 0) {
		log_errno("delivery: open %s", file->path.text);
		http_fail(d->h, DRIFT_EIO, "The file cannot be read.");
		return;
	}
	filebody_send(d->h, &file->body);
	close(file->body.fd);
}

bool delivery_pass_on(struct delivery *d, int64_t bytes, const char *twin)
{
	if (!server_is(d->h, "Apache") || http_is_cgi(d->h) || bytes <= SHORT_BYTES)
		return false;
	send_to_twin(d, twin);
	return true;
}

static void send_stored(struct delivery *d, const struct track *t, const char *name,
			const char *mime, const char *cached, const char *twin)
{
	struct stored file;

	if (!find_file(d, t, name, mime, &file)) {
		http_fail(d->h, DRIFT_EIO, "The file is not in the store.");
		return;
	}
	http_set_header(d->h, "Cache-Control", "%s", cached);
	if (is_settled(d->h, file.etag.text, file.body.validators.modified) ||
	    filebody_is_beyond(d->h, &file.body))
		return;
	switch (find_way(d)) {
	case CONF_HANDOVER_SENDFILE:
		send_by_path(d, &file);
		break;
	case CONF_HANDOVER_REDIRECT:
		send_by_redirect(d, t, name);
		break;
	default:
		if (!twin || !delivery_pass_on(d, filebody_length(d->h, &file.body), twin))
			send_copy(d, &file);
		break;
	}
}

void delivery_send(struct delivery *d, const struct track *t, const char *name, const char *mime,
		   const char *twin)
{
	send_stored(d, t, name, mime, caching(t), twin);
}

void delivery_send_fixed(struct delivery *d, const struct track *t, const char *name,
			 const char *mime)
{
	send_stored(d, t, name, mime, caching_for_ever(t), NULL);
}

/* Does it take no time to make, and none to send? What is short and there is; all is looked at,
   as it tells the maker what is to come. */
static bool is_quick(const struct http *h, const struct filebody *body, int64_t length)
{
	return length == 0 || (filebody_is_there(h, body) && length <= SHORT_BYTES);
}

bool delivery_send_made(struct delivery *d, const struct track *t, const struct filebody *body,
			const char *twin)
{
	int64_t length = filebody_length(d->h, body);

	set_caching(d->h, t);
	if (is_settled(d->h, body->validators.etag, body->validators.modified) ||
	    filebody_is_beyond(d->h, body) || delivery_pass_on(d, length, twin))
		return false;
	if (!is_quick(d->h, body, length) && !http_split(d->h))
		return true;
	filebody_send(d->h, body);
	return false;
}

void delivery_send_bytes(struct delivery *d, const struct track *t, const char *mime,
			 const struct buf *bytes)
{
	char etag[48];

	snprintf(etag, sizeof(etag), "\"%zx-%08" PRIx32 "\"", bytes->len,
		 fnv_bytes(bytes->data, bytes->len));
	set_caching(d->h, t);
	if (is_settled(d->h, etag, -1))
		return;
	http_set_header(d->h, "ETag", "%s", etag);
	http_send(d->h, mime, bytes->data, bytes->len);
}

void delivery_send_json(struct delivery *d, const struct track *t, const struct buf *json)
{
	delivery_send_bytes(d, t, "application/json", json);
}
