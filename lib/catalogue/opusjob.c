#include "catalogue/opusjob.h"

#include "base/log.h"
#include "catalogue/store.h"
#include "media/seekidx.h"
#include "media/segment.h"

#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define OPUS_MIME "audio/ogg; codecs=opus"
#define REFERENCE_LUFS (-23.0) /* of R128_TRACK_GAIN: RFC 7845 section 5.2.1 */

/* --- beginning --------------------------------------------------------------- */

/* Reads the sidecar that this version's rendition has had so far, if any. */
static bool read_old_sidecar(struct opusjob *j, struct seekidx *out)
{
	const struct job_set *set = j->task->set;
	struct store_path path =
		store_file(j->task->conf, &set->track, set->version, j->sidecar_name);
	int fd = open(path.text, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	struct buf *file = &j->old_sidecar;
	char piece[16384];
	ssize_t n;

	if (fd < 0)
		return false;
	while ((n = read(fd, piece, sizeof(piece))) > 0)
		buf_add(file, piece, (size_t)n);
	close(fd);
	if (n == 0 && buf_ok(file) &&
	    seekidx_parse((const uint8_t *)file->data, file->len, out) == DRIFT_OK &&
	    out->setup_bytes > 0 && out->setup_bytes <= LAYOUT_SETUP_MAX)
		return true;
	log_warning("transcode: %s is damaged and will be replaced", path.text);
	return false;
}

/* Upper bound of what the rendition and its sidecar take, in bytes. */
static int64_t room_for(const struct opusjob *j)
{
	struct layout_params params = j->order.params;
	struct layout layout;

	if (params.vbr) {
		params.vbr = false;
		params.packet_bytes += params.packet_bytes / 4;
	}
	layout_init(&layout, &params, j->task->set->samples48, LAYOUT_SETUP_MAX);
	return layout_bytes(&layout) + layout.pages * SEEKIDX_ENTRY_BYTES + LAYOUT_SETUP_MAX;
}

/* Before the file is opened: a full store is told with figures. */
static enum drift_err check_room(const struct opusjob *j)
{
	int64_t need = room_for(j), room = 0;
	enum drift_err err = artifact_room(j->task->conf, need, &room);

	if (err == DRIFT_ENOSPC)
		task_fail(j->task, JOB_OPUS, JOB_RETRY,
			  "The store is full: %" PRId64 " MB are needed and %" PRId64
			  " MB are free.",
			  need / 1000000 + 17, room / 1000000);
	else if (err)
		task_fail_by_code(j->task, JOB_OPUS, err);
	return err;
}

static enum drift_err open_file(struct opusjob *j)
{
	const struct task *t = j->task;
	enum drift_err err = artifact_join(t->conf, &t->set->track, t->set->version, j->name,
					   segment_fingerprint(&j->order.params), &j->file);

	if (err)
		task_fail_by_code(t, JOB_OPUS, err);
	return err;
}

static void compose_order(struct opusjob *j)
{
	const struct job_set *set = j->task->set;
	struct seekidx old;

	j->order.fd = j->file.fd;
	j->order.setup = (struct oggopus_setup){
		.serial = oggopus_serial(&set->track, set->version),
		.channels = j->order.params.channels,
		.sample_rate = set->sample_rate,
		.vendor = segment_vendor(),
		.tags = set->tags,
		.tag_count = set->tag_count,
		.has_gain = !isnan(set->loudness),
		.track_gain = REFERENCE_LUFS - set->loudness,
	};
	if (read_old_sidecar(j, &old)) {
		j->order.setup_pages = (const char *)old.setup;
		j->order.setup_bytes = old.setup_bytes;
	}
}

void opusjob_start(const struct task *task, int channels, struct encoders *encoders, int64_t rank,
		   struct opusjob *out)
{
	const struct conf *conf = task->conf;
	int kbits = (int)conf->opus_kbits;

	*out = (struct opusjob){
		.task = task,
		.order = {.params = layout_params(kbits, channels, conf->opus_vbr),
			  .encoders = encoders,
			  .rank = rank},
		.file = {.fd = -1},
	};
	snprintf(out->name, sizeof(out->name), "opus-%d.opus", kbits);
	snprintf(out->sidecar_name, sizeof(out->sidecar_name), "opus-%d.seekidx", kbits);
	if (check_room(out) == DRIFT_OK && open_file(out) == DRIFT_OK)
		compose_order(out);
}

/* --- end --------------------------------------------------------------------- */

/* Is the rendition what its layout says, byte for byte in length? */
static enum drift_err verify(const struct opusjob *j, const struct opusbatch_result *r)
{
	struct seekidx idx;
	struct stat st;

	if (fstat(j->file.fd, &st) == 0 && st.st_size == r->bytes &&
	    (r->layout.params.vbr || st.st_size == layout_bytes(&r->layout)) &&
	    seekidx_parse((const uint8_t *)r->sidecar.data, r->sidecar.len, &idx) == DRIFT_OK &&
	    idx.entry_count == (uint64_t)r->layout.pages && idx.bytes == (uint64_t)st.st_size)
		return DRIFT_OK;
	log_error("transcode: %s: the file is not what its layout says", j->file.part.text);
	return DRIFT_EIO;
}

/* Both files are there before either row names one. */
static enum drift_err publish_files(struct opusjob *j, const struct opusbatch_result *r,
				    int64_t mtime_us)
{
	enum drift_err err = verify(j, r);

	if (!err)
		err = task_publish_bytes(j->task, j->sidecar_name, &r->sidecar, mtime_us);
	return err ? err : artifact_publish(&j->file, mtime_us);
}

static void write_meta(const struct layout *l, int64_t damaged, struct buf *out)
{
	buf_addf(out,
		 "{\"bitrate\": %d, \"vbr\": %s, \"channels\": %d, \"packet_bytes\": %d,"
		 " \"pre_skip\": %d, \"samples48\": %" PRId64 ", \"setup_bytes\": %d,"
		 " \"damaged\": %" PRId64 ", \"encoder\": ",
		 layout_bitrate(&l->params), l->params.vbr ? "true" : "false", l->params.channels,
		 l->params.packet_bytes, LAYOUT_PRE_SKIP, l->samples48, l->setup_bytes, damaged);
	buf_add_json(out, segment_vendor());
	buf_add_text(out, "}");
}

static enum drift_err publish_rows(const struct opusjob *j, const struct opusbatch_result *r,
				   int64_t mtime_us, const char *meta)
{
	const struct job_artifact sidecar = {
		.kind = "seekidx",
		.name = j->sidecar_name,
		.mime = SEEKIDX_MIME,
		.bytes = (int64_t)r->sidecar.len,
		.mtime_us = mtime_us,
		.meta = meta,
	};
	const struct job_artifact opus = {
		.kind = "opus",
		.name = j->name,
		.mime = OPUS_MIME,
		.bytes = r->bytes,
		.mtime_us = mtime_us,
		.meta = meta,
	};
	enum drift_err err = job_publish(j->task->worker, j->task->set, JOB_OPUS, &sidecar);

	return err ? err : job_publish(j->task->worker, j->task->set, JOB_OPUS, &opus);
}

static enum drift_err publish(struct opusjob *j, const struct opusbatch_result *r, int64_t damaged)
{
	int64_t mtime_us = artifact_mtime_us(j->task->set->source_mtime_us,
					     segment_fingerprint(&r->layout.params));
	struct buf meta = {0};
	enum drift_err err = publish_files(j, r, mtime_us);

	if (err)
		return err;
	write_meta(&r->layout, damaged, &meta);
	err = buf_ok(&meta) ? publish_rows(j, r, mtime_us, buf_text(&meta)) : DRIFT_ENOMEM;
	buf_clear(&meta);
	return err;
}

enum drift_err opusjob_end(struct opusjob *j, enum drift_err err,
			   const struct opusbatch_result *result, int64_t damaged)
{
	return task_settle(j->task, JOB_OPUS, err ? err : publish(j, result, damaged));
}

void opusjob_leave(struct opusjob *j)
{
	artifact_leave(&j->file);
}

void opusjob_clear(struct opusjob *j)
{
	artifact_drop(&j->file);
	buf_clear(&j->old_sidecar);
}
