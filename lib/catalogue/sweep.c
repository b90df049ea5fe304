#include "catalogue/sweep.h"

#include "base/log.h"
#include "catalogue/artifact.h"
#include "catalogue/opusplan.h"
#include "catalogue/secret.h"
#include "catalogue/store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

struct sweep {
	const struct conf *conf;
	struct db *db;
	const volatile sig_atomic_t *stop;
	int64_t now; /* seconds since 1970 */
	struct sweep_result result;
};

/* A folder being read, and the way to it for log lines. */
struct folder {
	DIR *dir;
	struct store_path path;
};

static bool folder_open(struct folder *f, const char *path)
{
	snprintf(f->path.text, sizeof(f->path.text), "%s", path);
	f->dir = opendir(path);
	if (!f->dir && errno != ENOENT)
		log_errno("sweep: read %s", path);
	return f->dir != NULL;
}

/* The next entry that is not "." or ".."; NULL at the end or when told to stop. */
static const char *folder_next(const struct sweep *s, struct folder *f)
{
	struct dirent *entry;

	while (!*s->stop && (entry = readdir(f->dir)))
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			return entry->d_name;
	return NULL;
}

static void folder_close(struct folder *f)
{
	closedir(f->dir);
}

static bool join(struct store_path *out, const char *folder, const char *name)
{
	int n = snprintf(out->text, sizeof(out->text), "%s/%s", folder, name);

	return n > 0 && (size_t)n < sizeof(out->text);
}

/* Not written for so long; a folder: nothing made, renamed or removed in it.
   What is gone is not old. */
static bool is_older(const struct sweep *s, const char *path, int64_t seconds)
{
	struct stat st;

	return lstat(path, &st) == 0 && s->now - (int64_t)st.st_mtime >= seconds;
}

static bool remove_file(const char *path)
{
	if (unlink(path) == 0)
		return true;
	if (errno != ENOENT)
		log_errno("sweep: remove %s", path);
	return false;
}

/* The one boolean of a statement; an error is no answer. */
static enum drift_err ask(struct sweep *s, const char *sql, const struct db_arg *args, size_t count,
			  bool *out)
{
	struct db_rows rows = {0};
	enum drift_err err = db_call(s->db, sql, args, count, &rows);

	if (err)
		return err;
	*out = rows.count == 1 && db_get_bool(&rows, 0, 0);
	db_rows_clear(&rows);
	return DRIFT_OK;
}

/* Uploads. */

static enum drift_err sweep_expired(struct sweep *s)
{
	struct db_rows rows = {0};
	enum drift_err err =
		db_call(s->db, "SELECT * FROM drift.upload_expire()", DB_NO_ARGS, &rows);

	if (err)
		return err;
	for (int i = 0; i < rows.count; i++) {
		struct uuid id = db_get_uuid(&rows, i, 0);

		s->result.uploads += remove_file(store_upload(s->conf, &id).text);
	}
	db_rows_clear(&rows);
	return DRIFT_OK;
}

static enum drift_err sweep_upload_file(struct sweep *s, const char *folder, const char *name)
{
	struct store_path path;
	enum drift_err err;
	struct uuid id;
	bool live;

	if (!join(&path, folder, name) || !is_older(s, path.text, SWEEP_GRACE_SECONDS) ||
	    uuid_parse(name, strlen(name), &id) != DRIFT_OK)
		return DRIFT_OK;
	err = ask(s, "SELECT drift.upload_live($1)", DB_ARGS(db_uuid(&id)), &live);
	if (!err && !live)
		s->result.uploads += remove_file(path.text);
	return err;
}

static enum drift_err sweep_uploads(struct sweep *s)
{
	enum drift_err err = sweep_expired(s);
	struct store_path path;
	const char *name;
	struct folder f;

	if (err || !join(&path, s->conf->store, "upload") || !folder_open(&f, path.text))
		return err;
	while (!err && (name = folder_next(s, &f)))
		err = sweep_upload_file(s, path.text, name);
	folder_close(&f);
	return err;
}

/* Versions: <store>/<xx>/<id>/v<version>/. */

/* The files that rows name in one version's folder. */
static enum drift_err version_files(struct sweep *s, const struct uuid *track, int version,
				    struct db_rows *rows)
{
	return db_call(s->db, "SELECT name, bytes FROM drift.version_files($1, $2)",
		       DB_ARGS(db_uuid(track), db_int(version)), rows);
}

static bool is_named(const struct db_rows *rows, const char *name)
{
	for (int i = 0; i < rows->count; i++)
		if (strcmp(db_get_text(rows, i, 0), name) == 0)
			return true;
	return false;
}

