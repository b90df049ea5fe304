#include "base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define COPY_PIECE 65536 /* bytes */

enum drift_err io_err(int errnum)
{
	return errnum == ENOSPC || errnum == EDQUOT || errnum == EFBIG ? DRIFT_ENOSPC : DRIFT_EIO;
}

enum drift_err io_write_all(int fd, const void *data, size_t len)
{
	const char *p = data;

	while (len > 0) {
		ssize_t n = write(fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return io_err(errno);
		p += n;
		len -= (size_t)n;
	}
	return DRIFT_OK;
}

enum drift_err io_pwrite_all(int fd, const void *data, size_t len, int64_t offset)
{
	const char *p = data;

	while (len > 0) {
		ssize_t n = pwrite(fd, p, len, offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return io_err(errno);
		p += n;
		offset += n;
		len -= (size_t)n;
	}
	return DRIFT_OK;
}

enum drift_err io_read_all(int fd, void *data, size_t len)
{
	char *p = data;

	while (len > 0) {
		ssize_t n = read(fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return DRIFT_EIO;
		if (n == 0)
			return DRIFT_EMORE;
		p += n;
		len -= (size_t)n;
	}
	return DRIFT_OK;
}

enum drift_err io_pread_all(int fd, void *data, size_t len, int64_t offset)
{
	char *p = data;

	while (len > 0) {
		ssize_t n = pread(fd, p, len, offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return DRIFT_EIO;
		if (n == 0)
			return DRIFT_EMORE;
		p += n;
		offset += n;
		len -= (size_t)n;
	}
	return DRIFT_OK;
}

enum drift_err io_add_file(int fd, int64_t max, struct buf *out)
{
	struct stat st;
	void *bytes;
	enum drift_err err;

	if (fstat(fd, &st) < 0)
		return DRIFT_EIO;
	if (st.st_size > max)
		return DRIFT_ELARGE;
	bytes = malloc((size_t)st.st_size + 1);
	if (!bytes)
		return DRIFT_ENOMEM;
	err = io_pread_all(fd, bytes, (size_t)st.st_size, 0);
	if (!err)
		buf_add(out, bytes, (size_t)st.st_size);
	free(bytes);
	return err || buf_ok(out) ? err : DRIFT_ENOMEM;
}

/* What copy_file_range(2) says of files that it cannot copy between. */
static bool is_unsupported(int errnum)
{
	return errnum == EXDEV || errnum == EINVAL || errnum == ENOSYS || errnum == EOPNOTSUPP;
}

/* At most a piece, by way of memory; bytes copied, 0 at the end, -1 and errno. */
static ssize_t copy_piece(int from, off_t *from_offset, int to, off_t *to_offset, size_t bytes)
{
	uint8_t piece[COPY_PIECE];
	ssize_t got =
		pread(from, piece, bytes < sizeof(piece) ? bytes : sizeof(piece), *from_offset);

	if (got <= 0)
		return got;
	if (io_pwrite_all(to, piece, (size_t)got, *to_offset) != DRIFT_OK)
		return -1;
	*from_offset += got;
	*to_offset += got;
	return got;
}

enum drift_err io_copy(int from, int64_t from_offset, int to, int64_t to_offset, int64_t bytes)
{
	bool within = true;

	while (bytes > 0) {
		ssize_t n = within ? copy_file_range(from, &from_offset, to, &to_offset,
						     (size_t)bytes, 0)
				   : copy_piece(from, &from_offset, to, &to_offset, (size_t)bytes);

		if (n < 0 && within && is_unsupported(errno)) {
			within = false;
			continue;
		}
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			errno = n < 0 ? errno : 0;
			return io_err(errno);
		}
		bytes -= n;
	}
	return DRIFT_OK;
}

enum drift_err io_sync_folder_of(const char *path)
{
	char folder[PATH_MAX];
	enum drift_err err = DRIFT_OK;
	char *slash;
	int fd, n;

	n = snprintf(folder, sizeof(folder), "%s", path);
	if (n < 0 || (size_t)n >= sizeof(folder))
		return DRIFT_EIO;
	slash = strrchr(folder, '/');
	if (!slash)
		snprintf(folder, sizeof(folder), ".");
	else
		slash[slash == folder ? 1 : 0] = '\0';
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return DRIFT_EIO;
	if (fsync(fd) < 0)
		err = io_err(errno);
	close(fd);
	return err;
}

enum drift_err io_publish(int fd, const char *from, const char *to)
{
	if (fsync(fd) < 0)
		return io_err(errno);
	if (rename(from, to) < 0)
		return io_err(errno);
	return io_sync_folder_of(to);
}

bool io_is_in_place(int fd, const char *path)
{
	struct stat by_fd, by_name;

	return fstat(fd, &by_fd) == 0 && stat(path, &by_name) == 0 &&
	       by_fd.st_dev == by_name.st_dev && by_fd.st_ino == by_name.st_ino;
}

void io_begin_sync(int fd, int64_t offset, int64_t bytes)
{
	(void)sync_file_range(fd, offset, bytes, SYNC_FILE_RANGE_WRITE);
}
