#include "catalogue/growth.h"

#include "base/filelock.h"
#include "base/io.h"
#include "base/log.h"
#include "catalogue/artifact.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOCK_AT ((int64_t)1 << 61) /* the byte that who makes it locks */

const struct growth_kind growth_mp4 = {
	.kind = "remux",
	.noun = "fragmented MP4",
	.mime = "video/mp4",
	.file = "growing.mp4",
	.sidecar = "growing.seekidx",
	.playlist = "growing.m3u8",
};

const struct growth_kind growth_opus = {
	.kind = "opus",
	.noun = "Opus rendition",
	.mime = "audio/ogg; codecs=opus",
	.file = "growing.opus",
	.sidecar = "growing.opus.seekidx",
	.resumes = true,
};

static struct store_path path_of(const struct growth *g, const char *name)
{
	return store_file(g->conf, &g->track, g->version, name);
}

static bool lock(int fd)
{
	return filelock_try((struct filelock){fd, LOCK_AT, 1});
}

static void remove_file(const struct growth *g, const char *name)
{
	struct store_path path = path_of(g, name);

	if (unlink(path.text) < 0 && errno != ENOENT)
		log_errno("growth: remove %s", path.text);
}

static void remove_files(const struct growth *g)
{
	if (g->kind->playlist)
		remove_file(g, g->kind->playlist);
	remove_file(g, g->kind->sidecar);
	remove_file(g, g->kind->file);
}