/* An unfinished file is old by its own time. A whole one has a made-up mtime,
   and its row may be a moment away: there the folder's time counts. */
static bool is_left_over(const struct sweep *s, const char *path, const char *name,
			 bool folder_is_old)
{
	struct stat st;

	if (lstat(path, &st) < 0 || !S_ISREG(st.st_mode))
		return false;
	if (strstr(name, ARTIFACT_PART))
		return is_older(s, path, SWEEP_GRACE_SECONDS);
	return folder_is_old;
}

/* What fixes setup pages stays as long as the version: who was given a tag once would get
   other bytes under it. A row names it only once the rendition is whole. */
static bool is_kept(const struct db_rows *rows, const char *name)
{
	return is_named(rows, name) || opusplan_is_sidecar(name);
}

/* Unfinished files, and whole ones that no row names (any more). */
static enum drift_err sweep_version_files(struct sweep *s, const struct uuid *track, int version,
					  const char *folder)
{
	bool folder_is_old = is_older(s, folder, SWEEP_GRACE_SECONDS);
	struct db_rows rows = {0};
	enum drift_err err = version_files(s, track, version, &rows);
	struct store_path path;
	const char *name;
	struct folder f;

	if (err)
		return err;
	if (folder_open(&f, folder)) {
		while ((name = folder_next(s, &f)))
			if (!is_kept(&rows, name) && join(&path, folder, name) &&
			    is_left_over(s, path.text, name, folder_is_old))
				s->result.parts += remove_file(path.text);
		folder_close(&f);
	}
	db_rows_clear(&rows);
	return DRIFT_OK;
}

static enum drift_err sweep_version(struct sweep *s, const struct uuid *track, const char *parent,
				    const char *name)
{
	struct store_path path;
	enum drift_err err;
	int version;
	char rest;
	bool live;

	if (sscanf(name, "v%9d%c", &version, &rest) != 1 || !join(&path, parent, name))
		return DRIFT_OK;
	err = ask(s, "SELECT drift.version_live($1, $2)", DB_ARGS(db_uuid(track), db_int(version)),
		  &live);
	if (err)
		return err;
	if (live)
		return sweep_version_files(s, track, version, path.text);
	if (is_older(s, path.text, SWEEP_GRACE_SECONDS))
		s->result.versions += store_remove_version(s->conf, track, version);
	return DRIFT_OK;
}

static enum drift_err sweep_track(struct sweep *s, const char *parent, const char *name)
{
	enum drift_err err = DRIFT_OK;
	struct store_path path;
	const char *version;
	struct uuid track;
	struct folder f;

	if (uuid_parse(name, strlen(name), &track) != DRIFT_OK || !join(&path, parent, name) ||
	    !folder_open(&f, path.text))
		return DRIFT_OK;
	while (!err && (version = folder_next(s, &f)))
		err = sweep_version(s, &track, path.text, version);
	folder_close(&f);
	/* only an empty one goes; a version that is being made keeps it */
	if (!err && is_older(s, path.text, SWEEP_GRACE_SECONDS) && rmdir(path.text) < 0 &&
	    errno != ENOTEMPTY && errno != EEXIST && errno != ENOENT)
		log_errno("sweep: remove %s", path.text);
	return err;
}

static enum drift_err sweep_shard(struct sweep *s, const char *name)
{
	enum drift_err err = DRIFT_OK;
	struct store_path path;
	const char *track;
	struct folder f;

	if (strlen(name) != 2 || !join(&path, s->conf->store, name) || !folder_open(&f, path.text))
		return DRIFT_OK;
	while (!err && (track = folder_next(s, &f)))
		err = sweep_track(s, path.text, track);
	folder_close(&f);
	return err;
}

static enum drift_err sweep_dropped(struct sweep *s)
{
	struct db_rows rows = {0};
	enum drift_err err = db_call(s->db, "SELECT track, version FROM drift.version_drop($1)",
				     DB_ARGS(db_int(SWEEP_KEEP_HOURS)), &rows);

	if (err)
		return err;
	for (int i = 0; i < rows.count; i++) {
		struct uuid track = db_get_uuid(&rows, i, 0);

		s->result.versions +=
			store_remove_version(s->conf, &track, (int)db_get_int(&rows, i, 1));
	}
	db_rows_clear(&rows);
	return DRIFT_OK;
}

static enum drift_err sweep_versions(struct sweep *s)
{
	enum drift_err err = sweep_dropped(s);
	const char *name;
	struct folder f;

