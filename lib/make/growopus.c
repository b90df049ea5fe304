#include "make/growopus.h"

#include "base/clock.h"
#include "base/io.h"
#include "base/log.h"
#include "catalogue/artifact.h"
#include "catalogue/opusplan.h"
#include "catalogue/sound.h"
#include "make/virtualfile.h"
#include "opus/opusfile.h"
#include "opus/opusidx.h"
#include "opus/opuspages.h"
#include "wall/sourcepcm.h"

#include <unistd.h>

#define TELL_MS 500 /* a page: nobody has use for what is told more often */

struct maker {
	struct growsource *source;
	struct decoder_arriving arriving; /* as the source has it */
	struct decoder *decoder;
	struct sourcepcm *pcm;
	struct opuspages *desk;
	struct layout layout;
	uint32_t serial;
	struct buf setup; /* pages */
	int64_t bytes; /* of the file that grows */
	int64_t told; /* pages of it */
	int64_t told_ms; /* when those who hear it were last told */
};

bool growopus_is_possible(const struct conf *conf, const struct growsource_facts *facts)
{
	return opusplan_is_possible(conf) && facts->lossless && facts->samples > 0;
}

/* --- the file that grows --------------------------------------------------------------- */

/* Pages that are whole in it. */
static int64_t count_pages(const struct maker *m)
{
	if (m->bytes <= m->layout.setup_bytes)
		return 0;
	if (m->bytes == layout_bytes(&m->layout))
		return m->layout.pages;
	return (m->bytes - m->layout.setup_bytes) / layout_page_bytes(&m->layout, 0);
}

static void write_sidecar(const struct maker *m, struct buf *out)
{
	const uint8_t *setup = (const uint8_t *)m->setup.data;

	if (m->bytes == layout_bytes(&m->layout))
		opusidx_write(&m->layout, setup, out);
	else
		opusidx_write_growing(&m->layout, setup, count_pages(m), out);
}

static enum drift_err tell(struct maker *m)
{
	struct growsource *s = m->source;
	struct buf sidecar = {0};
	const struct growth_news news = {
		.sidecar = &sidecar, .codec = "opus", .delay = LAYOUT_PRE_SKIP};
	enum drift_err err = DRIFT_ENOMEM;

	write_sidecar(m, &sidecar);
	if (buf_ok(&sidecar))
		err = growth_tell(&s->growth, s->db, &news);
	buf_clear(&sidecar);
	m->told = count_pages(m);
	m->told_ms = clock_ms();
	return err;
}

static enum drift_err tell_now_and_then(struct maker *m)
{
	if (count_pages(m) == 0 || clock_ms() - m->told_ms < TELL_MS)
		return DRIFT_OK;
	return tell(m);
}

static enum drift_err append(struct maker *m, const void *data, size_t bytes)
{
	enum drift_err err = io_pwrite_all(m->source->growth.fd, data, bytes, m->bytes);

	if (err) {
		log_errno("growopus: %s version %d", m->source->facts->track.text,
			  m->source->facts->version);
		return err;
	}
	m->bytes += (int64_t)bytes;
	return tell_now_and_then(m);
}

/* --- while the source arrives -------------------------------------------------------------- */

static enum drift_err refuse(const struct maker *m, const char *reason)
{
	log_info("growopus: %s version %d: %s", m->source->facts->track.text,
		 m->source->facts->version, reason);
	return DRIFT_EMEDIA;
}

/* Nothing is made while nothing comes: what is made is told before. */
static enum drift_err tell_and_wait(void *context, int64_t at, int64_t *end)
{
	struct maker *m = context;
	enum drift_err err = m->told < count_pages(m) ? tell(m) : DRIFT_OK;

	return err ? err : m->arriving.wait(m->arriving.context, at, end);
}

static enum drift_err start_decoder(struct maker *m)
{
	const struct conf *conf = m->source->conf;
	const struct decoder_limits limits = {conf->decode_memory_mb, conf->decode_seconds,
					      conf->max_duration_hours};
	const struct decoder_arriving arriving = {m->arriving.fd, m->arriving.bytes, tell_and_wait,
						  m};
	char reason[256] = "";
	enum drift_err err = decoder_new_arriving(conf->decode_program, &limits, &arriving,
						  limits.max_duration_hours, &m->decoder, reason,
						  sizeof(reason));
	const struct decoder_facts *facts;

