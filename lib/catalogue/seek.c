#include "catalogue/seek.h"

#include "base/log.h"
#include "media/seekidx.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum drift_err seek_parse_seconds(const char *text, double *out)
{
	size_t whole, part;
	const char *point;

	if (!text)
		return DRIFT_EINVAL;
	whole = strspn(text, "0123456789");
	point = text + whole;
	part = *point == '.' ? strspn(point + 1, "0123456789") : 0;
	if (whole + part == 0 || point[*point == '.' ? 1 + part : 0])
		return DRIFT_EINVAL;
	*out = strtod(text, NULL);
	return DRIFT_OK;
}

/* The nearest sample, so that the moment of a sample is that sample. */
static uint64_t find_target(const struct seekidx *idx, double seconds)
{
	uint64_t last = idx->samples > 0 ? idx->samples - 1 : UINT64_MAX;
	double sample = seconds * idx->timescale + 0.5;

	return sample < 0x1p63 && (uint64_t)sample < last ? (uint64_t)sample : last;
}

static enum drift_err find(const struct seekidx *idx, double seconds, struct seek_point *out)
{
	struct seek_point point = {
		.timescale = idx->timescale,
		.target = find_target(idx, seconds),
		.setup_bytes = idx->setup_bytes,
		.samples = idx->samples,
		.bytes = idx->bytes,
	};
	struct seekidx_entry entry;
	uint32_t i;
	enum drift_err err = seekidx_find(idx, point.target, &i);

	if (err)
		return err;
	entry = seekidx_get(idx, i);
	point.sample = entry.sample;
	point.offset = entry.offset;
	*out = point;
	return DRIFT_OK;
}

/* A stored file is never cut, so a mapping of it cannot fault. */
static const uint8_t *map_file(const char *path, size_t *len)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	void *data = MAP_FAILED;
	struct stat st;

	if (fd < 0)
		return NULL;
	if (fstat(fd, &st) == 0) {
		*len = (size_t)st.st_size;
		data = mmap(NULL, *len, PROT_READ, MAP_PRIVATE, fd, 0);
	}
	close(fd);
	return data == MAP_FAILED ? NULL : data;
}

enum drift_err seek_find(const char *path, double seconds, struct seek_point *out)
{
	size_t len = 0;
	const uint8_t *data = map_file(path, &len);
	struct seekidx idx;
	enum drift_err err;

	if (!data) {
		log_errno("seek: %s", path);
		return DRIFT_EIO;
	}
	err = seekidx_parse_own(data, len, &idx);
	if (!err)
		err = find(&idx, seconds, out);
	if (err)
		log_error("seek: %s: %s", path, drift_err_text(err));
	munmap((void *)(uintptr_t)data, len);
	return err ? DRIFT_EIO : DRIFT_OK;
}
