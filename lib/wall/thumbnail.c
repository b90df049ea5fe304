#include "wall/thumbnail.h"

#include "wall/child.h"
#include "wall/shrinkwire.h"
#include "wall/wire.h"

#include <stdio.h>
#include <string.h>

#define CPU_SECONDS 10 /* a picture takes a tenth of one */
#define CPU_GRACE_SECONDS 2 /* between SIGXCPU and SIGKILL */
#define PATIENCE_MS 30000

static enum drift_err say(struct child *c, const struct shrinkwire *w)
{
	return wire_send(c->socket, w, sizeof(*w), -1);
}

/* What kills the child is in the picture. */
static enum drift_err hear(struct child *c, struct shrinkwire *w, char *reason)
{
	int64_t patience_ms = PATIENCE_MS;
	size_t got;
	enum drift_err err = child_hear(c, w, sizeof(*w), &got, &patience_ms);

	if (!err && got == sizeof(*w) && w->type == SHRINKWIRE_DONE)
		return DRIFT_OK;
	if (!err && got == sizeof(*w) && w->type == SHRINKWIRE_REFUSED) {
		wire_clean(w->text, sizeof(w->text));
		snprintf(reason, THUMBNAIL_REASON_MAX, "%s", w->text);
	} else {
		return child_end(c, err == DRIFT_EMORE, reason, THUMBNAIL_REASON_MAX);
	}
	return DRIFT_EMEDIA;
}

static enum drift_err greet(struct child *c, int64_t memory_mb, char *reason)
{
	struct shrinkwire w = {.type = SHRINKWIRE_LIMITS};

	w.limits = (struct walls_limits){
		.memory_bytes = memory_mb << 20,
		.cpu_seconds = CPU_SECONDS,
		.cpu_seconds_end = CPU_SECONDS + CPU_GRACE_SECONDS,
		.descriptors = WIRE_SOURCE, /* none beyond the standard ones */
	};
	return say(c, &w) || hear(c, &w, reason) ? DRIFT_EIO : DRIFT_OK;
}

/* The child could still write there: it is copied, then looked at. */
static enum drift_err take(const struct child *c, int64_t bytes, struct buf *out, char *reason)
{
	size_t before = out->len;

	if (bytes < 4 || bytes > (int64_t)WIRE_FORBIDDEN_AT) {
		snprintf(reason, THUMBNAIL_REASON_MAX, "the decoder lied about it");
		return DRIFT_EMEDIA;
	}
	buf_add(out, c->memory, (size_t)bytes);
	if (!buf_ok(out))
		return DRIFT_ENOMEM;
	if (memcmp(out->data + before, "\xff\xd8\xff", 3) == 0)
		return DRIFT_OK;
	out->len = before;
	snprintf(reason, THUMBNAIL_REASON_MAX, "the decoder lied about it");
	return DRIFT_EMEDIA;
}

static enum drift_err ask(struct child *c, const void *data, size_t len, struct buf *out,
			  char *reason)
{
	struct shrinkwire w = {
		.type = SHRINKWIRE_SHRINK,
		.side = THUMBNAIL_SIDE,
		.bytes = (int64_t)len,
	};
	enum drift_err err;

	memcpy(c->memory, data, len);
	if (say(c, &w) != DRIFT_OK)
		return DRIFT_EIO;
	err = hear(c, &w, reason);
	return err ? err : take(c, w.bytes, out, reason);
}

enum drift_err thumbnail_make(const char *program, int64_t memory_mb, const void *data, size_t len,
			      struct buf *out, char reason[THUMBNAIL_REASON_MAX])
{
	struct child c = CHILD_NONE;
	enum drift_err err = DRIFT_EMEDIA;

	snprintf(reason, THUMBNAIL_REASON_MAX, "it is empty, or too large");
	if (len > 0 && len <= WIRE_FORBIDDEN_AT) {
		err = child_start(&c, program);
		if (!err)
			err = greet(&c, memory_mb, reason);
		if (!err)
			err = ask(&c, data, len, out, reason);
	}
	child_clear(&c);
	return err;
}