	if (err)
		return err == DRIFT_EMEDIA ? refuse(m, reason) : err;
	facts = decoder_get_facts(m->decoder);
	if (!facts->lossless || facts->samples != m->source->facts->samples)
		return refuse(m, "its head does not say how long it is");
	return DRIFT_OK;
}

static enum drift_err compose_setup(struct maker *m)
{
	const struct growsource_facts *f = m->source->facts;
	struct oggopus_setup setup;
	struct sound sound = {0};
	enum drift_err err = sound_get(m->source->db, &f->track, f->version, &sound);

	if (!err) {
		setup = opusplan_setup(&f->track, f->version, m->layout.params.channels,
				       f->sample_rate, sound.loudness, &sound.tags);
		err = oggopus_setup(&setup, &m->setup);
	}
	sound_clear(&sound);
	return err;
}

static enum drift_err lay_out(struct maker *m)
{
	const struct growsource *s = m->source;
	const struct layout_params params = layout_params((int32_t)s->conf->opus_kbits,
							  decoder_pcm_channels(m->decoder), false);
	enum drift_err err;

	m->layout.params = params;
	m->serial = oggopus_serial(&s->facts->track, s->facts->version);
	err = compose_setup(m);
	if (err)
		return err;
	layout_init(&m->layout, &params, resample_length(s->facts->samples, s->facts->sample_rate),
		    (int32_t)m->setup.len);
	return append(m, m->setup.data, m->setup.len);
}

static enum drift_err start(struct maker *m)
{
	enum drift_err err = start_decoder(m);

	if (!err)
		err = lay_out(m);
	if (!err)
		err = sourcepcm_new(m->decoder, &m->pcm);
	return err ? err : opuspages_new(&m->desk);
}

static enum drift_err put_page(void *context, int64_t page, const void *data, size_t bytes)
{
	(void)page;
	return append(context, data, bytes);
}

/* Until all of the source is there: then others are at it too. */
static enum drift_err encode(struct maker *m)
{
	const struct opuspages_order order = {
		.layout = &m->layout,
		.serial = m->serial,
		.pcm = sourcepcm_get,
		.pcm_context = m->pcm,
		.sink = put_page,
		.sink_context = m,
	};
	struct layout_pages run = {0, 0};
	enum drift_err err = DRIFT_OK;

	while (!err && run.end < m->layout.pages && m->source->reach < m->arriving.bytes) {
		run.first = run.end;
		run.end += LAYOUT_RUN_PAGES;
		if (run.end > m->layout.pages)
			run.end = m->layout.pages;
		err = opuspages_make(m->desk, &order, run);
	}
	if (err == DRIFT_EMEDIA)
		return refuse(m, decoder_get_reason(m->decoder));
	return err;
}

/* --- once it is stored ----------------------------------------------------------------------- */

static enum drift_err give_page(const struct maker *m, struct opusfile *file, int64_t page)
{
	size_t bytes = (size_t)layout_page_bytes(&m->layout, page);
	uint8_t data[OGGOPUS_PAGE_MAX];
	enum drift_err err = io_pread_all(m->source->growth.fd, data, bytes,
					  layout_page_offset(&m->layout, page));

	return err ? err : opusfile_put(file, page, data, bytes);
}

static enum drift_err give_segment(const struct maker *m, struct opusfile *file, int64_t segment)
{
	struct layout_pages pages = layout_segment_pages(&m->layout, segment);
	enum drift_err err = DRIFT_OK;

	if (opusfile_claim(file, segment) != OPUSFILE_YOURS)
		return DRIFT_OK;
	for (int64_t page = pages.first; !err && page < pages.end; page++)
		err = give_page(m, file, page);
	if (err)
		opusfile_give_up_segment(file, segment);
	return err ? err : opusfile_end_segment(file, segment);
}

