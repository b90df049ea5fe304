#include "intake/reprdigest.h"

#include "base/digest.h"
#include "base/io.h"
#include "base/log.h"
#include "http/digestfield.h"

#include <stdlib.h>
#include <string.h>

#define FIELD "Repr-Digest"
#define PIECE_BYTES ((size_t)256 << 10)

bool reprdigest_read(struct http *h, struct buf *metadata)
{
	const char *text = http_header(h, FIELD);
	struct digest_value value;
	bool found = false;

	if (digestfield_parse(text, &found, &value) != DRIFT_OK) {
		http_fail(h, DRIFT_EINVAL, FIELD " has to be like sha-256=:BASE64:.");
		return false;
	}
	if (!found)
		return true;
	buf_add_text(metadata, "{\"" FIELD "\": ");
	buf_add_json(metadata, text);
	buf_add_text(metadata, "}");
	if (!buf_ok(metadata))
		http_fail(h, DRIFT_ENOMEM, "There is no memory for " FIELD ".");
	return buf_ok(metadata);
}

/* found: whether anything was told. */
static enum drift_err find(struct db *db, const struct uuid *id, bool *found,
			   struct digest_value *out)
{
	struct db_rows rows = {0};
	enum drift_err err = db_call(db, "SELECT drift.upload_metadata($1) ->> '" FIELD "'",
				     DB_ARGS(db_uuid(id)), &rows);

	*found = false;
	if (err)
		return err;
	/* what a tus client says under that name need not be one */
	if (!db_is_null(&rows, 0, 0) &&
	    digestfield_parse(db_get_text(&rows, 0, 0), found, out) != DRIFT_OK)
		*found = false;
	db_rows_clear(&rows);
	return DRIFT_OK;
}

static enum drift_err add_file(struct digest *d, const struct upload *u)
{
	uint8_t *piece = malloc(PIECE_BYTES);
	enum drift_err err = piece ? DRIFT_OK : DRIFT_ENOMEM;

	for (int64_t at = 0; !err && at < u->length; at += (int64_t)PIECE_BYTES) {
		int64_t left = u->length - at;
		size_t len = left < (int64_t)PIECE_BYTES ? (size_t)left : PIECE_BYTES;

		err = io_pread_all(u->fd, piece, len, at);
		if (err)
			log_errno("reprdigest: read %s", u->id.text);
		else
			digest_add(d, piece, len);
	}
	free(piece);
	return err;
}

static enum drift_err compare(const struct upload *u, const struct digest_value *told)
{
	uint8_t bytes[DIGEST_MAX];
	struct digest d;
	enum drift_err err = digest_init(&d, told->kind);

	if (err)
		return err;
	err = add_file(&d, u);
	digest_finish(&d, bytes);
	digest_clear(&d);
	if (err)
		return err;
	return memcmp(bytes, told->bytes, digest_size(told->kind)) == 0 ? DRIFT_OK
									: DRIFT_ECHECKSUM;
}

enum drift_err reprdigest_check(const struct conf *conf, struct db *db, struct upload *u)
{
	struct digest_value told;
	bool found;
	enum drift_err err = find(db, &u->id, &found, &told);

	if (err || !found)
		return err;
	err = compare(u, &told);
	if (err == DRIFT_ECHECKSUM)
		upload_fail(conf, db, u,
			    "The file differs from its " FIELD
			    ": it did not arrive as it was sent.");
	return err;
}
