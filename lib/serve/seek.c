#include "serve/seek.h"

#include "base/log.h"
#include "format/seekidx.h"

#include <fcntl.h>
#include <stdbool.h>
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
	uint64_t last = idx->samples > 0 ? idx->samples - 1 : INT64_MAX;
	double sample = seconds * idx->timescale + 0.5;

	return sample < 0x1p63 && (uint64_t)sample < last ? (uint64_t)sample : last;
}

/* Samples that a decoder started anew may give wrong (doc/design.md: AAC 2 packets, with
   SBR as long as its header takes to come; MP3 12; Opus 35 of 20 ms). */
static uint64_t preroll_samples(const struct seekidx *idx)
{
	static const struct {
		char codec[5];
		uint32_t samples;
	} known[] = {{"mp4a", 51200}, {"mp3 ", 12 * 1152}, {"Opus", 35 * 960}};

	if (idx->flags & SEEKIDX_EXACT)
		return 0;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (memcmp(idx->codec, known[i].codec, 4) == 0)
			return known[i].samples;
	return 0;
}

/* Where the target is on the line of the entries: a decoder drops the pre-skip of an
   Ogg slice by itself, while that of MP4 is in its timeline. */
static uint64_t line_position(const struct seekidx *idx, uint64_t target)
{
	bool is_ogg = idx->setup_bytes >= 4 && memcmp(idx->setup, "OggS", 4) == 0;

	return is_ogg ? target : target + idx->pre_skip;
}

static enum drift_err find_entry(const struct seekidx *idx, uint64_t position,
				 struct seekidx_entry *out)
{
	uint32_t i;
	enum drift_err err = seekidx_find(idx, position, &i);

	if (!err)
		*out = seekidx_get(idx, i);
	return err;
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
	uint64_t at = line_position(idx, point.target), before = preroll_samples(idx);
	struct seekidx_entry entry, from;
	enum drift_err err = find_entry(idx, at, &entry);

	if (!err)
		err = find_entry(idx, at > before ? at - before : 0, &from);
	if (err)
		return err;
	point.sample = entry.sample;
	point.offset = entry.offset;
	point.preroll = entry.offset - from.offset;
	point.trim = at - from.sample;
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
