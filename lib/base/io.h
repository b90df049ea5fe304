/*
 * io.h - file descriptors without the loops.
 *
 * Every call retries EINTR and short transfers. ENOSPC and EDQUOT come back
 * as DRIFT_ENOSPC, everything else as DRIFT_EIO with errno kept; nothing is
 * logged here, the caller knows the names.
 */
#ifndef DRIFT_BASE_IO_H
#define DRIFT_BASE_IO_H

#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum drift_err io_write_all(int fd, const void *data, size_t len) MUST_CHECK;
enum drift_err io_pwrite_all(int fd, const void *data, size_t len, int64_t offset) MUST_CHECK;

/* Fills data; DRIFT_EMORE when the file ends first. */
enum drift_err io_read_all(int fd, void *data, size_t len) MUST_CHECK;
enum drift_err io_pread_all(int fd, void *data, size_t len, int64_t offset) MUST_CHECK;
/* Adds all that is in a file now, at most max bytes, to out; errors also DRIFT_ELARGE,
   DRIFT_ENOMEM. */
enum drift_err io_add_file(int fd, int64_t max, struct buf *out) MUST_CHECK;

/*
 * Copies bytes from one file to another, within the system where it can.
 *
 * Returns DRIFT_EIO with errno 0 when there are fewer; else as above.
 */
enum drift_err io_copy(int from, int64_t from_offset, int to, int64_t to_offset,
		       int64_t bytes) MUST_CHECK;

/* DRIFT_ENOSPC or DRIFT_EIO for the errno of a failed call. */
enum drift_err io_err(int errnum);

/*
 * Publishes a file whole: fsync(fd), rename from to to, fsync of to's folder.
 * from and to lie in one file system. On failure the old file stays.
 */
enum drift_err io_publish(int fd, const char *from, const char *to) MUST_CHECK;

/* fsync of the folder that holds path, so that its name survives a crash. */
enum drift_err io_sync_folder_of(const char *path) MUST_CHECK;

/* Is fd still the file of that name? Somebody else may have replaced or removed it since. */
bool io_is_in_place(int fd, const char *path) MUST_CHECK;

/* Lets the system begin to put what was written to that part of the file on the disk, so
   that a later fsync() has less to wait for. It is asked no more than that. */
void io_begin_sync(int fd, int64_t offset, int64_t bytes);

#endif
