#include "catalogue/transcode.h"

#include "base/io.h"
#include "base/log.h"
#include "catalogue/artifact.h"
#include "catalogue/store.h"
#include "media/decoder.h"
#include "media/pipeline.h"
#include "media/seekidx.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SENTENCE_MAX 512
#define OPUS_MIME "audio/ogg; codecs=opus"
#define WAVEFORM_NAME "waveform.dat"
#define WAVEFORM_MIME "application/octet-stream"
#define WAVEFORM_FINGERPRINT 1 /* counts up when the same PCM gives other bytes */
#define REFERENCE_LUFS (-23.0) /* of R128_TRACK_GAIN: RFC 7845 section 5.2.1 */

struct work {
	const struct conf *conf;
	const struct job_worker *worker;
	struct job_set *set;
	struct decoder *decoder;
	struct layout_params params; /* of the Opus rendition */
	char opus_name[32];
	char sidecar_name[32];
	struct artifact opus; /* fd -1: not at work on it */
	struct buf old_sidecar; /* of this version, as published before; may be empty */
	struct pipeline_result result;
};

static bool is_due(const struct work *w, enum job_kind kind)
{
	return w->set->id[kind] != 0;
}

__attribute__((format(printf, 4, 5))) static void fail(struct work *w, enum job_kind kind,
						       enum job_retry retry, const char *fmt, ...)
{
	char sentence[SENTENCE_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(sentence, sizeof(sentence), fmt, ap);
	va_end(ap);
	job_fail(w->worker, w->set, kind, retry, sentence);
}

static void fail_all(struct work *w, enum job_retry retry, const char *sentence)
{
	for (int kind = 0; kind < JOB_KINDS; kind++)
		if (is_due(w, kind))
			fail(w, kind, retry, "%s", sentence);
}

/* reason: the decoder's phrase. The source stays what it is: no second attempt. */
static void fail_media(struct work *w, const char *reason)
{
	char sentence[SENTENCE_MAX];

	snprintf(sentence, sizeof(sentence), "The source cannot be decoded: %s.", reason);
	fail_all(w, JOB_NO_RETRY, sentence);
}

/* Our own trouble: it may be over at the next attempt. */
static void fail_by_code(struct work *w, enum job_kind kind, enum drift_err err)
{
	if (err == DRIFT_ENOSPC)
		fail(w, kind, JOB_RETRY, "The store is full: the file could not be written.");
	else if (err == DRIFT_ENOMEM)
		fail(w, kind, JOB_RETRY, "The transcoder ran out of memory.");
	else
		fail(w, kind, JOB_RETRY,
		     "The file could not be written to the store; the transcoder's log says why.");
}

/* The source as it was published, or -1 and the jobs failed. */
static int open_source(struct work *w)
{
	const struct job_set *set = w->set;
	struct store_path path = store_file(w->conf, &set->track, set->version, set->source_name);
	int fd = open(path.text, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	struct stat st = {0};

	if (fd < 0) {
		log_errno("transcode: open %s", path.text);
		fail_all(w, JOB_RETRY, "The source is not in the store, or cannot be read there.");
		return -1;
	}
	if (fstat(fd, &st) < 0 || st.st_size != set->source_bytes) {
		log_error("transcode: %s has %jd bytes instead of %" PRId64, path.text,
			  (intmax_t)st.st_size, set->source_bytes);
		fail_all(w, JOB_NO_RETRY,
			 "The source in the store is not as long as the file that was uploaded.");
		close(fd);
		return -1;
	}
	return fd;
}

static bool start_decoder(struct work *w, int source)
{
	const struct decoder_limits limits = {w->conf->decode_memory_mb, w->conf->decode_seconds,
					      w->conf->max_duration_hours};
	const struct decoder_facts *facts;
	char reason[SENTENCE_MAX] = "";
	enum drift_err err;

	err = decoder_new(w->conf->decode_program, &limits, source, &w->decoder, reason,
			  sizeof(reason));
	if (err == DRIFT_EMEDIA) {
		fail_media(w, reason);
		return false;
	}
	if (err) {
		fail_all(w, JOB_RETRY,
			 "The decoder could not be started; the transcoder's log says why.");
		return false;
	}
	facts = decoder_get_facts(w->decoder);
	if (facts->sample_rate != w->set->sample_rate) {
		fail_all(w, JOB_NO_RETRY,
			 "The source in the store has another sample rate than the file that was "
			 "uploaded.");
		return false;
	}
	if (facts->samples != w->set->samples)
		log_warning("transcode: %s: the decoder counts %" PRId64
			    " samples, the catalogue %" PRId64,
			    w->set->track.text, facts->samples, w->set->samples);
	return true;
}

/* Reads the sidecar that this version's rendition has had so far, if any. */
static bool read_old_sidecar(struct work *w, struct seekidx *out)
{
	struct store_path path =
		store_file(w->conf, &w->set->track, w->set->version, w->sidecar_name);
	int fd = open(path.text, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	struct buf *file = &w->old_sidecar;
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
static int64_t opus_room(const struct work *w)
{
	struct layout_params params = w->params;
	struct layout layout;

	if (params.vbr) {
		params.vbr = false;
		params.packet_bytes += params.packet_bytes / 4;
	}
	layout_init(&layout, &params, w->set->samples48, LAYOUT_SETUP_MAX);
	return layout_bytes(&layout) + layout.pages * SEEKIDX_ENTRY_BYTES + LAYOUT_SETUP_MAX;
}

/* Opens the rendition's part file; on failure its job is settled. */
static void start_opus(struct work *w)
{
	struct job_set *set = w->set;
	int64_t need, room;
	enum drift_err err;

	if (!is_due(w, JOB_OPUS))
		return;
	w->params = layout_params((int32_t)w->conf->opus_kbits, decoder_pcm_channels(w->decoder),
				  w->conf->opus_vbr);
	snprintf(w->opus_name, sizeof(w->opus_name), "opus-%d.opus", (int)w->conf->opus_kbits);
	snprintf(w->sidecar_name, sizeof(w->sidecar_name), "opus-%d.seekidx",
		 (int)w->conf->opus_kbits);
	need = opus_room(w);
	err = artifact_room(w->conf, need, &room);
	if (err == DRIFT_ENOSPC) {
		fail(w, JOB_OPUS, JOB_RETRY,
		     "The store is full: %" PRId64 " MB are needed and %" PRId64 " MB are free.",
		     need / 1000000 + 17, room / 1000000);
		return;
	}
	if (!err)
		err = artifact_open(w->conf, &set->track, set->version, w->opus_name,
				    w->worker->name, &w->opus);
	if (err)
		fail_by_code(w, JOB_OPUS, err);
}

/* Between two segments: stop, hold the lease, or learn that it is lost. */
static enum drift_err tick(void *context, double progress)
{
	const struct work *w = context;

	if (*w->worker->stop)
		return DRIFT_ECLOSED;
	return job_progress(w->worker, w->set, progress);
}

static void compose_opus(struct work *w, struct pipeline_opus *opus)
{
	const struct job_set *set = w->set;
	struct seekidx old;

	*opus = (struct pipeline_opus){
		.fd = w->opus.fd,
		.params = w->params,
		.setup = {.serial = oggopus_serial(&set->track, set->version),
			  .channels = w->params.channels,
			  .sample_rate = set->sample_rate,
			  .vendor = segment_vendor(),
			  .tags = set->tags,
			  .tag_count = set->tag_count,
			  .has_gain = !isnan(set->loudness),
			  .track_gain = REFERENCE_LUFS - set->loudness},
	};
	if (read_old_sidecar(w, &old)) {
		opus->setup_pages = (const char *)old.setup;
		opus->setup_bytes = old.setup_bytes;
	}
}

static enum drift_err run_pipeline(struct work *w)
{
	struct pipeline_opus opus;
	struct pipeline_order order = {
		.decoder = w->decoder,
		.samples = w->set->samples,
		.analyse = is_due(w, JOB_WAVEFORM),
		.tick = tick,
		.context = w,
	};

	if (w->opus.fd >= 0) {
		compose_opus(w, &opus);
		order.opus = &opus;
		order.analyse = order.analyse || isnan(w->set->loudness);
	}
	return pipeline_run(&order, &w->result);
}

/* What the pass as a whole died of. */
static void settle_broken(struct work *w, enum drift_err err)
{
	if (err == DRIFT_EMEDIA)
		fail_media(w, decoder_get_reason(w->decoder));
	else if (err == DRIFT_ENOMEM)
		fail_all(w, JOB_RETRY, "The transcoder ran out of memory.");
	else if (err == DRIFT_ELOCKED)
		log_info("transcode: %s version %d is no longer ours: dropped", w->set->track.text,
			 w->set->version);
	else if (err != DRIFT_ECLOSED)
		fail_all(w, JOB_RETRY, "The transcoder failed; its log says why.");
	job_release(w->worker, w->set);
}

/* Writes a small artifact whole and puts it in its place. */
static enum drift_err publish_bytes(struct work *w, const char *name, const struct buf *bytes,
				    int64_t mtime_us)
{
	struct artifact a;
	enum drift_err err;

	err = artifact_open(w->conf, &w->set->track, w->set->version, name, w->worker->name, &a);
	if (err)
		return err;
	err = io_write_all(a.fd, bytes->data, bytes->len);
	if (err) {
		log_errno("transcode: write %s", a.part.text);
		artifact_drop(&a);
		return err;
	}
	return artifact_publish(&a, mtime_us);
}

/* Settles a job by what its last step returned. */
static enum drift_err settle(struct work *w, enum job_kind kind, enum drift_err err)
{
	if (!err) {
		job_done(w->worker, w->set, kind);
	} else if (err == DRIFT_ELOCKED) {
		log_info("transcode: %s of %s is no longer ours: dropped", job_kind_text(kind),
			 w->set->track.text);
		w->set->id[kind] = 0;
	} else if (err == DRIFT_EDB) {
		w->set->id[kind] = 0; /* the lease runs out */
	} else {
		fail_by_code(w, kind, err);
	}
	return err == DRIFT_EDB ? err : DRIFT_OK;
}

static enum drift_err publish_waveform(struct work *w)
{
	struct job_artifact row = {
		.kind = "waveform",
		.name = WAVEFORM_NAME,
		.mime = WAVEFORM_MIME,
		.bytes = (int64_t)w->result.waveform.len,
		.mtime_us = artifact_mtime_us(w->set->source_mtime_us, WAVEFORM_FINGERPRINT),
		.meta = "{\"format\": \"audiowaveform\", \"version\": 2, \"bits\": 8}",
	};
	enum drift_err err = w->result.analysis_err;

	if (!err)
		err = publish_bytes(w, row.name, &w->result.waveform, row.mtime_us);
	return err ? err : job_publish(w->worker, w->set, JOB_WAVEFORM, &row);
}

/* Is the rendition what its layout says, byte for byte in length? */
static enum drift_err verify_opus(const struct work *w)
{
	const struct pipeline_result *r = &w->result;
	struct seekidx idx;
	struct stat st;

	if (fstat(w->opus.fd, &st) == 0 && st.st_size == r->opus_bytes &&
	    (w->params.vbr || st.st_size == layout_bytes(&r->layout)) &&
	    seekidx_parse((const uint8_t *)r->sidecar.data, r->sidecar.len, &idx) == DRIFT_OK &&
	    idx.entry_count == (uint64_t)r->layout.pages && idx.bytes == (uint64_t)st.st_size)
		return DRIFT_OK;
	log_error("transcode: %s: the file is not what its layout says", w->opus.part.text);
	return DRIFT_EIO;
}

static void write_opus_meta(const struct work *w, struct buf *out)
{
	buf_addf(out,
		 "{\"bitrate\": %d, \"vbr\": %s, \"channels\": %d, \"packet_bytes\": %d,"
		 " \"pre_skip\": %d, \"samples48\": %" PRId64 ", \"setup_bytes\": %d,"
		 " \"damaged\": %" PRId64 ", \"encoder\": ",
		 layout_bitrate(&w->params), w->params.vbr ? "true" : "false", w->params.channels,
		 w->params.packet_bytes, LAYOUT_PRE_SKIP, w->result.layout.samples48,
		 w->result.layout.setup_bytes, decoder_get_damaged(w->decoder));
	buf_add_json(out, segment_vendor());
	buf_add_text(out, "}");
}

/* Both files are there before either row names one. */
static enum drift_err publish_opus_files(struct work *w, int64_t mtime_us)
{
	enum drift_err err = verify_opus(w);

	if (!err)
		err = publish_bytes(w, w->sidecar_name, &w->result.sidecar, mtime_us);
	return err ? err : artifact_publish(&w->opus, mtime_us);
}

static enum drift_err publish_opus_rows(struct work *w, int64_t mtime_us, const char *meta)
{
	const struct job_artifact sidecar = {
		.kind = "seekidx",
		.name = w->sidecar_name,
		.mime = SEEKIDX_MIME,
		.bytes = (int64_t)w->result.sidecar.len,
		.mtime_us = mtime_us,
		.meta = meta,
	};
	const struct job_artifact opus = {
		.kind = "opus",
		.name = w->opus_name,
		.mime = OPUS_MIME,
		.bytes = w->result.opus_bytes,
		.mtime_us = mtime_us,
		.meta = meta,
	};
	enum drift_err err = job_publish(w->worker, w->set, JOB_OPUS, &sidecar);

	return err ? err : job_publish(w->worker, w->set, JOB_OPUS, &opus);
}

static enum drift_err publish_opus(struct work *w)
{
	int64_t mtime_us =
		artifact_mtime_us(w->set->source_mtime_us, segment_fingerprint(&w->params));
	enum drift_err err = w->result.opus_err;
	struct buf meta = {0};

	if (!err)
		err = publish_opus_files(w, mtime_us);
	if (!err) {
		write_opus_meta(w, &meta);
		err = buf_ok(&meta) ? publish_opus_rows(w, mtime_us, buf_text(&meta))
				    : DRIFT_ENOMEM;
	}
	buf_clear(&meta);
	return err;
}

static void warn_damaged(const struct work *w)
{
	int64_t damaged = decoder_get_damaged(w->decoder);

	if (damaged)
		log_warning("transcode: %s version %d: %" PRId64
			    " packets of the source are damaged and became silence",
			    w->set->track.text, w->set->version, damaged);
}

static enum drift_err store_loudness(struct work *w)
{
	enum drift_err err;

	if (w->result.waveform.len == 0 || !isnan(w->set->loudness))
		return DRIFT_OK;
	err = job_measured(w->worker, w->set, &w->result.loudness);
	if (err && err != DRIFT_EDB)
		fail_all(w, JOB_RETRY, "The loudness could not be stored; the log says why.");
	return err;
}

static enum drift_err settle_whole(struct work *w)
{
	enum drift_err err;

	warn_damaged(w);
	if (job_renew(w->worker, w->set, 1.0) == DRIFT_ELOCKED) {
		settle_broken(w, DRIFT_ELOCKED);
		return DRIFT_OK;
	}
	err = store_loudness(w);
	if (!err && is_due(w, JOB_WAVEFORM))
		err = settle(w, JOB_WAVEFORM, publish_waveform(w));
	if (!err && is_due(w, JOB_OPUS))
		err = settle(w, JOB_OPUS, publish_opus(w));
	return err == DRIFT_EDB ? err : DRIFT_OK;
}

static void work_clear(struct work *w)
{
	artifact_drop(&w->opus);
	decoder_free(w->decoder);
	buf_clear(&w->old_sidecar);
	pipeline_clear(&w->result);
}

enum drift_err transcode_run(const struct conf *conf, const struct job_worker *worker,
			     struct job_set *set)
{
	struct work w = {.conf = conf, .worker = worker, .set = set, .opus = {.fd = -1}};
	enum drift_err err = DRIFT_OK;
	int source = open_source(&w);

	if (source < 0)
		return DRIFT_OK;
	if (start_decoder(&w, source)) {
		start_opus(&w);
		if (is_due(&w, JOB_OPUS) || is_due(&w, JOB_WAVEFORM)) {
			err = run_pipeline(&w);
			if (err)
				settle_broken(&w, err);
			err = err ? DRIFT_OK : settle_whole(&w);
		}
	}
	close(source);
	work_clear(&w);
	return err;
}
