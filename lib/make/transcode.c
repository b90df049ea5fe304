#include "make/transcode.h"

#include "base/filehash.h"
#include "base/log.h"
#include "catalogue/playhead.h"
#include "catalogue/store.h"
#include "make/opusjob.h"
#include "make/pipeline.h"
#include "make/remuxjob.h"
#include "make/soundjob.h"
#include "make/sourceindex.h"
#include "wall/decoder.h"

#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <unistd.h>

#define REASON_MAX 512

struct work {
	const struct task *task;
	struct decoder *decoder;
	struct opusjob opus;
	struct filehash hash; /* of the source, while it is analysed; else all-zero */
	double progress; /* as last told */
	struct pipeline_result result;
};

/* The source as it was published, or -1 and the jobs failed. */
static int open_source(const struct task *t)
{
	const struct job_set *set = t->set;
	struct store_path path = store_file(t->conf, &set->track, set->version, set->source_name);
	int fd = open(path.text, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	struct stat st = {0};

	if (fd < 0) {
		log_errno("transcode: open %s", path.text);
		task_fail_all(t, JOB_RETRY,
			      "The source is not in the store, or cannot be read there.");
		return -1;
	}
	if (fstat(fd, &st) < 0 || st.st_size != set->source_bytes) {
		log_error("transcode: %s has %jd bytes instead of %" PRId64, path.text,
			  (intmax_t)st.st_size, set->source_bytes);
		task_fail_all(
			t, JOB_NO_RETRY,
			"The source in the store is not as long as the file that was uploaded.");
		close(fd);
		return -1;
	}
	return fd;
}

/* Is the source in the store the one that the catalogue describes? */
static bool check_facts(const struct work *w)
{
	const struct decoder_facts *facts = decoder_get_facts(w->decoder);
	const struct job_set *set = w->task->set;

	if (facts->sample_rate != set->sample_rate) {
		task_fail_all(w->task, JOB_NO_RETRY,
			      "The source in the store has another sample rate than the file that "
			      "was uploaded.");
		return false;
	}
	if (facts->samples != set->samples)
		log_warning("transcode: %s: the decoder counts %" PRId64
			    " samples, the catalogue %" PRId64,
			    set->track.text, facts->samples, set->samples);
	return true;
}

static void fail_host(const struct task *t, const char *reason)
{
	for (int kind = 0; kind < JOB_KINDS; kind++)
		if (task_is_due(t, kind))
			task_fail_host(t, kind, reason);
}

/* False: the jobs are failed. */
static bool start_decoder(struct work *w, int source)
{
	const struct conf *conf = w->task->conf;
	const struct decoder_limits limits = {conf->decode_memory_mb, conf->decode_seconds,
					      conf->max_duration_hours};
	char reason[REASON_MAX] = "";
	struct buf index = {0};
	bool has_index;
	enum drift_err err;

	sourceindex_read(conf, &w->task->set->track, w->task->set->version, &index);
	has_index = index.len > 0;
	err = decoder_new_indexed(conf->decode_program, &limits, source, index.data, index.len,
				  &w->decoder, reason, sizeof(reason));
	buf_clear(&index);
	if (!err && !has_index)
		sourceindex_store(w->task, w->decoder);
	if (err == DRIFT_EMEDIA)
		task_fail_media(w->task, reason);
	else if (err && *reason)
		fail_host(w->task, reason);
	else if (err)
		task_fail_all(w->task, JOB_RETRY,
			      "The decoder could not be started; the transcoder's log says why.");
	return !err && check_facts(w);
}

/* Close behind the decoder, so that the source is read from the disk once. */
static void hash_on(struct work *w, double part)
{
	if (w->hash.bytes && filehash_advance(&w->hash, part) != DRIFT_OK) {
		log_errno("transcode: read the source of %s", w->task->set->track.text);
		filehash_clear(&w->hash);
	}
}

/* Between two pieces: stop, hold the lease, or learn that it is lost. */
static enum drift_err tick(void *context, double progress)
{
	struct work *w = context;

	w->progress = progress;
	hash_on(w, progress);
	if (*w->task->worker->stop)
		return DRIFT_ECLOSED;
	return job_progress(w->task->worker, w->task->set, progress);
}

/* Nothing is put in its place by one who has lost the jobs. */
static enum drift_err hold(const struct work *w)
{
	return job_renew(w->task->worker, w->task->set, w->progress);
}

static enum drift_err end_sound(void *context, struct pipeline_result *result)
{
	struct work *w = context;
	char sha256[FILEHASH_TEXT_MAX] = "";
	enum drift_err err = hold(w);

	hash_on(w, 1);
	if (w->hash.bytes)
		filehash_finish(&w->hash, sha256);
	filehash_clear(&w->hash);
	return err ? err
		   : soundjob_end(w->task, result->analysis_err, &result->analysis,
				  *sha256 ? sha256 : NULL);
}

static enum drift_err end_opus(void *context, struct pipeline_result *result)
{
	struct work *w = context;
	enum drift_err err = hold(w);

	return err ? err
		   : opusjob_end(&w->opus, result->opus_err, &result->opus,
				 decoder_get_damaged(w->decoder));
}

static void show_opus(void *context, struct opusbatch *batch)
{
	opusjob_show(&((struct work *)context)->opus, batch);
}

static int64_t find_listener(void *context)
{
	const struct task *t = ((const struct work *)context)->task;

	return playhead_get(t->conf, &t->set->track, t->set->version);
}

static enum drift_err run_pipeline(struct work *w, int source)
{
	const struct task *t = w->task;
	bool encode = task_is_due(t, JOB_OPUS);
	bool analyse = task_is_due(t, JOB_WAVEFORM) || (encode && isnan(t->set->loudness));
	const struct pipeline_order order = {
		.decoder = w->decoder,
		.samples = t->set->samples,
		.opus = encode ? &w->opus.order : NULL,
		.analyse = analyse,
		.context = w,
		.tick = tick,
		.analysed = end_sound,
		.encoded = end_opus,
		.grown = t->conf->opus_vbr ? show_opus : NULL,
		.listened = t->conf->opus_vbr ? NULL : find_listener,
	};

	if (analyse && filehash_init(&w->hash, source, t->set->source_bytes) != DRIFT_OK)
		return DRIFT_ENOMEM;
	return pipeline_run(&order, &w->result);
}

/* What the pass as a whole died of. */
static void settle_broken(struct work *w, enum drift_err err)
{
	const struct task *t = w->task;

	if (err == DRIFT_EMEDIA)
		task_fail_media(t, decoder_get_reason(w->decoder));
	else if (err == DRIFT_ENOMEM)
		task_fail_all(t, JOB_RETRY, "The transcoder ran out of memory.");
	else if (err == DRIFT_EIO && *decoder_get_reason(w->decoder))
		fail_host(t, decoder_get_reason(w->decoder));
	else if (err == DRIFT_ELOCKED)
		log_info("transcode: %s version %d is no longer ours: dropped", t->set->track.text,
			 t->set->version);
	else
		opusjob_leave(&w->opus); /* told to stop, or no database: somebody goes on */
	job_release(t->worker, t->set);
}

static void warn_damaged(const struct work *w)
{
	int64_t damaged = decoder_get_damaged(w->decoder);

	if (damaged)
		log_warning("transcode: %s version %d: %" PRId64
			    " packets of the source are damaged and became silence",
			    w->task->set->track.text, w->task->set->version, damaged);
}

static enum drift_err work_off(struct work *w, int source, struct encoders *encoders, int64_t rank)
{
	const struct task *t = w->task;
	enum drift_err err;

	if (task_is_due(t, JOB_OPUS))
		opusjob_start(t, decoder_pcm_channels(w->decoder), encoders, rank, &w->opus);
	if (!task_is_any_due(t))
		return DRIFT_OK;
	err = run_pipeline(w, source);
	if (err)
		settle_broken(w, err);
	else
		warn_damaged(w);
	return err == DRIFT_EDB ? err : DRIFT_OK;
}

enum drift_err transcode_run(const struct task *task, struct encoders *encoders, int64_t rank)
{
	struct work w = {.task = task, .opus = OPUSJOB_NONE};
	enum drift_err err = DRIFT_OK;
	int source = open_source(task);

	if (source < 0)
		return DRIFT_OK;
	err = remuxjob_run(task, source);
	if (!err && task_is_any_due(task) && start_decoder(&w, source))
		err = work_off(&w, source, encoders, rank);
	close(source);
	opusjob_clear(&w.opus);
	filehash_clear(&w.hash);
	decoder_free(w.decoder);
	pipeline_clear(&w.result);
	return err;
}
