#include "intake/removal.h"

#include "base/log.h"
#include "catalogue/secret.h"
#include "catalogue/store.h"
#include "catalogue/upload.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

struct removal {
	const struct conf *conf;
	const struct uuid *track;
	uint8_t secret[32];
};

/* Public or private, the present span's link or the one before. */
static void remove_links(const struct removal *r, int version)
{
	int64_t epoch = store_epoch(r->conf, true, time(NULL));
	const int64_t epochs[] = {0, epoch, epoch - 1};

	for (size_t i = 0; i < sizeof(epochs) / sizeof(epochs[0]); i++) {
		struct store_token token = store_token(r->secret, r->track, version, epochs[i]);

		store_unlink(r->conf, &token);
	}
}

static void remove_version(const struct removal *r, int version)
{
	remove_links(r, version);
	store_remove_version(r->conf, r->track, version);
}

/* The link of a track that everybody may hear. */
static void remove_public_link(const struct removal *r, int version)
{
	struct store_token token = store_token(r->secret, r->track, version, 0);

	store_unlink(r->conf, &token);
}

/* Calls act for every version that has a folder. */
static void each_version(const struct removal *r, void (*act)(const struct removal *r, int version))
{
	struct store_path path = store_track(r->conf, r->track);
	DIR *dir = opendir(path.text);
	struct dirent *entry;
	int version;
	char rest;

	if (!dir) {
		if (errno != ENOENT)
			log_errno("removal: read %s", path.text);
		return;
	}
	while ((entry = readdir(dir)))
		if (sscanf(entry->d_name, "v%9d%c", &version, &rest) == 1)
			act(r, version);
	closedir(dir);
}

static void remove_versions(const struct removal *r)
{
	struct store_path path = store_track(r->conf, r->track);

	each_version(r, remove_version);
	if (rmdir(path.text) < 0 && errno != ENOENT)
		log_errno("removal: remove %s", path.text);
}

/* Whoever writes one of them notices at its next acknowledgement. */
static enum drift_err remove_uploads(const struct removal *r, struct db *db)
{
	struct db_rows rows = {0};
	enum drift_err err =
		db_call(db, "SELECT drift.upload_of_track($1)", DB_ARGS(db_uuid(r->track)), &rows);

	if (err)
		return err;
	for (int i = 0; i < rows.count && (!err || err == DRIFT_ENOENT); i++) {
		struct uuid id = db_get_uuid(&rows, i, 0);

		err = upload_delete(r->conf, db, &id);
	}
	db_rows_clear(&rows);
	return err == DRIFT_ENOENT ? DRIFT_OK : err;
}

enum drift_err removal_of_track(const struct conf *conf, struct db *db, const struct uuid *track)
{
	struct removal r = {.conf = conf, .track = track};
	enum drift_err err = secret_get(db, r.secret);

	if (!err)
		err = db_call(db, "SELECT drift.track_delete($1)", DB_ARGS(db_uuid(track)), NULL);
	if (err)
		return err;
	remove_versions(&r);
	return remove_uploads(&r, db);
}

enum drift_err removal_of_public_links(const struct conf *conf, struct db *db,
				       const struct uuid *track)
{
	struct removal r = {.conf = conf, .track = track};
	enum drift_err err = secret_get(db, r.secret);

	if (!err)
		each_version(&r, remove_public_link);
	return err;
}
