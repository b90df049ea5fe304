#include "catalogue/upload.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/io.h"
#include "base/log.h"
#include "catalogue/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define POLL_MS 50 /* between two looks at a lock that somebody holds */
#define SPARE_BYTES ((int64_t)16 << 20) /* the store is full before the disk is */

/* --- the row ------------------------------------------------------------------ */

static enum upload_state state_parse(const char *word)
{
	if (strcmp(word, "receiving") == 0)
		return UPLOAD_RECEIVING;
	if (strcmp(word, "storing") == 0)
		return UPLOAD_STORING;
	return strcmp(word, "stored") == 0 ? UPLOAD_STORED : UPLOAD_FAILED;
}

static enum upload_kind kind_parse(const char *word)
{
	if (strcmp(word, "part") == 0)
		return UPLOAD_PART;
	return strcmp(word, "joined") == 0 ? UPLOAD_JOINED : UPLOAD_SINGLE;
}

enum drift_err upload_get(struct db *db, const struct uuid *id, struct upload *out)
{
	struct upload u = {.id = *id, .fd = -1};
	struct db_rows rows = {0};
	enum drift_err err = db_call(db,
				     "SELECT track, version, length, received, state,"
				     " expires_epoch, error, kind, reach FROM drift.upload_get($1)",
				     DB_ARGS(db_uuid(id)), &rows);

	if (err)
		return err;
	if (rows.count == 1) {
		u.track = db_get_uuid(&rows, 0, 0);
		u.version = (int)db_get_int(&rows, 0, 1);
		u.length =
			db_is_null(&rows, 0, 2) ? UPLOAD_LENGTH_UNKNOWN : db_get_int(&rows, 0, 2);
		u.received = db_get_int(&rows, 0, 3);
		u.state = state_parse(db_get_text(&rows, 0, 4));
		u.expires = db_get_int(&rows, 0, 5);
		snprintf(u.error, sizeof(u.error), "%s", db_get_text(&rows, 0, 6));
		u.kind = kind_parse(db_get_text(&rows, 0, 7));
		u.reach = db_get_int(&rows, 0, 8);
		*out = u;
	}
	err = rows.count == 1 ? DRIFT_OK : DRIFT_ENOENT;
	db_rows_clear(&rows);
	return err;
}

/* The row again, behind an open file and a writer's number. */
static enum drift_err refresh(struct db *db, struct upload *u)
{
	struct upload now;
	enum drift_err err = upload_get(db, &u->id, &now);

	if (err)
		return err;
	now.fd = u->fd;
	now.writer = u->writer;
	memcpy(now.sha256, u->sha256, sizeof(now.sha256));
	*u = now;
	return DRIFT_OK;
}

bool upload_is_whole(const struct upload *u)
{
	return u->received == u->length;
}

static enum drift_err check_room(const struct conf *conf, int64_t bytes)
{
	struct statvfs fs;

	if (statvfs(conf->store, &fs) < 0) {
		log_errno("upload: %s", conf->store);
		return DRIFT_EIO;
	}
	return (int64_t)fs.f_bavail * (int64_t)fs.f_frsize < bytes + SPARE_BYTES ? DRIFT_ENOSPC
										 : DRIFT_OK;
}

static enum drift_err check_length(const struct conf *conf, int64_t length)
{
	if (length == 0)
		return DRIFT_EMEDIA;
	if (length > conf->max_upload_bytes)
		return DRIFT_ELARGE;
	return check_room(conf, length == UPLOAD_LENGTH_UNKNOWN ? 0 : length);
}

/* What stands behind the last slash: browsers and scripts send paths. */
static const char *base_name(const char *name)
{
	for (const char *p = name; *p; p++)
		if ((*p == '/' || *p == '\\') && p[1])
			name = p + 1;
	return name;
}

static struct db_arg metadata_arg(const struct upload_wish *wish)
{
	return db_text(*wish->metadata ? wish->metadata : "{}");
}

static struct db_arg length_arg(const struct upload_wish *wish)
{
	return wish->length == UPLOAD_LENGTH_UNKNOWN ? db_text(NULL) : db_int(wish->length);
}

