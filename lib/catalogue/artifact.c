#include "catalogue/artifact.h"

#include "base/io.h"
#include "base/log.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#define SPARE_BYTES ((int64_t)16 << 20)

static void remove_parts(const char *folder, const char *name)
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
		    unlinkat(dirfd(dir), entry->d_name, 0) == 0)
			log_info("artifact: removed %s that somebody left", entry->d_name);
	closedir(dir);
}

enum drift_err artifact_open(const struct conf *conf, const struct uuid *track, int version,
			     const char *name, const char *worker, struct artifact *out)
{
	struct store_path folder = store_version(conf, track, version);
	char part[256];
	struct artifact a;

	remove_parts(folder.text, name);
	snprintf(part, sizeof(part), ".%s" ARTIFACT_PART "%s", name, worker);
	a.part = store_file(conf, track, version, part);
	a.path = store_file(conf, track, version, name);
	a.fd = open(a.part.text, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (a.fd < 0) {
		log_errno("artifact: create %s", a.part.text);
		return io_err(errno);
	}
	*out = a;
	return DRIFT_OK;
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

void artifact_drop(struct artifact *a)
{
	if (a->fd < 0)
		return;
	close(a->fd);
	a->fd = -1;
	if (unlink(a->part.text) < 0 && errno != ENOENT)
		log_errno("artifact: remove %s", a->part.text);
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
