#include "catalogue/virtual.h"

#include "base/log.h"
#include "base/turnstile.h"
#include "catalogue/artifact.h"
#include "catalogue/sourceindex.h"
#include "catalogue/store.h"
#include "media/decoder.h"
#include "media/effect.h"
#include "media/filters.h"
#include "media/oggopus.h"
#include "media/opusfile.h"
#include "media/opuspages.h"
#include "media/sourcepcm.h"

#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define LOOK_MS 3 /* between two looks at what others make */
#define BEGIN_MS 3000 /* until a listener is told to come back */
#define STUCK_MS 60000 /* until one who waits in the middle gives up */
#define SPARED_SEGMENTS 3 /* found whole in a row: the encoder is not needed here */

struct virtual
{
	const struct conf *conf;
	const struct sound *sound;
	const struct opusplan *plan;
	struct artifact part;
	struct opusfile *file;
	struct turnstile turnstile;
	int64_t segment; /* that is ours to make; -1: none */
	int spared; /* segments in a row that were there */

	/* what encodes, from when it is first needed */
	struct decoder *decoder;
	struct sourcepcm *pcm;
	struct filters *filters; /* where there is a preset */
	struct effect *effect; /* likewise */
	struct opuspages *pages;

	/* the range being sent */
	int64_t first, last;
	virtual_sink sink;
	void *sink_context;
};

