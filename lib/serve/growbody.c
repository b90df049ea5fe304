#include "serve/growbody.h"

#include "base/io.h"
#include "base/log.h"
#include "http/range.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#define PIECE_BYTES 65536
#define SHORT_BYTES 65536 /* a range that no process of its own is worth */
#define POLL_MS 100 /* between two looks at what has come */
#define NOTE_MS 1000 /* between two notes of where a listener is */
#define STALL_MS 60000 /* then who follows, if he is still there, has to come again */

/* Somebody who hears all of it. */
struct follower {
	struct delivery *d;
	const struct growbody *t;
	int fd; /* owned */
	int64_t at; /* byte that is sent next */
	int64_t waited_ms; /* since the last one */
	int64_t noted_ms; /* since the last note */
};

void growbody_fail_later(struct http *h, const char *sentence)
{
	http_set_header(h, "Retry-After", "1");
	http_fail(h, DRIFT_EBUSY, "%s", sentence);
}

static void fail(struct http *h, const struct growbody *t, enum drift_err err)
{
	/* whether it has become something else just now, or is gone, is seen next time */
	if (err == DRIFT_ENOENT || err == DRIFT_EIO)
		growbody_fail_later(h, t->gone);
	else
		http_fail(h, err, "The catalogue is away; try again in a moment.");
}

static enum drift_err copy(struct http *h, int fd, int64_t at, int64_t end)
{
	char piece[PIECE_BYTES];
	enum drift_err err = DRIFT_OK;

	for (; !err && at < end; at += PIECE_BYTES) {
		size_t len = end - at < PIECE_BYTES ? (size_t)(end - at) : PIECE_BYTES;

		err = io_pread_all(fd, piece, len, at);
		if (!err)
			err = http_write(h, piece, len);
	}
	return err;
}

/* --- a part of it ---------------------------------------------------------------------- */

static void send_part(struct delivery *d, const struct growbody *t, const struct range *r)
{
	enum drift_err err;
	int fd;

	err = t->open(t->context, &fd);
	if (err) {
		fail(d->h, t, err);
		return;
	}
	http_set_status(d->h, 206);
	http_set_header(d->h, "Content-Length", "%" PRId64, range_bytes(r));
	http_set_header(d->h, "Content-Range", "bytes %" PRId64 "-%" PRId64 "/*", r->first,
			r->last);
	err = copy(d->h, fd, r->first, r->last + 1);
	if (err && err != DRIFT_ECLOSED)
		log_error("growbody: bytes from %" PRId64 " on could not be sent", r->first);
	close(fd);
}

static void send_range(struct delivery *d, const struct growbody *t, struct range r,
		       const char *twin)
{
	struct growbody_reach reach;
	enum drift_err err;

	t->note(t->context, r.first);
	err = t->look(t->context, r.first, &reach);
	if (err) {
		fail(d->h, t, err);
		return;
	}
	if (reach.end <= r.first) {
		growbody_fail_later(d->h, t->missing);
		return;
	}
	if (r.last >= reach.end)
		r.last = reach.end - 1;
	if (!delivery_pass_on(d, range_bytes(&r), twin) &&
	    (range_bytes(&r) <= SHORT_BYTES || http_split(d->h)))
		send_part(d, t, &r);
}

/* --- all of it --------------------------------------------------------------------------- */

static void keep_noted(struct follower *f)
{
	f->noted_ms += POLL_MS;
	if (f->noted_ms < NOTE_MS)
		return;
	f->noted_ms = 0;
	f->t->note(f->t->context, f->at);
}

/* What has come since; DRIFT_EMORE when nothing came for too long. */
static enum drift_err send_more(struct follower *f, int64_t end)
{
	enum drift_err err;

	if (end > f->at) {
		err = copy(f->d->h, f->fd, f->at, end);
		f->at = end;
		f->waited_ms = 0;
		return err ? err : http_flush(f->d->h);
	}
	f->waited_ms += POLL_MS;
	return f->waited_ms < STALL_MS ? http_pause(f->d->h, POLL_MS) : DRIFT_EMORE;
}

static void follow(struct follower *f)
{
	struct growbody_reach reach = {0, GROWBODY_LENGTH_UNKNOWN};
	enum drift_err err = DRIFT_OK;

	f->t->note(f->t->context, 0);
	while (!err && f->at != reach.length) {
		err = f->t->look(f->t->context, f->at, &reach);
		if (!err)
			err = send_more(f, reach.end);
		keep_noted(f);
	}
	if (err && err != DRIFT_ECLOSED)
		log_info("growbody: a listener is left at byte %" PRId64, f->at);
}

static void send_all(struct delivery *d, const struct growbody *t, const char *twin)
{
	struct follower f = {.d = d, .t = t, .fd = -1};

	if (delivery_pass_on(d, INT64_MAX, twin) || !delivery_split(d))
		return;
	if (t->open(t->context, &f.fd) != DRIFT_OK) {
		fail(d->h, t, DRIFT_EIO);
		return;
	}
	follow(&f);
	close(f.fd);
}

/* --- requests --------------------------------------------------------------------------- */

/* A range that begins at 0 and has no end asks for all of it: whoever does not know what
   he asks for sends that. There is no tag that If-Range could agree with. */
static enum range_answer read_range(const struct http *h, const struct growbody *t,
				    struct range *out)
{
	const char *text = http_header(h, "Range");
	struct growbody_reach reach = {0, GROWBODY_LENGTH_UNKNOWN};
	struct ranges set;
	enum range_answer answer;

	if (!text || http_header(h, "If-Range") || strcmp(text, "bytes=0-") == 0)
		return RANGE_WHOLE;
	if (t->look(t->context, 0, &reach) != DRIFT_OK)
		return RANGE_WHOLE;
	answer = range_parse(
		text, reach.length == GROWBODY_LENGTH_UNKNOWN ? RANGE_BYTES_UNKNOWN : reach.length,
		&set);
	if (answer == RANGE_PARTS)
		*out = set.part[0];
	return answer;
}

/* The length that the verdict is by; without one there are only ranges of no bytes. */
static void fail_beyond(struct http *h, const struct growbody *t)
{
	struct growbody_reach reach;

	if (t->look(t->context, 0, &reach) == DRIFT_OK && reach.length != GROWBODY_LENGTH_UNKNOWN)
		http_set_header(h, "Content-Range", "bytes */%" PRId64, reach.length);
	http_fail(h, DRIFT_ERANGE, "The file will not have so many bytes.");
}

/* Not as an empty answer, which would have a length. */
static void send_head(struct http *h)
{
	if (http_write(h, "", 0) != DRIFT_OK)
		return; /* the client left */
}

void growbody_send(struct delivery *d, const struct growbody *t, const char *twin)
{
	struct range r;

	if (strcmp(http_method(d->h), "HEAD") == 0) {
		send_head(d->h);
		return;
	}
	switch (read_range(d->h, t, &r)) {
	case RANGE_WHOLE:
		send_all(d, t, twin);
		return;
	case RANGE_PARTS:
		send_range(d, t, r, twin);
		return;
	case RANGE_UNSATISFIABLE:
		fail_beyond(d->h, t);
	}
}
