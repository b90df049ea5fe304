#include "make/opusjob.h"

#include "base/clock.h"
#include "base/io.h"
#include "base/log.h"
#include "catalogue/playhead.h"
#include "catalogue/store.h"
#include "format/seekidx.h"
#include "opus/segment.h"

#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define TELL_MS 1000 /* what is done sooner, nobody is in the middle of */

/* --- beginning --------------------------------------------------------------- */

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

/* The setup pages that are fixed, or how long new ones will be. */
static enum drift_err find_setup(struct opusjob *j, int32_t *setup_bytes)
{
	const struct job_set *set = j->task->set;
	struct opusbatch_order *o = &j->order;
	struct buf pages = {0};
	enum drift_err err;

	o->setup = opusplan_setup(&set->track, set->version, o->params.channels, set->sample_rate,
				  set->loudness, &set->tags);
	err = opusplan_read_setup(j->task->conf, &set->track, set->version, &j->fixed_setup);
	if (!err) {
		o->setup_pages = buf_text(&j->fixed_setup);
		o->setup_bytes = j->fixed_setup.len;
		*setup_bytes = (int32_t)j->fixed_setup.len;
		return DRIFT_OK;
	}
	err = err == DRIFT_ENOENT ? oggopus_setup(&o->setup, &pages) : err;
	*setup_bytes = (int32_t)pages.len;
	buf_clear(&pages);
	return err;
}

/* Leaves j->file.fd -1 where it cannot be (told). */
static void open_file(struct opusjob *j)
{
	const struct task *t = j->task;
	int32_t setup_bytes;
	enum drift_err err = find_setup(j, &setup_bytes);

	if (!err)
		err = artifact_join(t->conf, &t->set->track, t->set->version, j->name.text,
				    opusplan_part(&j->order.params, setup_bytes), &j->file);
	if (err)
		task_fail_by_code(t, JOB_OPUS, err);
	j->order.fd = j->file.fd;
}

/* Who was killed may have listeners, whose pages fixed the setup: they are told at once. */
static void join_growth(struct opusjob *j)
{
	const struct job_set *set = j->task->set;

	if (!j->order.params.vbr || j->file.fd < 0)
		return;
	growth_join(j->task->conf, &set->track, set->version, &growth_opus, j->file.part.text,
		    &j->growth);
	j->told_ms = j->fixed_setup.len ? 0 : clock_ms();
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
		.growth = GROWTH_NONE,
	};
	out->name = opusplan_file(conf);
	out->sidecar_name = opusplan_sidecar(conf);
	if (check_room(out) == DRIFT_OK)
		open_file(out);
	join_growth(out);
}

/* --- while it is made ----------------------------------------------------------- */

static enum drift_err tell(struct opusjob *j, const struct buf *sidecar)
{
	const struct growth_news news = {
		.sidecar = sidecar, .codec = "opus", .delay = LAYOUT_PRE_SKIP};

	return growth_tell(&j->growth, j->task->worker->db, &news);
}

void opusjob_show(struct opusjob *j, struct opusbatch *batch)
{
	struct buf sidecar = {0};
	enum drift_err err;

	if (!j->growth.kind || clock_ms() - j->told_ms < TELL_MS)
		return;
	err = opusbatch_show(batch, &sidecar);
	if (!err)
		err = tell(j, &sidecar);
	if (err && err != DRIFT_EMORE)
		log_warning("opusjob: nobody hears %s", j->file.part.text);
	j->told_ms = clock_ms();
	buf_clear(&sidecar);
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

/* Somebody may have needed the setup pages meanwhile, and fixed them. */
static enum drift_err take_fixed_setup(struct opusjob *j, const struct opusbatch_result *r)
{
	const struct job_set *set = j->task->set;
	enum drift_err err;

	buf_reset(&j->fixed_setup);
	err = opusplan_read_setup(j->task->conf, &set->track, set->version, &j->fixed_setup);
	if (err)
		return err == DRIFT_ENOENT ? DRIFT_EIO : err;
	if (j->fixed_setup.len != (size_t)r->layout.setup_bytes) {
		log_warning("transcode: %s: other setup pages were fixed meanwhile",
			    j->file.part.text);
		return DRIFT_EIO;
	}
	return io_pwrite_all(j->file.fd, j->fixed_setup.data, j->fixed_setup.len, 0);
}

static enum drift_err publish_sidecar(struct opusjob *j, const struct opusbatch_result *r,
				      int64_t mtime_us)
{
	const struct job_set *set = j->task->set;
	enum drift_err err = DRIFT_OK;

	/* who is in the middle of it learns that no more will come */
	if (j->growth.is_told)
		err = tell(j, &r->sidecar);
	if (err)
		return err;
	if (r->layout.params.vbr)
		return task_publish_bytes(j->task, j->sidecar_name.text, &r->sidecar, mtime_us);
	err = opusplan_fix(j->task->conf, &set->track, set->version, &r->sidecar, mtime_us);
	return err ? err : take_fixed_setup(j, r);
}

/* Both files are there before either row names one. */
static enum drift_err publish_files(struct opusjob *j, const struct opusbatch_result *r,
				    int64_t mtime_us)
{
	enum drift_err err = verify(j, r);

	if (!err)
		err = publish_sidecar(j, r, mtime_us);
	if (!err)
		err = artifact_publish(&j->file, mtime_us);
	if (!err && j->growth.is_told)
		growth_keep(&j->growth);
	if (!err)
		playhead_remove(j->task->conf, &j->task->set->track, j->task->set->version);
	return err;
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
		.name = j->sidecar_name.text,
		.mime = SEEKIDX_MIME,
		.bytes = (int64_t)r->sidecar.len,
		.mtime_us = mtime_us,
		.meta = meta,
	};
	const struct job_artifact opus = {
		.kind = "opus",
		.name = j->name.text,
		.mime = OPUSPLAN_MIME,
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
	growth_end(&j->growth, j->task ? j->task->worker->db : NULL);
	buf_clear(&j->fixed_setup);
}
