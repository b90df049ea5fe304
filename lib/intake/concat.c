#include "intake/concat.h"

#include "base/io.h"
#include "base/log.h"

#include <errno.h>
#include <sys/sendfile.h>
#include <unistd.h>

#define STEP_BYTES ((int64_t)128 << 20) /* between two acknowledgements */

static enum drift_err list_parts(struct db *db, const struct upload *u, struct db_rows *rows)
{
	return db_call(db, "SELECT part, bytes FROM drift.upload_parts($1)",
		       DB_ARGS(db_uuid(&u->id)), rows);
}

/* Some bytes of a part to where they belong: where no system call of today does it, an
   older one. */
static ssize_t copy_some(int from, int64_t at, int to, int64_t place, int64_t bytes)
{
	loff_t in = at, out = place;
	ssize_t n = copy_file_range(from, &in, to, &out, (size_t)bytes, 0);

	if (n >= 0 || (errno != EXDEV && errno != EINVAL && errno != EOPNOTSUPP && errno != ENOSYS))
		return n;
	if (lseek(to, place, SEEK_SET) < 0)
		return -1;
	return sendfile(to, from, &at, (size_t)bytes);
}

/* The part's file into the upload's, from its byte at on, and on to its end. */
static enum drift_err copy_part(struct db *db, struct upload *u, int from, int64_t at, int64_t end)
{
	enum drift_err err = DRIFT_OK;
	int64_t base = u->received - at;

	while (!err && at < end) {
		int64_t left = end - at;
		ssize_t n = copy_some(from, at, u->fd, base + at,
				      left < STEP_BYTES ? left : STEP_BYTES);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			log_errno("concat: copy to %s", u->id.text);
			return n < 0 ? io_err(errno) : DRIFT_EIO;
		}
		err = upload_acknowledge(db, u, base + at, base + at + n);
		at += n;
	}
	return err;
}

/* begin: of the part in the upload. What of it is there already is left alone. */
static enum drift_err add_part(const struct conf *conf, struct db *db, struct upload *u,
			       const struct uuid *part, int64_t begin, int64_t bytes)
{
	int64_t have = u->received - begin;
	enum drift_err err;
	int fd;

	if (have >= bytes)
		return DRIFT_OK;
	err = upload_open_read(conf, part, &fd);
	if (err)
		return err;
	err = copy_part(db, u, fd, have, bytes);
	close(fd);
	return err;
}

static enum drift_err add_parts(const struct conf *conf, struct db *db, struct upload *u,
				const struct db_rows *parts)
{
	enum drift_err err = DRIFT_OK;
	int64_t begin = 0;

	for (int i = 0; !err && i < parts->count; i++) {
		struct uuid part = db_get_uuid(parts, i, 0);
		int64_t bytes = db_get_int(parts, i, 1);

		if (db_is_null(parts, i, 1)) {
			upload_fail(conf, db, u, "A part of it is no longer there: send it again.");
			return DRIFT_EGONE;
		}
		err = add_part(conf, db, u, &part, begin, bytes);
		begin += bytes;
	}
	return err;
}

enum drift_err concat_run(const struct conf *conf, struct db *db, struct upload *u)
{
	struct db_rows parts = {0};
	enum drift_err err = upload_open(conf, db, u, 0, UPLOAD_END_UNKNOWN);

	if (err)
		return err == DRIFT_ECONFLICT ? DRIFT_OK : err;
	err = list_parts(db, u, &parts);
	if (!err)
		err = add_parts(conf, db, u, &parts);
	db_rows_clear(&parts);
	upload_close(db, u);
	return err;
}

void concat_drop_parts(const struct conf *conf, struct db *db, const struct upload *u)
{
	struct db_rows parts = {0};

	if (list_parts(db, u, &parts) != DRIFT_OK)
		return; /* they expire */
	for (int i = 0; i < parts.count; i++) {
		struct uuid part = db_get_uuid(&parts, i, 0);

		if (!db_is_null(&parts, i, 1) && upload_delete(conf, db, &part) != DRIFT_OK)
			log_info("concat: the part %s stays until it expires", part.text);
	}
	db_rows_clear(&parts);
}
