#include "make/cover.h"

#include "base/io.h"
#include "base/log.h"
#include "catalogue/artifact.h"
#include "catalogue/store.h"
#include "format/facts.h"
#include "format/sniff.h"
#include "wall/thumbnail.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SHRINK_PROGRAM "drift-shrink"

const char *cover_mime(const char *name)
{
	const char *dot = strrchr(name, '.');

	return dot && strcmp(dot, ".png") == 0 ? "image/png" : "image/jpeg";
}

static enum drift_err make_small(const struct conf *conf, const struct cover_picture *p,
				 struct buf *out, char *reason)
{
	return thumbnail_make(conf_program(conf, SHRINK_PROGRAM).text, conf->decode_memory_mb,
			      p->data, p->len, out, reason);
}

static enum drift_err put(const struct conf *conf, const struct uuid *track, int version,
			  const struct cover_picture *p, const struct buf *small,
			  const struct cover *names)
{
	struct buf whole = {0};
	enum drift_err err = DRIFT_ENOMEM;

	buf_add(&whole, p->data, p->len);
	if (buf_ok(&whole))
		err = artifact_put_first(conf, track, version, names->name, &whole, p->mtime_us);
	if (!err)
		err = artifact_put_first(conf, track, version, names->small, small, p->mtime_us);
	buf_clear(&whole);
	return err;
}

enum drift_err cover_store(const struct conf *conf, const struct uuid *track, int version,
			   const struct cover_picture *picture, struct cover *out,
			   char reason[COVER_REASON_MAX])
{
	struct cover made = {.mime = sniff_picture(picture->data, picture->len)};
	struct buf small = {0};
	enum drift_err err = make_small(conf, picture, &small, reason);

	if (!err) {
		snprintf(made.name, sizeof(made.name), "%s.%s", picture->stem,
			 strcmp(made.mime, "image/png") == 0 ? "png" : "jpg");
		snprintf(made.small, sizeof(made.small), "%s-small.jpg", picture->stem);
		err = put(conf, track, version, picture, &small, &made);
	}
	if (!err)
		*out = made;
	buf_clear(&small);
	return err;
}

/* --- from version to version ------------------------------------------------------ */

static enum drift_err read_file(const char *path, struct buf *out, int64_t *mtime_us)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	enum drift_err err = DRIFT_EIO;
	struct stat st;

	if (fd >= 0 && fstat(fd, &st) == 0) {
		err = io_add_file(fd, DECODER_COVER_MAX, out);
		*mtime_us = (int64_t)st.st_mtim.tv_sec * 1000000 + st.st_mtim.tv_nsec / 1000;
	}
	if (err)
		log_errno("cover: read %s", path);
	if (fd >= 0)
		close(fd);
	return err;
}

static enum drift_err copy(const struct conf *conf, const struct uuid *track, int from, int to,
			   const char *name)
{
	struct store_path path = store_file(conf, track, from, name);
	struct buf bytes = {0};
	int64_t mtime_us = 0;
	enum drift_err err = *name ? read_file(path.text, &bytes, &mtime_us) : DRIFT_OK;

	if (!err && *name)
		err = artifact_put_first(conf, track, to, name, &bytes, mtime_us);
	buf_clear(&bytes);
	return err;
}

static void read_names(const struct db_rows *rows, int first, struct cover *out)
{
	snprintf(out->name, sizeof(out->name), "%s", db_get_text(rows, 0, first));
	snprintf(out->small, sizeof(out->small), "%s", db_get_text(rows, 0, first + 1));
	out->mime = *out->name ? cover_mime(out->name) : NULL;
}

enum drift_err cover_carry(const struct conf *conf, struct db *db, const struct uuid *track,
			   int version, struct cover *out, bool *is_chosen)
{
	struct db_rows rows = {0};
	struct cover chosen;
	int from;
	enum drift_err err = db_call(db, "SELECT version, name, small FROM drift.cover_chosen($1)",
				     DB_ARGS(db_uuid(track)), &rows);

	if (err)
		return err;
	*is_chosen = rows.count > 0;
	if (*is_chosen) {
		from = (int)db_get_int(&rows, 0, 0);
		read_names(&rows, 1, &chosen);
		err = copy(conf, track, from, version, chosen.name);
		if (!err)
			err = copy(conf, track, from, version, chosen.small);
		if (!err)
			*out = chosen;
	}
	db_rows_clear(&rows);
	return err;
}

enum drift_err cover_get(struct db *db, const struct uuid *track, struct cover *out)
{
	struct db_rows rows = {0};
	enum drift_err err = db_call(db, "SELECT name, small FROM drift.cover_get($1)",
				     DB_ARGS(db_uuid(track)), &rows);

	if (err)
		return err;
	read_names(&rows, 0, out);
	db_rows_clear(&rows);
	return DRIFT_OK;
}