/* Runs what makes a row and returns its id. */
static enum drift_err make(struct db *db, const char *sql, const struct db_arg *args, size_t count,
			   struct upload *out)
{
	struct db_rows rows = {0};
	enum drift_err err = db_call(db, sql, args, count, &rows);
	struct uuid id;

	if (err)
		return err;
	id = db_get_uuid(&rows, 0, 0);
	db_rows_clear(&rows);
	return upload_get(db, &id, out);
}

enum drift_err upload_create(const struct conf *conf, struct db *db, const struct upload_wish *wish,
			     struct upload *out)
{
	enum drift_err err = check_length(conf, wish->length);

	if (err)
		return err;
	return make(db, "SELECT upload FROM drift.upload_create($1, $2, $3, $4, $5::jsonb, $6)",
		    DB_ARGS(db_int(wish->key), db_uuid(wish->track), length_arg(wish),
			    db_text(base_name(wish->name)), metadata_arg(wish),
			    db_int(conf->upload_expires_hours)),
		    out);
}

enum drift_err upload_create_part(const struct conf *conf, struct db *db,
				  const struct upload_wish *wish, struct upload *out)
{
	enum drift_err err = wish->length ? check_length(conf, wish->length) : DRIFT_OK;

	if (err)
		return err;
	return make(db, "SELECT drift.upload_create_part($1, $2, $3::jsonb, $4)",
		    DB_ARGS(db_int(wish->key), length_arg(wish), metadata_arg(wish),
			    db_int(conf->upload_expires_hours)),
		    out);
}

enum drift_err upload_join(const struct conf *conf, struct db *db, const struct upload_wish *wish,
			   const struct uuid *parts, size_t count, struct upload *out)
{
	struct buf list = {0};
	enum drift_err err = DRIFT_ENOMEM;

	for (size_t i = 0; i < count; i++)
		buf_addf(&list, "%s%s", i ? "," : "{", parts[i].text);
	buf_add_text(&list, "}");
	if (buf_ok(&list))
		err = make(
			db, "SELECT drift.upload_join($1, $2, $3::uuid[], $4, $5, $6::jsonb, $7)",
			DB_ARGS(db_int(wish->key), db_uuid(wish->track), db_text(buf_text(&list)),
				db_int(conf->max_upload_bytes), db_text(base_name(wish->name)),
				metadata_arg(wish), db_int(conf->upload_expires_hours)),
			out);
	buf_clear(&list);
	return err;
}

enum drift_err upload_set_length(const struct conf *conf, struct db *db, struct upload *u,
				 int64_t length)
{
	enum drift_err err;

	if (u->length != UPLOAD_LENGTH_UNKNOWN)
		return u->length == length ? DRIFT_OK : DRIFT_EINVAL;
	if (length < u->reach)
		return DRIFT_EINVAL;
	err = check_length(conf, length);
	if (!err)
		err = db_call(db, "SELECT drift.upload_set_length($1, $2)",
			      DB_ARGS(db_uuid(&u->id), db_int(length)), NULL);
	if (!err)
		u->length = length;
	return err;
}

/* --- the file ----------------------------------------------------------------- */

static enum drift_err open_file(const struct conf *conf, struct upload *u, int flags)
{
	struct store_path path = store_upload(conf, &u->id);
	int fd = open(path.text, flags | O_CLOEXEC | O_NOFOLLOW, 0640);

	if (fd < 0 && errno == ENOENT && flags & O_CREAT) {
		enum drift_err err = store_make_upload_folder(conf);

		if (err)
			return err;
		fd = open(path.text, flags | O_CLOEXEC | O_NOFOLLOW, 0640);
	}
	if (fd < 0) {
		log_errno("upload: open %s", path.text);
		return io_err(errno);
	}
	u->fd = fd;
	return DRIFT_OK;
}

/*
 * Locks a range, or (NULL) the right to make a source of it. A file system without
 * locks (some network ones) leaves it to the writer numbers, which are looked at before
 * anything counts.
 */
static enum drift_err lock_file(const struct upload *u, struct flock *range, int wait_ms)
{
	for (;; wait_ms -= POLL_MS) {
		if ((range ? fcntl(u->fd, F_OFD_SETLK, range) : flock(u->fd, LOCK_EX | LOCK_NB)) ==
		    0)
			return DRIFT_OK;
		if (errno != EAGAIN && errno != EACCES && errno != EINTR) {
			log_errno("upload: lock %s", u->id.text);
			return DRIFT_OK;
		}
		if (wait_ms <= 0)
			return DRIFT_ELOCKED;
		clock_sleep_ms(POLL_MS);
	}
}

