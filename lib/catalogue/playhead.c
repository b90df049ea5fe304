#include "catalogue/playhead.h"

#include "catalogue/store.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define FILE_NAME ".playhead"

static int open_file(const struct conf *conf, const struct uuid *track, int version, int flags)
{
	struct store_path path = store_file(conf, track, version, FILE_NAME);

	return open(path.text, flags | O_CLOEXEC | O_NOFOLLOW, 0644);
}

void playhead_set(const struct conf *conf, const struct uuid *track, int version, int64_t segment)
{
	int fd = open_file(conf, track, version, O_WRONLY | O_CREAT);
	ssize_t written;

	if (fd < 0)
		return;
	written = pwrite(fd, &segment, sizeof(segment), 0);
	(void)written;
	close(fd);
}

int64_t playhead_get(const struct conf *conf, const struct uuid *track, int version)
{
	int fd = open_file(conf, track, version, O_RDONLY);
	int64_t segment = -1;
	struct stat st;

	if (fd < 0)
		return -1;
	if (fstat(fd, &st) < 0 || time(NULL) - st.st_mtime > PLAYHEAD_SECONDS ||
	    pread(fd, &segment, sizeof(segment), 0) != (ssize_t)sizeof(segment))
		segment = -1;
	close(fd);
	return segment;
}

void playhead_remove(const struct conf *conf, const struct uuid *track, int version)
{
	unlink(store_file(conf, track, version, FILE_NAME).text);
}