static enum drift_err give_segments(const struct maker *m, struct opusfile *file)
{
	int64_t pages = count_pages(m), whole = pages / LAYOUT_SEGMENT_PAGES;
	enum drift_err err = DRIFT_OK;

	if (pages == m->layout.pages)
		whole = m->layout.segments;

	for (int64_t i = 0; !err && i < whole; i++)
		err = give_segment(m, file, i);
	return err;
}

/* Puts what was made into the file that all fill, so that nobody makes it again. */
static enum drift_err hand_over(const struct maker *m, const struct opusplan *plan)
{
	const struct growsource *s = m->source;
	const struct growsource_facts *f = s->facts;
	struct opusfile *file = NULL;
	struct artifact part;
	enum drift_err err;

	if (access(store_file(s->conf, &f->track, f->version, plan->file.text).text, F_OK) == 0)
		return DRIFT_OK;
	err = artifact_join(s->conf, &f->track, f->version, plan->file.text, plan->part, &part);
	if (err)
		return err;
	err = opusfile_new(part.fd, &plan->layout, plan->serial, &file);
	if (!err)
		err = give_segments(m, file);
	opusfile_free(file);
	artifact_leave(&part);
	return err;
}

static enum drift_err take(void *context, int64_t offset, const void *data, size_t bytes)
{
	(void)offset;
	return append(context, data, bytes);
}

static enum drift_err go_on(void *context)
{
	return tell_now_and_then(context);
}

/* The rest, from whoever makes it. */
static enum drift_err take_rest(struct maker *m, const struct sound *sound,
				const struct opusplan *plan)
{
	const struct virtualfile_listener listener = {m, take, go_on};
	int64_t from = m->bytes - m->layout.setup_bytes + plan->layout.setup_bytes;
	int64_t end = layout_bytes(&plan->layout);
	struct virtualfile *v;
	enum drift_err err;

	if (from == end)
		return DRIFT_OK;
	err = virtualfile_new(m->source->conf, sound, plan, &v);
	if (err)
		return err;
	do
		err = virtualfile_begin(v, &listener, from);
	while (err == DRIFT_EBUSY);
	if (!err)
		err = virtualfile_send(v, from, end - 1);
	virtualfile_free(v);
	return err;
}

/* Is what was made a part of the stored file's rendition? */
static bool is_of(const struct maker *m, const struct sound *sound, const struct opusplan *plan)
{
	return sound->samples == m->source->facts->samples &&
	       sound->sample_rate == m->source->facts->sample_rate &&
	       plan->layout.params.channels == m->layout.params.channels &&
	       plan->layout.params.packet_bytes == m->layout.params.packet_bytes;
}

static enum drift_err end_by(struct maker *m, const struct sound *sound,
			     const struct opusplan *plan)
{
	enum drift_err err = is_of(m, sound, plan) ? hand_over(m, plan) : DRIFT_ECLOSED;

	if (!err)
		err = take_rest(m, sound, plan);
	if (!err)
		err = tell(m);
	if (!err)
		growth_keep(&m->source->growth);
	return err;
}

static enum drift_err end(struct maker *m)
{
	const struct growsource_facts *f = m->source->facts;
	struct fmp4_extent extent;
	struct sound sound = {0};
	struct opusplan plan = {0};
	enum drift_err err = growsource_settle(m->source, &extent);

	if (!err)
		err = sound_get(m->source->db, &f->track, f->version, &sound);
	if (!err)
		err = opusplan_make(m->source->conf, &sound, &plan);
	if (!err)
		err = end_by(m, &sound, &plan);
	opusplan_clear(&plan);
	sound_clear(&sound);
	return err;
}

static void clear(struct maker *m)
{
	opuspages_free(m->desk);
	sourcepcm_free(m->pcm);
	decoder_free(m->decoder);
	buf_clear(&m->setup);
}

enum drift_err growopus_make(struct growsource *s)
{
	struct maker m = {.source = s, .arriving = growsource_arriving(s)};
	enum drift_err err = start(&m);

	if (!err)
		err = encode(&m);
	if (!err)
		err = end(&m);
	clear(&m);
	return err;
}