static struct flock make_range(short type, int64_t from, int64_t to)
{
	/* no bytes: the place before the first one; a length of 0: all that follow */
	return (struct flock){
		.l_type = type,
		.l_whence = SEEK_SET,
		.l_start = from,
		.l_len = to == UPLOAD_END_UNKNOWN ? 0
			 : to > from		  ? to - from
						  : 1,
	};
}

enum purpose { TO_WRITE, TO_READ };

static enum drift_err take(struct db *db, struct upload *u, int64_t from, int64_t to,
			   enum purpose purpose)
{
	struct db_rows rows = {0};
	enum drift_err err = db_call(db, "SELECT drift.upload_take($1, $2, $3, $4)",
				     DB_ARGS(db_uuid(&u->id), db_int(from),
					     to == UPLOAD_END_UNKNOWN ? db_text(NULL) : db_int(to),
					     db_bool(purpose == TO_READ)),
				     &rows);

	if (err)
		return err;
	u->writer = (int)db_get_int(&rows, 0, 0);
	db_rows_clear(&rows);
	return DRIFT_OK;
}

/* Acknowledged bytes that are not there (a store that was put back from a
   backup) would come out as silence in the middle of a source. */
static enum drift_err check_file(const struct conf *conf, struct db *db, struct upload *u)
{
	struct stat st;

	if (fstat(u->fd, &st) < 0) {
		log_errno("upload: %s", u->id.text);
		return DRIFT_EIO;
	}
	if (st.st_size >= u->reach)
		return DRIFT_OK;
	log_error("upload: the file of %s has %lld bytes of %lld acknowledged ones", u->id.text,
		  (long long)st.st_size, (long long)u->reach);
	upload_fail(conf, db, u, "What had arrived is no longer there: send the file again.");
	return DRIFT_EGONE;
}

/* One that has all bytes needs no other writer: it is not to be pushed out. */
static enum drift_err check_open(struct db *db, struct upload *u)
{
	enum drift_err err = refresh(db, u);

	return !err && upload_is_whole(u) ? DRIFT_ECONFLICT : err;
}

/* The number first: it is what makes the writer before leave. */
static enum drift_err take_place(struct db *db, struct upload *u, int64_t from, int64_t to)
{
	struct flock range = make_range(F_WRLCK, from, to);
	enum drift_err err = take(db, u, from, to, TO_WRITE);

	if (!err)
		err = lock_file(u, &range, UPLOAD_TAKE_MS);
	if (!err)
		err = upload_acknowledge(db, u, from, from);
	return err ? err : refresh(db, u);
}

enum drift_err upload_open(const struct conf *conf, struct db *db, struct upload *u, int64_t from,
			   int64_t to)
{
	enum drift_err err = check_open(db, u);

	if (!err)
		err = open_file(conf, u, O_RDWR | O_CREAT);
	if (err)
		return err;
	err = take_place(db, u, from, to);
	if (!err && u->state == UPLOAD_STORED)
		err = DRIFT_ECONFLICT;
	if (!err)
		err = check_file(conf, db, u);
	if (err)
		upload_close(db, u);
	return err;
}

/* The lock first: the number of one who is still at it is not to be taken. A read lock
   keeps writers off as well, and the file may be read-only by now. */
static enum drift_err take_over(struct db *db, struct upload *u, int wait_ms)
{
	struct flock all = make_range(F_RDLCK, 0, UPLOAD_END_UNKNOWN);
	enum drift_err err = lock_file(u, NULL, wait_ms);

	if (!err)
		err = take(db, u, 0, UPLOAD_END_UNKNOWN, TO_READ);
	if (!err)
		err = lock_file(u, &all, UPLOAD_TAKE_MS);
	return err ? err : refresh(db, u);
}

enum drift_err upload_open_whole(const struct conf *conf, struct db *db, struct upload *u,
				 int wait_ms)
{
	/* to read: ingest may have got as far as to make it read-only */
	enum drift_err err = open_file(conf, u, O_RDONLY);

	if (err)
		return err;
	err = take_over(db, u, wait_ms);
	if (!err)
		err = check_file(conf, db, u);
	if (err)
		upload_close(db, u);
	return err;
}

