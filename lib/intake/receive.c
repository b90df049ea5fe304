#include "intake/receive.h"

#include "base/clock.h"
#include "base/digest.h"
#include "base/io.h"
#include "base/log.h"
#include "intake/inspect.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#define BUFFER_BYTES ((size_t)256 << 10)
#define FLOW_BYTES ((int64_t)8 << 20) /* then the disk is told to begin */
#define PAGE_BYTES ((int64_t)4096)
#define WAIT_MS 1000 /* between two looks whether we are still the writer */
#define MORE_MS 10 /* what comes that soon goes into the same write */
#define STEP_MS 1000
#define FIRST_STEP_MS 250 /* somebody may wait to hear it */

struct state {
	struct http *h;
	struct db *db;
	struct upload *u;
	struct receive *r;
	uint8_t *buffer; /* BUFFER_BYTES, owned */
	struct digest checksum; /* of this body; empty unless asked for */
	struct digest whole; /* of the upload; empty unless this body is all of it */
	int64_t at; /* written so far */
	int64_t step_ms; /* between two acknowledgements */
	int64_t flown; /* handed to the disk so far */
	int64_t step_at_ms; /* when was the last acknowledgement */
	int64_t idle_ms;
};

static enum drift_err start(struct state *s)
{
	enum drift_err err = DRIFT_OK;

	s->buffer = malloc(BUFFER_BYTES);
	if (!s->buffer)
		return DRIFT_ENOMEM;
	if (s->r->checksum)
		err = digest_init(&s->checksum, s->r->checksum->kind);
	s->step_ms = FIRST_STEP_MS;
	if (!err && s->at == 0)
		err = digest_init(&s->whole, DIGEST_SHA256);
	s->step_at_ms = clock_ms();
	return err;
}

static void end(struct state *s)
{
	digest_clear(&s->checksum);
	digest_clear(&s->whole);
	free(s->buffer);
}

static enum drift_err acknowledge(struct state *s, int64_t to)
{
	enum drift_err err = upload_acknowledge(s->db, s->u, s->r->kept, to);

	if (!err)
		s->r->kept = to;
	if (!err && s->u->is_probe_due)
		inspect_run(s->r->conf, s->db, s->u);
	return err;
}

/* A body with a checksum is nothing before its end is seen; the row is asked
   all the same, so that this writer notices the next one. */
static enum drift_err step(struct state *s)
{
	s->step_at_ms = clock_ms();
	s->step_ms = STEP_MS;
	return acknowledge(s, s->r->checksum ? s->r->kept : s->at);
}

/* Without this the kernel writes nothing before the fdatasync, and the disk
   rests while the body arrives. */
static void flow(struct state *s)
{
	if (s->at - s->flown < FLOW_BYTES)
		return;
	io_begin_sync(s->u->fd, s->flown, s->at - s->flown);
	s->flown = s->at;
}

static bool is_step_due(const struct state *s)
{
	return clock_ms() - s->step_at_ms >= s->step_ms;
}

static enum drift_err put(struct state *s, size_t len)
{
	enum drift_err err = io_pwrite_all(s->u->fd, s->buffer, len, s->at);

	if (err) {
		log_errno("receive: write %s", s->u->id.text);
		return err;
	}
	digest_add(&s->checksum, s->buffer, len);
	digest_add(&s->whole, s->buffer, len);
	s->at += (int64_t)len;
	s->idle_ms = 0;
	flow(s);
	if (s->at - s->r->kept >= RECEIVE_STEP || is_step_due(s))
		return step(s);
	return DRIFT_OK;
}

static enum drift_err idle(struct state *s)
{
	s->idle_ms += WAIT_MS;
	return s->idle_ms >= RECEIVE_IDLE_MS ? DRIFT_EMORE : step(s);
}

/* One byte past the limit is asked for, to know that there is one. Writes end where
   pages do: the kernel clears the rest of a page that is new and not filled. */
static size_t room(const struct state *s)
{
	int64_t left = s->r->limit - s->at;
	int64_t most = (int64_t)BUFFER_BYTES - s->at % PAGE_BYTES;

	return (size_t)(left >= most ? most : left + (left == 0));
}

static enum drift_err take(struct state *s, void *data, size_t max, int wait_ms, size_t *got)
{
	const struct receive_source *source = s->r->source;

	return source ? source->read(source->context, data, max, wait_ms, got)
		      : http_read(s->h, data, max, wait_ms, got);
}

/* libfcgi gives 8 KiB at most, and a write of so little costs more than its bytes. What
   ended the reading is told by the next call when something came before it. */
static enum drift_err fill(struct state *s, size_t *got)
{
	size_t max = room(s), len = 0, n = 0;
	enum drift_err err;

	do {
		err = take(s, s->buffer + len, max - len, len ? MORE_MS : WAIT_MS, &n);
		if (!err)
			len += n;
	} while (!err && n > 0 && len < max && !is_step_due(s));
	if (len == 0)
		return err;
	*got = len;
	return DRIFT_OK;
}

static enum drift_err pump(struct state *s)
{
	for (;;) {
		size_t got = 0;
		enum drift_err err = fill(s, &got);

		if (err == DRIFT_EMORE)
			err = idle(s);
		else if (!err && got == 0)
			return DRIFT_OK;
		else if (!err && s->at == s->r->limit)
			return DRIFT_ELARGE;
		else if (!err)
			err = put(s, got);
		if (err)
			return err;
	}
}

/* The server may have cut the body (LimitRequestBody) and called that its end. */
static enum drift_err compare_length(const struct state *s)
{
	int64_t announced = s->r->source ? -1 : http_content_length(s->h);

	return announced >= 0 && s->at - s->r->from < announced ? DRIFT_EMORE : DRIFT_OK;
}

static enum drift_err compare_checksum(struct state *s)
{
	uint8_t digest[DIGEST_MAX];

	if (!s->r->checksum)
		return DRIFT_OK;
	digest_finish(&s->checksum, digest);
	return memcmp(digest, s->r->checksum->bytes, digest_size(s->r->checksum->kind)) == 0
		       ? DRIFT_OK
		       : DRIFT_ECHECKSUM;
}

static void tell_sha256(struct state *s)
{
	uint8_t digest[DIGEST_MAX];

	if (!s->whole.context || s->u->received != s->at)
		return;
	digest_finish(&s->whole, digest);
	digest_hex(digest, digest_size(DIGEST_SHA256), s->u->sha256);
}

/* Whatever ended the body, what came of it is kept: only a failed write or
   another writer leaves nothing to acknowledge. */
static enum drift_err keep(struct state *s, enum drift_err ended)
{
	bool ours = ended == DRIFT_OK || ended == DRIFT_EMORE || ended == DRIFT_ECLOSED ||
		    ended == DRIFT_ELARGE || ended == DRIFT_ENOSPC;
	enum drift_err err;

	if (!ours || s->at == s->r->kept || (s->r->checksum && ended))
		return ended;
	err = acknowledge(s, s->at);
	return ended ? ended : err;
}

enum drift_err receive_body(struct http *h, struct db *db, struct upload *u, struct receive *r)
{
	struct state s = {.h = h, .db = db, .u = u, .r = r, .at = r->from, .flown = r->from};
	enum drift_err err = start(&s);

	r->kept = r->from;
	if (!err)
		err = pump(&s);
	if (!err)
		err = compare_length(&s);
	if (!err)
		err = compare_checksum(&s);
	err = keep(&s, err);
	if (!err)
		tell_sha256(&s);
	end(&s);
	return err;
}
