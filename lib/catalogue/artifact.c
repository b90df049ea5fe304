#include "catalogue/artifact.h"

#include "base/filelock.h"
#include "base/io.h"
#include "base/log.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#define OPEN_ATTEMPTS 3 /* each lost only to somebody who publishes or removes it just then */
#define SPARE_BYTES ((int64_t)16 << 20)

#define PRESENCE_AT ((int64_t)1 << 61) /* the byte that all who fill a shared part file lock */

/* Those of the artifact name, but for keep, which may be NULL. */
static void remove_parts(const char *folder, const char *name, const char *keep)
{
	DIR *dir = opendir(folder);
	char prefix[128];
	struct dirent *entry;
	int len;

	if (!dir)
		return;
	len = snprintf(prefix, sizeof(prefix), ".%s" ARTIFACT_PART, name);
	while ((entry = readdir(dir)))
		if (strncmp(entry->d_name, prefix, (size_t)len) == 0 &&
		    (!keep || strcmp(entry->d_name, keep) != 0) &&
		    unlinkat(dirfd(dir), entry->d_name, 0) == 0)
			log_info("artifact: removed %s that somebody left", entry->d_name);
	closedir(dir);
}

/* part: the part file's name in the version's folder. */
static struct artifact place(const struct conf *conf, const struct uuid *track, int version,
			     const char *name, const char *part)
{
	return (struct artifact){
		.fd = -1,
		.part = store_file(conf, track, version, part),
		.path = store_file(conf, track, version, name),
	};
}

enum drift_err artifact_open(const struct conf *conf, const struct uuid *track, int version,
			     const char *name, const char *worker, struct artifact *out)
{
	char part[256];
	struct artifact a;

	remove_parts(store_version(conf, track, version).text, name, NULL);
	snprintf(part, sizeof(part), ".%s" ARTIFACT_PART "%s", name, worker);
	a = place(conf, track, version, name, part);
	a.fd = open(a.part.text, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (a.fd < 0) {
		log_errno("artifact: create %s", a.part.text);
		return io_err(errno);
	}
	*out = a;
	return DRIFT_OK;
}

/* To be there with others, it is shared. */
static struct filelock presence(int fd)
{
	return (struct filelock){.fd = fd, .at = PRESENCE_AT, .count = 1};
}

/*
 * A part file that is sealed: whole, and about to be published, so that reading is all that
 * is left to do; unless whoever sealed it was killed before the rename.
 *
 * Its descriptor, or -1.
 */
static int open_sealed(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0 || filelock_is_used(presence(fd)) || !io_is_in_place(fd, path))
		return fd;
	log_info("artifact: removed %s, sealed and never published", path);
	unlink(path);
	close(fd);
	return -1;
}

/* Its descriptor, or -1 and errno. */
static int open_shared(const char *path)
{
	int fd = -1;

	for (int i = 0; fd < 0 && i < OPEN_ATTEMPTS; i++) {
		fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
		if (fd < 0 && errno == EACCES)
			fd = open_sealed(path);
	}
	return fd;
}

enum drift_err artifact_join(const struct conf *conf, const struct uuid *track, int version,
			     const char *name, int32_t fingerprint, struct artifact *out)
{
	char part[256];
	struct artifact a;

	snprintf(part, sizeof(part), ".%s" ARTIFACT_PART "%06" PRId32, name, fingerprint);
	remove_parts(store_version(conf, track, version).text, name, part);
	a = place(conf, track, version, name, part);
	a.shared = true;
	while ((a.fd = open_shared(a.part.text)) >= 0) {
		if (filelock_try_shared(presence(a.fd)) && io_is_in_place(a.fd, a.part.text)) {
			*out = a;
			return DRIFT_OK;
		}
		close(a.fd);
	}
	log_errno("artifact: open %s", a.part.text);
	return io_err(errno);
}

static enum drift_err seal(int fd, int64_t mtime_us)
{
	struct timespec times[2] = {
		{.tv_nsec = UTIME_OMIT},
		{mtime_us / 1000000, mtime_us % 1000000 * 1000},
	};

	return fchmod(fd, 0444) < 0 || futimens(fd, times) < 0 ? io_err(errno) : DRIFT_OK;
}

enum drift_err artifact_publish(struct artifact *a, int64_t mtime_us)
{
	enum drift_err err = seal(a->fd, mtime_us);

	if (!err)
		err = io_publish(a->fd, a->part.text, a->path.text);
	if (err) {
		log_errno("artifact: publish %s", a->path.text);
		artifact_drop(a);
		return err;
	}
	close(a->fd);
	a->fd = -1;
	return DRIFT_OK;
}

enum drift_err artifact_put(const struct conf *conf, const struct uuid *track, int version,
			    const char *name, const char *worker, const struct buf *bytes,
			    int64_t mtime_us)
{
	struct artifact a;
	enum drift_err err = artifact_open(conf, track, version, name, worker, &a);

	if (err)
		return err;
	err = io_write_all(a.fd, bytes->data, bytes->len);
	if (err) {
		log_errno("artifact: write %s", a.part.text);
		artifact_drop(&a);
		return err;
	}
	return artifact_publish(&a, mtime_us);
}

void artifact_leave(struct artifact *a)
{
	if (a->fd >= 0)
		close(a->fd);
	a->fd = -1;
}

void artifact_drop(struct artifact *a)
{
	if (a->fd < 0)
		return;
	if (a->shared && !filelock_try(presence(a->fd)))
		log_info("artifact: others are at work on %s", a->part.text);
	else if (unlink(a->part.text) < 0 && errno != ENOENT)
		log_errno("artifact: remove %s", a->part.text);
	artifact_leave(a);
}

/* Writes and seals; fd is a file that nobody else knows. */
static enum drift_err link_first(int fd, const char *from, const char *to, const struct buf *bytes,
				 int64_t mtime_us)
{
	enum drift_err err = io_write_all(fd, bytes->data, bytes->len);

	if (!err)
		err = seal(fd, mtime_us);
	if (!err && fsync(fd) < 0)
		err = io_err(errno);
	if (!err && link(from, to) < 0 && errno != EEXIST)
		err = io_err(errno);
	return err ? err : io_sync_folder_of(to);
}

enum drift_err artifact_put_first(const struct conf *conf, const struct uuid *track, int version,
				  const char *name, const struct buf *bytes, int64_t mtime_us)
{
	struct store_path to = store_file(conf, track, version, name), from;
	char part[256];
	enum drift_err err;
	int fd;

	snprintf(part, sizeof(part), ".%s" ARTIFACT_PART "XXXXXX", name);
	from = store_file(conf, track, version, part);
	fd = mkostemp(from.text, O_CLOEXEC);
	if (fd < 0) {
		log_errno("artifact: create %s", from.text);
		return io_err(errno);
	}
	err = link_first(fd, from.text, to.text, bytes, mtime_us);
	if (err)
		log_errno("artifact: publish %s", to.text);
	unlink(from.text);
	close(fd);
	return err;
}

enum drift_err artifact_room(const struct conf *conf, int64_t bytes, int64_t *free_bytes)
{
	struct statvfs fs;

	if (statvfs(conf->store, &fs) < 0) {
		log_errno("artifact: %s", conf->store);
		return DRIFT_EIO;
	}
	*free_bytes = (int64_t)fs.f_bavail * (int64_t)fs.f_frsize;
	return *free_bytes < bytes + SPARE_BYTES ? DRIFT_ENOSPC : DRIFT_OK;
}

int64_t artifact_mtime_us(int64_t source_mtime_us, int32_t fingerprint)
{
	return source_mtime_us / 1000000 * 1000000 + fingerprint;
}