enum drift_err upload_open_read(const struct conf *conf, const struct uuid *id, int *fd)
{
	struct store_path path = store_upload(conf, id);
	int opened = open(path.text, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

	if (opened < 0)
		return DRIFT_EIO;
	*fd = opened;
	return DRIFT_OK;
}

void upload_close(struct db *db, struct upload *u)
{
	if (u->fd >= 0)
		close(u->fd);
	u->fd = -1;
	/* a number that stays behind does no harm: the next one for its bytes takes it away */
	if (u->writer && db_call(db, "SELECT drift.upload_leave($1, $2)",
				 DB_ARGS(db_uuid(&u->id), db_int(u->writer)), NULL) != DRIFT_OK)
		log_info("upload: %s keeps the number %d", u->id.text, u->writer);
	u->writer = 0;
}

enum drift_err upload_reserve(const struct upload *u, int64_t offset, int64_t bytes)
{
	if (bytes <= 0 || fallocate(u->fd, FALLOC_FL_KEEP_SIZE, offset, bytes) == 0)
		return DRIFT_OK;
	/* posix_fallocate would write every byte instead: twice the work */
	if (errno == EOPNOTSUPP || errno == ENOSYS || errno == EINTR)
		return DRIFT_OK;
	log_errno("upload: reserve %s", u->id.text);
	return io_err(errno);
}

void upload_release(const struct upload *u)
{
	struct stat st;

	if (u->fd >= 0 && (fstat(u->fd, &st) < 0 || ftruncate(u->fd, st.st_size) < 0))
		log_errno("upload: release %s", u->id.text);
}

enum drift_err upload_acknowledge(struct db *db, struct upload *u, int64_t from, int64_t to)
{
	struct db_rows rows = {0};
	enum drift_err err;

	if (to > from && fdatasync(u->fd) < 0) {
		log_errno("upload: sync %s", u->id.text);
		return io_err(errno);
	}
	err = db_call(db, "SELECT received, probe FROM drift.upload_received($1, $2, $3, $4)",
		      DB_ARGS(db_uuid(&u->id), db_int(u->writer), db_int(from), db_int(to)), &rows);
	if (err)
		return err;
	u->received = db_get_int(&rows, 0, 0);
	u->is_probe_due = db_get_bool(&rows, 0, 1);
	if (to > u->reach)
		u->reach = to;
	db_rows_clear(&rows);
	return DRIFT_OK;
}

/* --- the end ------------------------------------------------------------------- */

static void remove_file(const struct conf *conf, const struct uuid *id)
{
	struct store_path path = store_upload(conf, id);

	if (unlink(path.text) < 0 && errno != ENOENT)
		log_errno("upload: remove %s", path.text);
}

void upload_fail(const struct conf *conf, struct db *db, struct upload *u, const char *reason)
{
	/* the row first: a file without a row is swept, a row without its file
	   would ask the client for bytes for ever */
	if (db_call(db, "SELECT drift.upload_fail($1, $2)",
		    DB_ARGS(db_uuid(&u->id), db_text(reason)), NULL) != DRIFT_OK)
		return;
	u->state = UPLOAD_FAILED;
	snprintf(u->error, sizeof(u->error), "%s", reason);
	remove_file(conf, &u->id);
}

/* What was made of it while it arrived. */
static void remove_version(const struct conf *conf, const struct upload *u)
{
	struct store_path folder = store_track(conf, &u->track);

	if (u->kind != UPLOAD_PART && u->state != UPLOAD_STORED &&
	    store_remove_version(conf, &u->track, u->version))
		(void)rmdir(folder.text); /* unless another version is there */
}

enum drift_err upload_delete(const struct conf *conf, struct db *db, const struct uuid *id)
{
	struct upload u;
	enum drift_err known = upload_get(db, id, &u);
	enum drift_err err =
		db_call(db, "SELECT drift.upload_delete($1)", DB_ARGS(db_uuid(id)), NULL);

	if (err)
		return err;
	remove_file(conf, id);
	if (!known)
		remove_version(conf, &u);
	return DRIFT_OK;
}