static bool open_whole(struct virtual *v)
{
	struct store_path path =
		store_file(v->conf, &v->sound->track, v->sound->version, v->plan->file.text);
	int fd = open(path.text, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	struct stat st;

	if (fd >= 0 && fstat(fd, &st) == 0 && st.st_size == layout_bytes(&v->plan->layout)) {
		v->part = (struct artifact){.fd = fd};
		return true;
	}
	if (fd >= 0)
		close(fd);
	return false;
}

/* The whole file, where it is there by now; else what all fill. */
static enum drift_err open_file(struct virtual *v)
{
	struct artifact part;
	enum drift_err err;

	if (open_whole(v))
		return DRIFT_OK;
	err = artifact_join(v->conf, &v->sound->track, v->sound->version, v->plan->file.text,
			    v->plan->part, &part);
	if (err)
		return err;
	/* published in this very moment: then nobody needs the part file that was made */
	if (open_whole(v))
		artifact_drop(&part);
	else
		v->part = part;
	/* the sweep takes away what nobody has asked for, or written to, for a while */
	if (*v->plan->graph.text && futimens(v->part.fd, NULL) < 0)
		log_errno("virtual: touch %s", v->part.part.text);
	return DRIFT_OK;
}

enum drift_err virtual_new(const struct conf *conf, const struct sound *sound,
			   const struct opusplan *plan, struct virtual **out)
{
	struct virtual *v = calloc(1, sizeof(*v));
	char path[PATH_MAX];
	enum drift_err err;

	if (!v)
		return DRIFT_ENOMEM;
	v->conf = conf;
	v->sound = sound;
	v->plan = plan;
	v->segment = -1;
	v->part.fd = -1;
	snprintf(path, sizeof(path), "%s.encoders", conf->lock);
	v->turnstile = turnstile_open(path, (int)conf->threads);
	err = open_file(v);
	if (!err)
		err = opusfile_new(v->part.fd, &plan->layout, plan->serial, &v->file);
	if (err) {
		virtual_free(v);
		return err;
	}
	*out = v;
	return DRIFT_OK;
}

static void put_encoder_away(struct virtual *v)
{
	opuspages_free(v->pages);
	effect_free(v->effect);
	filters_free(v->filters);
	sourcepcm_free(v->pcm);
	decoder_free(v->decoder);
	v->pages = NULL;
	v->effect = NULL;
	v->filters = NULL;
	v->pcm = NULL;
	v->decoder = NULL;
}

void virtual_free(struct virtual *v)
{
	if (!v)
		return;
	put_encoder_away(v);
	opusfile_free(v->file);
	artifact_leave(&v->part);
	turnstile_close(&v->turnstile);
	free(v);
}

/* --- what encodes ------------------------------------------------------------------ */

static int open_source(const struct virtual *v)
{
	struct store_path path =
		store_file(v->conf, &v->sound->track, v->sound->version, v->sound->source_name);
	int fd = open(path.text, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0)
		log_errno("virtual: open %s", path.text);
	return fd;
}

static enum drift_err start_decoder(struct virtual *v)
{
	const struct conf *conf = v->conf;
	const struct decoder_limits limits = {conf->decode_memory_mb, conf->decode_seconds,
					      conf->max_duration_hours};
	char reason[256] = "";
	struct buf index = {0};
	int source = open_source(v);
	enum drift_err err;

	if (source < 0)
		return DRIFT_EIO;
	sourceindex_read(conf, &v->sound->track, v->sound->version, &index);
	err = decoder_new_indexed(conf->decode_program, &limits, source, index.data, index.len,
				  &v->decoder, reason, sizeof(reason));
	buf_clear(&index);
	close(source);
	if (err == DRIFT_EMEDIA)
		log_error("virtual: %s version %d: %s", v->sound->track.text, v->sound->version,
			  reason);
	return err;
}

/* The plan was made of what the catalogue says. */
static enum drift_err check_facts(const struct virtual *v)
{
	if (decoder_get_facts(v->decoder)->sample_rate == v->sound->sample_rate &&
	    decoder_pcm_channels(v->decoder) == v->plan->layout.params.channels)
		return DRIFT_OK;
	log_error("virtual: %s version %d: the source is not what the catalogue says",
		  v->sound->track.text, v->sound->version);
	return DRIFT_EMEDIA;
}

/* Beside drift-decode. */
static struct store_path filter_program(const struct conf *conf)
{
	const char *name = strrchr(conf->decode_program, '/');
	int folder = name ? (int)(name - conf->decode_program) : 0;
	struct store_path path;

	snprintf(path.text, sizeof(path.text), "%.*s/drift-filter", folder, conf->decode_program);
	return path;
}

void virtual_prepare(const struct conf *conf, const struct opusplan *plan)
{
	decoder_prepare(conf->decode_program);
	if (*plan->graph.text)
		filters_prepare(filter_program(conf).text);
}

static enum drift_err start_filters(struct virtual *v)
{
	const struct conf *conf = v->conf;
	const struct filters_limits limits = {
		.memory_mb = conf->decode_memory_mb,
		.cpu_seconds = conf->decode_seconds *
			       (v->sound->samples48 / ((int64_t)LAYOUT_RATE * 3600) + 1),
	};

	return filters_new(filter_program(conf).text, &limits, &v->plan->graph,
			   v->plan->layout.params.channels, &v->filters);
}

/* The filters' child starts while that of the decoder does. */
static enum drift_err prepare_sound(struct virtual *v)
{
	bool has_preset = *v->plan->graph.text;
	enum drift_err err = has_preset ? start_filters(v) : DRIFT_OK;

	if (!err)
		err = start_decoder(v);
	if (!err)
		err = check_facts(v);
	if (!err)
		err = sourcepcm_new(v->decoder, &v->pcm);
	if (!err && has_preset)
		err = effect_new(v->filters, sourcepcm_get, v->pcm, v->sound->samples48,
				 v->plan->layout.params.channels, &v->effect);
	return err;
}

static enum drift_err prepare_encoder(struct virtual *v)
{
	enum drift_err err;

	if (v->pages)
		return DRIFT_OK;
	err = prepare_sound(v);
	if (!err)
		err = opuspages_new(&v->pages);
	if (err)
		put_encoder_away(v);
	return err;
}

/* --- whose a segment is ------------------------------------------------------------ */

static void leave_segment(struct virtual *v)
{
	if (v->segment < 0)
		return;
	opusfile_give_up_segment(v->file, v->segment);
	turnstile_leave(&v->turnstile);
	v->segment = -1;
}

/* Is it ours to make? A place at the turnstile comes first: who waits for one keeps nobody
   from encoding. */
static bool take_segment(struct virtual *v, int64_t segment)
{
	if (v->segment == segment)
		return true;
	leave_segment(v);
	if (!turnstile_try(&v->turnstile))
		return false;
	if (opusfile_claim(v->file, segment) == OPUSFILE_YOURS) {
		v->segment = segment;
		return true;
	}
	turnstile_leave(&v->turnstile);
	return false;
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * (int64_t)1000 + now.tv_nsec / 1000000;
}

static void wait_a_little(void)
{
	const struct timespec moment = {.tv_nsec = LOOK_MS * 1000000L};

	nanosleep(&moment, NULL);
}

/*
 * Waits until the page is there, or its segment is ours.
 *
 * out  the page, where it is there
 *
 * DRIFT_EBUSY: neither, for so long.
 */
static enum drift_err get_page(struct virtual *v, int64_t page, int patience_ms, uint8_t *out,
			       bool *is_there)
{
	int64_t end = now_ms() + patience_ms;

	for (;;) {
		*is_there = opusfile_read_page(v->file, page, out);
		if (*is_there || take_segment(v, page / LAYOUT_SEGMENT_PAGES))
			return DRIFT_OK;
		if (now_ms() >= end)
			return DRIFT_EBUSY;
		wait_a_little();
	}
}

/* --- sending ------------------------------------------------------------------------ */

/* Of the bytes that begin at offset, those of the range. */
static enum drift_err send_visible(struct virtual *v, int64_t offset, const void *data,
				   size_t bytes)
{
	int64_t from = v->first > offset ? v->first : offset;
	int64_t end = offset + (int64_t)bytes;
	int64_t to = v->last + 1 < end ? v->last + 1 : end;

	if (from >= to)
		return DRIFT_OK;
	return v->sink(v->sink_context, (const char *)data + (from - offset), (size_t)(to - from));
}

static enum drift_err send_page(struct virtual *v, int64_t page, const void *data)
{
	return send_visible(v, layout_page_offset(&v->plan->layout, page), data,
			    (size_t)layout_page_bytes(&v->plan->layout, page));
}

static enum drift_err take_made(void *context, int64_t page, const void *data, size_t bytes)
{
	struct virtual *v = context;
	enum drift_err err = opusfile_put(v->file, page, data, bytes);

	if (err)
		log_errno("virtual: write %s", v->part.part.text);
	return err ? err : send_page(v, page, data);
}

static enum drift_err make(struct virtual *v, struct layout_pages want)
{
	const struct opuspages_order order = {
		.layout = &v->plan->layout,
		.serial = v->plan->serial,
		.pcm = v->effect ? effect_get : sourcepcm_get,
		.pcm_context = v->effect ? (void *)v->effect : v->pcm,
		.sink = take_made,
		.sink_context = v,
	};
	enum drift_err err = opuspages_make(v->pages, &order, want);

	if (err == DRIFT_EMEDIA)
		log_error("virtual: %s version %d: %s", v->sound->track.text, v->sound->version,
			  decoder_get_reason(v->decoder));
	return err;
}

/* Makes and sends the pages of our segment from first on, the first one as soon as can be:
   the PCM of the others is not waited for. */
static enum drift_err make_segment(struct virtual *v, int64_t first, int64_t end,
				   bool is_waited_for)
{
	int64_t segment_end = layout_segment_pages(&v->plan->layout, v->segment).end;
	struct layout_pages want = {first, end < segment_end ? end : segment_end};
	enum drift_err err = prepare_encoder(v);

	v->spared = 0;
	if (!err && is_waited_for && want.end - want.first > 1) {
		err = make(v, (struct layout_pages){want.first, want.first + 1});
		want.first++;
	}
	if (!err)
		err = make(v, want);
	leave_segment(v);
	return err;
}

/* A page that somebody else has made. */
static enum drift_err pass_on(struct virtual *v, int64_t page, const uint8_t *data)
{
	if (page % LAYOUT_SEGMENT_PAGES == 0 && ++v->spared > SPARED_SEGMENTS)
		put_encoder_away(v);
	return send_page(v, page, data);
}

static enum drift_err send_pages(struct virtual *v, struct layout_pages want)
{
	uint8_t data[OGGOPUS_PAGE_MAX];
	int64_t page = want.first;
	enum drift_err err = DRIFT_OK;
	bool is_there;

	while (!err && page < want.end) {
		err = get_page(v, page, STUCK_MS, data, &is_there);
		if (err)
			break;
		if (is_there) {
			err = pass_on(v, page++, data);
		} else {
			int64_t end = layout_segment_pages(&v->plan->layout, v->segment).end;

			err = make_segment(v, page, want.end, page == want.first);
			page = end;
		}
	}
	leave_segment(v);
	return err;
}

enum drift_err virtual_begin(struct virtual *v, int64_t offset)
{
	struct layout_pages want = layout_pages_under(&v->plan->layout, offset, offset + 1);
	uint8_t data[OGGOPUS_PAGE_MAX];
	bool is_there;
	enum drift_err err;

	if (want.first == want.end)
		return DRIFT_OK;
	err = get_page(v, want.first, BEGIN_MS, data, &is_there);
	if (!err && !is_there)
		err = prepare_encoder(v);
	return err;
}

enum drift_err virtual_send(struct virtual *v, int64_t first, int64_t last, virtual_sink sink,
			    void *context)
{
	enum drift_err err;

	v->first = first;
	v->last = last;
	v->sink = sink;
	v->sink_context = context;
	err = send_visible(v, 0, v->plan->setup.data, v->plan->setup.len);
	if (!err)
		err = send_pages(v, layout_pages_under(&v->plan->layout, first, last + 1));
	if (err == DRIFT_EBUSY)
		log_error("virtual: %s version %d: nobody made the page that was waited for",
			  v->sound->track.text, v->sound->version);
	return err;
}
