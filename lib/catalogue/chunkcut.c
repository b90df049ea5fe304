#include "catalogue/chunkcut.h"

#include "base/log.h"
#include "catalogue/remuxfiles.h"
#include "catalogue/store.h"
#include "format/seekidx.h"
#include "mp4/mp4cut.h"
#include "mp4/mp4piece.h"

#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_sound(const struct seekidx *index)
{
	static const char *const codecs[] = {"fLaC", "mp4a", "mp3 ", "Opus"};

	for (size_t i = 0; i < sizeof(codecs) / sizeof(codecs[0]); i++)
		if (strcmp(index->codec, codecs[i]) == 0)
			return true;
	return false;
}

static enum drift_err cut(int fd, const struct seekidx *index, int64_t number, struct buf *out)
{
	const struct pieces pieces = {
		.rate = (int32_t)index->timescale,
		.delay = index->pre_skip,
		.samples = (int64_t)index->samples,
		.block = 1,
	};

	if (!is_sound(index))
		return DRIFT_ENOENT;
	if (number >= pieces_count(&pieces))
		return DRIFT_ERANGE;
	return mp4cut_add(fd, index, pieces_window(&pieces, number), mp4piece_number(number), out);
}

static enum drift_err cut_by_sidecar(int fd, int sidecar, int64_t number, struct buf *out)
{
	struct seekidx index;
	struct stat st;
	enum drift_err err;
	void *map;

	if (fstat(sidecar, &st) < 0 || st.st_size == 0)
		return DRIFT_EIO;
	map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, sidecar, 0);
	if (map == MAP_FAILED)
		return DRIFT_EIO;
	err = seekidx_parse_own(map, (size_t)st.st_size, &index);
	if (!err)
		err = cut(fd, &index, number, out);
	munmap(map, (size_t)st.st_size);
	return err;
}

static int open_file(const struct conf *conf, const struct track *t, const char *name)
{
	struct store_path path = store_file(conf, &t->id, t->version, name);

	return open(path.text, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
}

enum drift_err chunkcut_add(const struct conf *conf, const struct track *t, int64_t number,
			    struct buf *out)
{
	int fd = open_file(conf, t, REMUXFILES_MP4);
	int sidecar = open_file(conf, t, t->remux_seekidx_name);
	enum drift_err err = DRIFT_EIO;

	if (fd >= 0 && sidecar >= 0)
		err = cut_by_sidecar(fd, sidecar, number, out);
	if (fd >= 0)
		close(fd);
	if (sidecar >= 0)
		close(sidecar);
	if (err == DRIFT_ENOENT || err == DRIFT_ERANGE || err == DRIFT_ENOMEM || !err)
		return err;
	log_error("chunkcut: %s version %d: the MP4 or its sidecar cannot be read", t->id.text,
		  t->version);
	return DRIFT_EIO;
}
