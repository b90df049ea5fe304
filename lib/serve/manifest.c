#include "serve/manifest.h"

#include "base/buf.h"
#include "serve/virtual.h"

#include <stdio.h>

#define ATTEMPTS 3 /* each is lost only if the audio is replaced meanwhile */

/* DRIFT_EBUSY: the present version is no longer that of the link. */
static enum drift_err read_once(struct delivery *d, const struct track *t, struct buf *out)
{
	struct db_rows rows = {0};
	struct store_token token;
	struct buf made = {0}; /* what is encoded on demand */
	char media[256];
	enum drift_err err = delivery_link(d, t, &token);

	if (!err && virtual_has_opus(d, t))
		err = virtual_describe(d, t, &made);
	if (err)
		return err;
	snprintf(media, sizeof(media), "%s/media/%s", http_site(d->h), token.text);
	err = db_call(d->db,
		      "SELECT m, m ->> 'version' FROM drift.manifest($1, $2, $3, $4::jsonb) AS m",
		      DB_ARGS(db_uuid(&t->id), db_text(http_site(d->h)), db_text(media),
			      db_text(made.len ? buf_text(&made) : NULL)),
		      &rows);
	buf_clear(&made);
	if (err)
		return err;
	if (db_get_int(&rows, 0, 1) == t->version)
		buf_add_text(out, db_get_text(&rows, 0, 0));
	else
		err = DRIFT_EBUSY;
	db_rows_clear(&rows);
	if (err)
		return err;
	return buf_ok(out) ? DRIFT_OK : DRIFT_ENOMEM;
}

static enum drift_err read(struct delivery *d, const struct track *t, struct buf *out)
{
	struct track now = *t;
	enum drift_err err = DRIFT_EBUSY;

	for (int i = 0; err == DRIFT_EBUSY && i < ATTEMPTS; i++) {
		err = i > 0 ? track_get(d->db, &t->id, &now) : DRIFT_OK;
		if (!err)
			err = read_once(d, &now, out);
	}
	return err;
}

void manifest_send(struct delivery *d, const struct track *t)
{
	struct buf json = {0};
	enum drift_err err = read(d, t, &json);

	if (err == DRIFT_ENOENT)
		http_fail(d->h, err, "There is no such track.");
	else if (err)
		http_fail(d->h, err, "The manifest cannot be made now.");
	else
		delivery_send_json(d, t, &json);
	buf_clear(&json);
}
