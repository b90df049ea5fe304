#include "catalogue/track.h"

#include <stdio.h>
#include <string.h>

static void take_text(const struct db_rows *rows, int column, char out[TRACK_NAME_MAX])
{
	snprintf(out, TRACK_NAME_MAX, "%s", db_get_text(rows, 0, column));
}

enum drift_err track_get(struct db *db, const struct uuid *id, struct track *out)
{
	struct db_rows rows = {0};
	enum drift_err err =
		db_call(db,
			"SELECT version, private, source_name, mime, opus_name, opus_seekidx_name,"
			" opus_error IS NOT NULL, remux_seekidx_name, remux_playlist_name,"
			" remux_master_name"
			" FROM drift.track_get($1)",
			DB_ARGS(db_uuid(id)), &rows);

	if (err)
		return err;
	out->id = *id;
	out->version = (int)db_get_int(&rows, 0, 0);
	out->is_private = db_get_bool(&rows, 0, 1);
	take_text(&rows, 2, out->source_name);
	take_text(&rows, 3, out->source_mime);
	take_text(&rows, 4, out->opus_name);
	take_text(&rows, 5, out->seekidx_name);
	out->opus_failed = db_get_bool(&rows, 0, 6);
	take_text(&rows, 7, out->remux_seekidx_name);
	take_text(&rows, 8, out->remux_playlist_name);
	take_text(&rows, 9, out->remux_master_name);
	db_rows_clear(&rows);
	return DRIFT_OK;
}