/* Is somebody making it? What is there and nobody makes is removed. */
static bool is_taken(const struct growth *g)
{
	struct store_path path = path_of(g, g->kind->file);
	int fd = open(path.text, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	bool taken = fd >= 0 && !lock(fd);

	if (!taken)
		remove_files(g);
	if (fd >= 0)
		close(fd);
	return taken;
}

static struct growth growth_of(const struct conf *conf, const struct uuid *track, int version,
			       const struct growth_kind *kind)
{
	return (struct growth){
		.kind = kind,
		.fd = -1,
		.conf = conf,
		.track = *track,
		.version = version,
	};
}

void growth_clean(const struct conf *conf, const struct uuid *track, int version)
{
	const struct growth mp4 = growth_of(conf, track, version, &growth_mp4);
	const struct growth opus = growth_of(conf, track, version, &growth_opus);

	(void)is_taken(&mp4);
	(void)is_taken(&opus);
}

static enum drift_err create(struct growth *g)
{
	struct store_path path = path_of(g, g->kind->file);

	g->fd = open(path.text, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (g->fd < 0 && errno == EEXIST)
		return DRIFT_ELOCKED;
	if (g->fd < 0) {
		log_errno("growth: create %s", path.text);
		return io_err(errno);
	}
	return DRIFT_OK;
}

enum drift_err growth_open(const struct conf *conf, const struct uuid *track, int version,
			   const struct growth_kind *kind, struct growth *out)
{
	struct growth g = growth_of(conf, track, version, kind);
	struct store_path folder;
	enum drift_err err = store_make_version(conf, track, version, &folder);

	if (!err)
		err = is_taken(&g) ? DRIFT_ELOCKED : create(&g);
	if (err)
		return err;
	/* somebody else may have taken what was just made for left over */
	if (!lock(g.fd) || !io_is_in_place(g.fd, path_of(&g, kind->file).text)) {
		close(g.fd);
		return DRIFT_ELOCKED;
	}
	*out = g;
	return DRIFT_OK;
}

void growth_join(const struct conf *conf, const struct uuid *track, int version,
		 const struct growth_kind *kind, const char *part, struct growth *out)
{
	*out = growth_of(conf, track, version, kind);
	snprintf(out->part.text, sizeof(out->part.text), "%s", part);
}

/* --- telling ------------------------------------------------------------------------- */

/* Beside the file of that name. */
static struct store_path part_of(const struct growth *g, const char *name)
{
	char part[64];

	snprintf(part, sizeof(part), ".%s" ARTIFACT_PART "growth", name);
	return path_of(g, part);
}

/* One is at it at most; who reads the old file goes on with that. */
static enum drift_err replace(const struct growth *g, const char *name, const struct buf *bytes)
{
	struct store_path path = path_of(g, name), part = part_of(g, name);
	enum drift_err err;
	int fd;

	unlink(part.text); /* what somebody left who was killed */
	fd = open(part.text, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0444);
	err = fd < 0 ? io_err(errno) : io_write_all(fd, bytes->data, bytes->len);
	if (!err && rename(part.text, path.text) < 0)
		err = io_err(errno);
	if (err)
		log_errno("growth: write %s", path.text);
	if (fd >= 0)
		close(fd);
	return err;
}

/* Gives a file that it joined its growing name. False: it can have but one. */
static bool show(const struct growth *g)
{
	struct store_path path = path_of(g, g->kind->file), second = part_of(g, g->kind->file);
	bool ok;

	unlink(second.text); /* what somebody left who was killed */
	ok = link(g->part.text, second.text) == 0 && rename(second.text, path.text) == 0;
	if (!ok)
		log_errno("growth: show %s", path.text);
	unlink(second.text); /* rename() leaves it where both are the same file already */
	return ok;
}

/* The sidecar comes last: where it is, all is. */
static enum drift_err replace_texts(const struct growth *g, const struct growth_news *news)
{
	enum drift_err err = DRIFT_OK;

	if (g->kind->playlist)
		err = replace(g, g->kind->playlist, news->playlist);
	return err ? err : replace(g, g->kind->sidecar, news->sidecar);
}

/* Without it the files are there all the same, for who knows their names. */
static void tell_catalogue(const struct growth *g, struct db *db, const struct growth_news *news)
{
	struct db_arg none = db_text(NULL);

	if (db_call(db, "SELECT drift.growth_tell($1, $2, $3, $4, $5, $6, $7)",
		    DB_ARGS(db_uuid(&g->track), db_int(g->version), db_text(g->kind->kind),
			    db_text(news->codec), db_int(news->delay),
			    news->width ? db_int(news->width) : none,
			    news->width ? db_int(news->height) : none),
		    NULL) != DRIFT_OK)
		log_info("growth: nobody is told of %s version %d", g->track.text, g->version);
}

enum drift_err growth_tell(struct growth *g, struct db *db, const struct growth_news *news)
{
	enum drift_err err;

	if (*g->part.text && !g->is_told && !g->is_silent)
		g->is_silent = !show(g);
	if (g->is_silent)
		return DRIFT_OK;
	err = replace_texts(g, news);
	if (err)
		return err;
	tell_catalogue(g, db, news);
	g->is_told = true;
	return DRIFT_OK;
}

/* --- the end ---------------------------------------------------------------------------- */

/* A second name, or the only one where files can have but one. */
static int add_name(const struct growth *g, const char *from, const char *to)
{
	if (unlink(to) < 0 && errno != ENOENT)
		return -1;
	if (g->is_told && link(from, to) == 0)
		return 0;
	return rename(from, to);
}

enum drift_err growth_publish(struct growth *g, const char *name, int64_t mtime_us)
{
	struct store_path from = path_of(g, g->kind->file);
	struct artifact a = {
		.fd = dup(g->fd),
		.part = part_of(g, name),
		.path = path_of(g, name),
	};

	if (a.fd < 0 || add_name(g, from.text, a.part.text) < 0) {
		log_errno("growth: publish %s", a.path.text);
		artifact_leave(&a);
		return DRIFT_EIO;
	}
	g->is_kept = true;
	return artifact_publish(&a, mtime_us);
}

void growth_keep(struct growth *g)
{
	g->is_kept = true;
}

static bool is_left_to_others(const struct growth *g)
{
	return *g->part.text && access(g->part.text, F_OK) == 0;
}

void growth_end(struct growth *g, struct db *db)
{
	if (!g->kind)
		return;
	if (!g->is_kept && !is_left_to_others(g))
		remove_files(g);
	if (g->is_told &&
	    db_call(db, "SELECT drift.growth_end($1, $2, $3)",
		    DB_ARGS(db_uuid(&g->track), db_int(g->version), db_text(g->kind->kind)),
		    NULL) != DRIFT_OK)
		log_info("growth: %s version %d is told to grow still", g->track.text, g->version);
	if (g->fd >= 0)
		close(g->fd);
	*g = GROWTH_NONE;
}
