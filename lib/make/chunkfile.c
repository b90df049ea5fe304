#include "make/chunkfile.h"

#include "base/log.h"
#include "catalogue/store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PREFIX "chunk-"
#define LOCKS_NAME ".chunk-locks"

struct chunkfile_name chunkfile_name(int64_t number)
{
	struct chunkfile_name name;

	snprintf(name.text, sizeof(name.text), PREFIX "%" PRId64 ".mp4", number);
	return name;
}

bool chunkfile_is_there(const struct conf *conf, const struct uuid *track, int version,
			int64_t number)
{
	struct store_path path = store_file(conf, track, version, chunkfile_name(number).text);

	return access(path.text, R_OK) == 0;
}

int chunkfile_open_locks(const struct conf *conf, const struct uuid *track, int version)
{
	struct store_path path = store_file(conf, track, version, LOCKS_NAME);
	int fd = open(path.text, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);

	if (fd < 0)
		log_errno("chunkfile: open %s", path.text);
	return fd;
}

void chunkfile_remove_all(const struct conf *conf, const struct uuid *track, int version)
{
	DIR *dir = opendir(store_version(conf, track, version).text);
	struct dirent *entry;

	if (!dir)
		return;
	while ((entry = readdir(dir)))
		if ((strncmp(entry->d_name, PREFIX, strlen(PREFIX)) == 0 ||
		     strcmp(entry->d_name, LOCKS_NAME) == 0) &&
		    unlinkat(dirfd(dir), entry->d_name, 0) < 0 && errno != ENOENT)
			log_errno("chunkfile: remove %s", entry->d_name);
	closedir(dir);
}
