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

static struct store_path path_of(const struct growth *g, const char *name)
{
	return store_file(g->conf, &g->track, g->version, name);
}

static bool lock(int fd)
{
	return filelock_try((struct filelock){fd, LOCK_AT, 1});
}

static void remove_files(const struct conf *conf, const struct uuid *track, int version)
{
	static const char *const names[] = {GROWTH_PLAYLIST, GROWTH_SIDECAR, GROWTH_FILE};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct store_path path = store_file(conf, track, version, names[i]);

		if (unlink(path.text) < 0 && errno != ENOENT)
			log_errno("growth: remove %s", path.text);
	}
}

/* Is somebody making it? What is there and nobody makes is removed. */
static bool is_taken(const struct growth *g)
{
	struct store_path path = path_of(g, GROWTH_FILE);
	int fd = open(path.text, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	bool taken = fd >= 0 && !lock(fd);

	if (!taken)
		remove_files(g->conf, &g->track, g->version);
	if (fd >= 0)
		close(fd);
	return taken;
}

void growth_clean(const struct conf *conf, const struct uuid *track, int version)
{
	const struct growth g = {.fd = -1, .conf = conf, .track = *track, .version = version};

	(void)is_taken(&g);
}

static enum drift_err create(struct growth *g)
{
	struct store_path path = path_of(g, GROWTH_FILE);

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
			   struct growth *out)
{
	struct growth g = {.fd = -1, .conf = conf, .track = *track, .version = version};
	struct store_path folder;
	enum drift_err err = store_make_version(conf, track, version, &folder);

	if (!err)
		err = is_taken(&g) ? DRIFT_ELOCKED : create(&g);
	if (err)
		return err;
	/* somebody else may have taken what was just made for left over */
	if (!lock(g.fd) || !io_is_in_place(g.fd, path_of(&g, GROWTH_FILE).text)) {
		close(g.fd);
		return DRIFT_ELOCKED;
	}
	*out = g;
	return DRIFT_OK;
}

/* --- telling ------------------------------------------------------------------------- */

/* One is at it at most; who reads the old file goes on with that. */
static enum drift_err replace(const struct growth *g, const char *name, const struct buf *bytes)
{
	struct store_path path = path_of(g, name);
	char part_name[64];
	struct store_path part;
	enum drift_err err;
	int fd;

	snprintf(part_name, sizeof(part_name), ".%s" ARTIFACT_PART "growth", name);
	part = path_of(g, part_name);
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

static enum drift_err replace_texts(const struct growth *g, enum remux_growth growth,
				    const struct fragments *fragments,
				    const struct fragments_file *file)
{
	enum fragments_end end = growth == REMUX_ENDED ? FRAGMENTS_END : FRAGMENTS_GROW;
	struct buf sidecar = {0}, media = {0};
	enum drift_err err = DRIFT_ENOMEM;
	bool ok = fragments_add_event(fragments, file, end, &media);

	if (growth == REMUX_ENDED)
		fragments_add_sidecar(fragments, file, &sidecar);
	else
		ok = ok && fragments_add_growing_sidecar(fragments, file, &sidecar);
	if (ok && buf_ok(&sidecar))
		err = replace(g, GROWTH_SIDECAR, &sidecar);
	if (!err)
		err = replace(g, GROWTH_PLAYLIST, &media);
	buf_clear(&sidecar);
	buf_clear(&media);
	return err;
}

/* Without it the files are there all the same, for who knows their names. */
static void tell_catalogue(const struct growth *g, struct db *db, const struct fragments_file *file)
{
	struct db_arg none = db_text(NULL);

	if (db_call(db, "SELECT drift.growth_tell($1, $2, $3, $4, $5, $6)",
		    DB_ARGS(db_uuid(&g->track), db_int(g->version), db_text(file->codecs),
			    db_int(file->delay), file->width ? db_int(file->width) : none,
			    file->width ? db_int(file->height) : none),
		    NULL) != DRIFT_OK)
		log_info("growth: nobody is told of %s version %d", g->track.text, g->version);
}

enum drift_err growth_tell(struct growth *g, struct db *db, enum remux_growth growth,
			   const struct fragments *fragments, const struct fragments_file *file)
{
	struct fragments_file growing = *file;
	enum drift_err err;

	growing.file = GROWTH_FILE;
	growing.playlist = GROWTH_PLAYLIST;
	err = replace_texts(g, growth, fragments, &growing);
	if (err)
		return err;
	tell_catalogue(g, db, file);
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
	struct store_path from = path_of(g, GROWTH_FILE);
	struct artifact a = {.fd = dup(g->fd), .path = path_of(g, name)};
	char part_name[64];

	snprintf(part_name, sizeof(part_name), ".%s" ARTIFACT_PART "growth", name);
	a.part = path_of(g, part_name);
	if (a.fd < 0 || add_name(g, from.text, a.part.text) < 0) {
		log_errno("growth: publish %s", a.path.text);
		artifact_leave(&a);
		return DRIFT_EIO;
	}
	g->is_kept = true;
	return artifact_publish(&a, mtime_us);
}

void growth_end(struct growth *g, struct db *db)
{
	if (g->fd < 0)
		return;
	if (!g->is_kept)
		remove_files(g->conf, &g->track, g->version);
	if (g->is_told &&
	    db_call(db, "SELECT drift.growth_end($1, $2)",
		    DB_ARGS(db_uuid(&g->track), db_int(g->version)), NULL) != DRIFT_OK)
		log_info("growth: %s version %d is told to grow still", g->track.text, g->version);
	close(g->fd);
	g->fd = -1;
}
