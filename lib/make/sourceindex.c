#include "make/sourceindex.h"

#include "base/log.h"
#include "catalogue/artifact.h"
#include "catalogue/store.h"
#include "format/seekidx.h"

#include <fcntl.h>
#include <unistd.h>

#define FILE_NAME "source.seekidx"
#define FINGERPRINT 1 /* counts up when the same source gives another one */
#define BYTES_MAX ((size_t)64 << 20)

void sourceindex_read(const struct conf *conf, const struct uuid *track, int version,
		      struct buf *out)
{
	struct store_path path = store_file(conf, track, version, FILE_NAME);
	int fd = open(path.text, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	char piece[65536];
	ssize_t n;

	if (fd < 0)
		return;
	while (out->len < BYTES_MAX && (n = read(fd, piece, sizeof(piece))) > 0)
		buf_add(out, piece, (size_t)n);
	close(fd);
}

/* Any of them may publish. */
static enum job_kind due_kind(const struct task *t)
{
	for (int kind = 0; kind < JOB_KINDS; kind++)
		if (task_is_due(t, (enum job_kind)kind))
			return (enum job_kind)kind;
	return JOB_KINDS;
}

/* What the decoder found, or nothing. */
static void take_index(const struct uuid *track, const struct decoder *d, struct buf *out)
{
	struct seekidx parsed;
	size_t bytes;
	const uint8_t *data = decoder_get_index(d, &bytes);

	if (data && seekidx_parse(data, bytes, &parsed) == DRIFT_OK)
		buf_add(out, data, bytes);
	else if (data)
		log_warning("sourceindex: what the decoder found of %s makes no sense",
			    track->text);
}

void sourceindex_keep(const struct conf *conf, const struct uuid *track, int version,
		      int64_t source_mtime_us, const struct decoder *d)
{
	struct buf index = {0};

	take_index(track, d, &index);
	if (index.len > 0 &&
	    artifact_put_first(conf, track, version, FILE_NAME, &index,
			       artifact_mtime_us(source_mtime_us, FINGERPRINT)) != DRIFT_OK)
		log_warning("sourceindex: that of %s could not be kept", track->text);
	buf_clear(&index);
}

static enum drift_err store(const struct task *t, enum job_kind kind, const struct buf *index)
{
	const struct job_artifact row = {
		.kind = "packets",
		.name = FILE_NAME,
		.mime = SEEKIDX_MIME,
		.bytes = (int64_t)index->len,
		.mtime_us = artifact_mtime_us(t->set->source_mtime_us, FINGERPRINT),
		.meta = "{}",
	};
	enum drift_err err = task_publish_bytes(t, row.name, index, row.mtime_us);

	return err ? err : job_publish(t->worker, t->set, kind, &row);
}

void sourceindex_store(const struct task *t, const struct decoder *d)
{
	enum job_kind kind = due_kind(t);
	struct buf index = {0};

	if (kind == JOB_KINDS)
		return;
	take_index(&t->set->track, d, &index);
	if (!buf_ok(&index) || (index.len > 0 && store(t, kind, &index) != DRIFT_OK))
		log_warning("sourceindex: that of %s could not be kept", t->set->track.text);
	buf_clear(&index);
}
