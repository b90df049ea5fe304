#include "make/pagemaker.h"

#include "base/log.h"
#include "catalogue/store.h"
#include "make/sourceindex.h"
#include "wall/decoder.h"
#include "wall/effect.h"
#include "wall/filters.h"
#include "wall/sourcepcm.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FILTER_PROGRAM "drift-filter"

struct pagemaker {
	const struct conf *conf;
	const struct sound *sound;
	const struct opusplan *plan;
	struct decoder *decoder;
	struct sourcepcm *pcm;
	struct filters *filters; /* where there is a preset */
	struct effect *effect; /* likewise */
	struct opuspages *pages;
};

static bool has_preset(const struct opusplan *plan)
{
	return *plan->graph.text;
}

static int open_source(const struct pagemaker *m)
{
	struct store_path path =
		store_file(m->conf, &m->sound->track, m->sound->version, m->sound->source_name);
	int fd = open(path.text, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0)
		log_errno("pagemaker: open %s", path.text);
	return fd;
}

static void log_media(const struct pagemaker *m, const char *reason)
{
	log_error("pagemaker: %s version %d: %s", m->sound->track.text, m->sound->version, reason);
}

static enum drift_err start_decoder(struct pagemaker *m)
{
	const struct conf *conf = m->conf;
	const struct decoder_limits limits = {conf->decode_memory_mb, conf->decode_seconds,
					      conf->max_duration_hours};
	char reason[256] = "";
	struct buf index = {0};
	int source = open_source(m);
	enum drift_err err;

	if (source < 0)
		return DRIFT_EIO;
	sourceindex_read(conf, &m->sound->track, m->sound->version, &index);
	err = decoder_new_indexed(conf->decode_program, &limits, source, index.data, index.len,
				  &m->decoder, reason, sizeof(reason));
	buf_clear(&index);
	close(source);
	if (err == DRIFT_EMEDIA)
		log_media(m, reason);
	return err;
}

/* The plan was made of what the catalogue says. */
static enum drift_err check_facts(const struct pagemaker *m)
{
	if (decoder_get_facts(m->decoder)->sample_rate == m->sound->sample_rate &&
	    decoder_pcm_channels(m->decoder) == m->plan->layout.params.channels)
		return DRIFT_OK;
	log_media(m, "the source is not what the catalogue says");
	return DRIFT_EMEDIA;
}

void pagemaker_prepare(const struct conf *conf, const struct opusplan *plan)
{
	decoder_prepare(conf->decode_program);
	if (has_preset(plan))
		filters_prepare(conf_program(conf, FILTER_PROGRAM).text);
}

void pagemaker_forget(void)
{
	decoder_forget();
}

static enum drift_err start_filters(struct pagemaker *m)
{
	const struct conf *conf = m->conf;
	const struct filters_limits limits = {
		.memory_mb = conf->decode_memory_mb,
		.cpu_seconds = conf->decode_seconds *
			       (m->sound->samples48 / ((int64_t)LAYOUT_RATE * 3600) + 1),
	};

	return filters_new(conf_program(conf, FILTER_PROGRAM).text, &limits, &m->plan->graph,
			   m->plan->layout.params.channels, &m->filters);
}

/* The filters' child starts while that of the decoder does. */
static enum drift_err start(struct pagemaker *m)
{
	enum drift_err err = has_preset(m->plan) ? start_filters(m) : DRIFT_OK;

	if (!err)
		err = start_decoder(m);
	if (!err)
		err = check_facts(m);
	if (!err)
		err = sourcepcm_new(m->decoder, &m->pcm);
	if (!err && has_preset(m->plan))
		err = effect_new(m->filters, sourcepcm_get, m->pcm, m->sound->samples48,
				 m->plan->layout.params.channels, &m->effect);
	return err ? err : opuspages_new(&m->pages);
}

enum drift_err pagemaker_new(const struct conf *conf, const struct sound *sound,
			     const struct opusplan *plan, struct pagemaker **out)
{
	struct pagemaker *m = calloc(1, sizeof(*m));
	enum drift_err err;

	if (!m)
		return DRIFT_ENOMEM;
	m->conf = conf;
	m->sound = sound;
	m->plan = plan;
	err = start(m);
	if (err) {
		pagemaker_free(m);
		return err;
	}
	*out = m;
	return DRIFT_OK;
}

void pagemaker_free(struct pagemaker *m)
{
	if (!m)
		return;
	opuspages_free(m->pages);
	effect_free(m->effect);
	filters_free(m->filters);
	sourcepcm_free(m->pcm);
	decoder_free(m->decoder);
	free(m);
}

enum drift_err pagemaker_make(struct pagemaker *m, struct layout_pages want, int64_t page,
			      opuspages_sink sink, void *context)
{
	const struct opuspages_order order = {
		.layout = &m->plan->layout,
		.serial = m->plan->serial,
		.pcm = m->effect ? effect_get : sourcepcm_get,
		.expect = m->effect ? NULL : sourcepcm_expect,
		.pcm_context = m->effect ? (void *)m->effect : m->pcm,
		.is_lossy = !decoder_get_facts(m->decoder)->lossless,
		.sink = sink,
		.sink_context = context,
	};
	enum drift_err err = opuspages_make_soon(m->pages, &order, want, page);

	if (err == DRIFT_EMEDIA)
		log_media(m, decoder_get_reason(m->decoder));
	return err;
}
