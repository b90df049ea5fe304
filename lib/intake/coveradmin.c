#include "intake/coveradmin.h"

#include "catalogue/track.h"
#include "format/facts.h"
#include "intake/trackadmin.h"
#include "make/cover.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

static int64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void set(const struct intake *in, const struct track *t, const struct cover *cover)
{
	const char *name = *cover->name ? cover->name : NULL;
	const char *small = *cover->small ? cover->small : NULL;

	trackadmin_send(in, 200, "SELECT drift.cover_set($1, $2, $3, $4, $5)",
			DB_ARGS(db_uuid(&t->id), db_int(t->version), db_text(name),
				db_text(cover->mime), db_text(small)));
}

/* A name of its own: under it nothing else is ever served. */
static void store(const struct intake *in, const struct track *t, const struct buf *body)
{
	char stem[COVER_NAME_MAX / 2], reason[COVER_REASON_MAX] = "";
	const struct cover_picture picture = {
		.data = body->data,
		.len = body->len,
		.stem = stem,
		.mtime_us = now_us(),
	};
	struct cover cover;
	enum drift_err err;

	snprintf(stem, sizeof(stem), "cover-%" PRIx64, picture.mtime_us);
	err = cover_store(in->conf, &t->id, t->version, &picture, &cover, reason);
	if (err == DRIFT_EMEDIA)
		http_fail(in->h, err, "The picture cannot be taken: %s.", reason);
	else if (err)
		http_fail(in->h, err, "The picture cannot be stored now.");
	else
		set(in, t, &cover);
}

/* False: answered. A track of which nothing is stored has no folder. */
static bool find(const struct intake *in, const struct uuid *id, struct track *out)
{
	enum drift_err err = track_get(in->db, id, out);

	if (err)
		intake_fail(in, NULL, err);
	else if (out->version == 0)
		http_fail(in->h, DRIFT_EBUSY, "This track is still being uploaded.");
	else
		return true;
	return false;
}

void coveradmin_put(const struct intake *in, const struct uuid *id)
{
	struct track track;
	struct buf body = {0};
	enum drift_err err;

	if (!find(in, id, &track))
		return;
	err = http_read_body(in->h, DECODER_COVER_MAX, &body);
	if (err == DRIFT_ELARGE)
		http_fail(in->h, err, "The picture has more than %d bytes.", DECODER_COVER_MAX);
	else if (err)
		http_fail(in->h, DRIFT_EINVAL, "The body ended early.");
	else
		store(in, &track, &body);
	buf_clear(&body);
}

void coveradmin_delete(const struct intake *in, const struct uuid *id)
{
	struct track track;

	if (find(in, id, &track))
		set(in, &track, &(struct cover){0});
}