	if (err || !folder_open(&f, s->conf->store))
		return err;
	while (!err && (name = folder_next(s, &f)))
		err = sweep_shard(s, name);
	folder_close(&f);
	return err;
}

/* Live versions: their links, and their files the other way round. */

static enum drift_err report_missing(struct sweep *s, const struct uuid *track, int version)
{
	struct db_rows rows = {0};
	enum drift_err err = version_files(s, track, version, &rows);

	if (err)
		return err;
	for (int i = 0; i < rows.count; i++) {
		const char *name = db_get_text(&rows, i, 0);
		struct store_path path = store_file(s->conf, track, version, name);
		struct stat st;

		if (stat(path.text, &st) == 0 &&
		    (db_is_null(&rows, i, 1) || st.st_size == db_get_int(&rows, i, 1)))
			continue;
		log_warning("sweep: %s is in the catalogue and not whole in the store", path.text);
		s->result.missing++;
	}
	db_rows_clear(&rows);
	return DRIFT_OK;
}

struct tokens {
	struct store_token *list; /* sorted */
	size_t count;
};

static int compare_tokens(const void *a, const void *b)
{
	return strcmp(((const struct store_token *)a)->text, ((const struct store_token *)b)->text);
}

static bool has_token(const struct tokens *t, const char *name)
{
	struct store_token key;

	snprintf(key.text, sizeof(key.text), "%s", name);
	return bsearch(&key, t->list, t->count, sizeof(key), compare_tokens) != NULL;
}

/* A link that was handed out at the end of its epoch lives through the next. */
static enum drift_err collect(struct sweep *s, const struct db_rows *rows, struct tokens *out)
{
	enum drift_err err = DRIFT_OK;
	uint8_t secret[32];

	out->list = calloc(2 * (size_t)rows->count + 1, sizeof(*out->list));
	if (!out->list)
		return DRIFT_ENOMEM;
	err = secret_get(s->db, secret);
	for (int i = 0; !err && !*s->stop && i < rows->count; i++) {
		struct uuid track = db_get_uuid(rows, i, 0);
		int version = (int)db_get_int(rows, i, 1);
		int64_t epoch = store_epoch(s->conf, db_get_bool(rows, i, 2), s->now);

		out->list[out->count++] = store_token(secret, &track, version, epoch);
		if (epoch > 0)
			out->list[out->count++] = store_token(secret, &track, version, epoch - 1);
		err = report_missing(s, &track, version);
	}
	qsort(out->list, out->count, sizeof(*out->list), compare_tokens);
	return err;
}

static bool is_token_link(const char *path, const char *name)
{
	struct stat st;

	size_t first = *name == STORE_TOKEN_PRIVATE ? 1 : 0;

	return strlen(name) == STORE_TOKEN_LEN &&
	       strspn(name + first, "0123456789abcdef") == STORE_TOKEN_LEN - first &&
	       lstat(path, &st) == 0 && S_ISLNK(st.st_mode);
}

static void sweep_link_folder(struct sweep *s, const struct tokens *tokens)
{
	struct store_path path;
	const char *name;
	struct folder f;

	if (!folder_open(&f, s->conf->media))
		return;
	while ((name = folder_next(s, &f)))
		if (join(&path, s->conf->media, name) && is_token_link(path.text, name) &&
		    !has_token(tokens, name) && is_older(s, path.text, SWEEP_LINK_GRACE_SECONDS))
			s->result.links += remove_file(path.text);
	folder_close(&f);
}

static enum drift_err sweep_links(struct sweep *s)
{
	struct db_rows rows = {0};
	struct tokens tokens = {0};
	enum drift_err err = db_call(
		s->db, "SELECT track, version, private FROM drift.token_rows()", DB_NO_ARGS, &rows);

	if (err)
		return err;
	err = collect(s, &rows, &tokens);
	if (!err && !*s->stop)
		sweep_link_folder(s, &tokens);
	free(tokens.list);
	db_rows_clear(&rows);
	return err;
}

enum drift_err sweep_run(const struct conf *conf, struct db *db, const volatile sig_atomic_t *stop,
			 struct sweep_result *out)
{
	struct sweep s = {.conf = conf, .db = db, .stop = stop, .now = time(NULL)};
	enum drift_err err = db_call(db, "SELECT drift.play_prepare()", DB_NO_ARGS, NULL);

	if (!err)
		err = sweep_uploads(&s);
	if (!err)
		err = sweep_versions(&s);
	if (!err)
		err = sweep_links(&s);
	if (!err)
		*out = s.result;
	return err;
}
