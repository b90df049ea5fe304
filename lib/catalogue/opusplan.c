#include "catalogue/opusplan.h"

#include "base/fnv.h"
#include "base/io.h"
#include "base/log.h"
#include "catalogue/artifact.h"
#include "catalogue/growth.h"
#include "catalogue/store.h"
#include "dsp/preset.h"
#include "format/seekidx.h"
#include "opus/opusidx.h"
#include "opus/segment.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define REFERENCE_LUFS (-23.0) /* of R128_TRACK_GAIN: RFC 7845 section 5.2.1 */

struct opusplan_name opusplan_file(const struct conf *conf)
{
	struct opusplan_name name;

	snprintf(name.text, sizeof(name.text), "opus-%d.opus", (int)conf->opus_kbits);
	return name;
}

struct opusplan_name opusplan_sidecar(const struct conf *conf)
{
	struct opusplan_name name;

	snprintf(name.text, sizeof(name.text), "opus-%d.seekidx", (int)conf->opus_kbits);
	return name;
}

bool opusplan_is_sidecar(const char *name)
{
	int kbits, end = 0;

	return sscanf(name, "opus-%4d.seekidx%n", &kbits, &end) == 1 && end > 0 && !name[end];
}

struct oggopus_setup opusplan_setup(const struct uuid *track, int version, int channels,
				    int32_t sample_rate, double loudness,
				    const struct taglist *tags)
{
	return (struct oggopus_setup){
		.serial = oggopus_serial(track, version),
		.channels = channels,
		.sample_rate = sample_rate,
		.vendor = segment_vendor(),
		.tags = tags->tag,
		.tag_count = tags->count,
		.has_gain = !isnan(loudness),
		.track_gain = REFERENCE_LUFS - loudness,
	};
}

/* --- the setup pages that are fixed ----------------------------------------------- */

/* The sidecar's head and setup bytes, which are all that is read of it. */
static enum drift_err read_head(int fd, struct buf *out)
{
	uint8_t head[SEEKIDX_HEAD_BYTES + LAYOUT_SETUP_MAX];
	struct seekidx idx;
	ssize_t n;

	do
		n = pread(fd, head, sizeof(head), 0);
	while (n < 0 && errno == EINTR);
	if (n < 0 || seekidx_parse_head(head, (size_t)n, &idx) != DRIFT_OK ||
	    idx.setup_bytes == 0 || idx.setup_bytes > LAYOUT_SETUP_MAX)
		return DRIFT_EFORMAT;
	buf_add(out, idx.setup, idx.setup_bytes);
	return buf_ok(out) ? DRIFT_OK : DRIFT_ENOMEM;
}

static enum drift_err read_setup(const char *sidecar, struct buf *out)
{
	int fd = open(sidecar, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	enum drift_err err;

	if (fd < 0)
		return DRIFT_ENOENT;
	err = read_head(fd, out);
	close(fd);
	if (err != DRIFT_EFORMAT)
		return err;
	log_warning("opusplan: %s is damaged: removed", sidecar);
	unlink(sidecar);
	return DRIFT_ENOENT;
}

enum drift_err opusplan_read_setup(const struct conf *conf, const struct uuid *track, int version,
				   struct buf *out)
{
	const struct opusplan_name whole = opusplan_sidecar(conf);
	const char *names[] = {whole.text, growth_opus.sidecar};
	int places = conf->opus_vbr ? 2 : 1;
	enum drift_err err = DRIFT_ENOENT;

	for (int i = 0; err == DRIFT_ENOENT && i < places; i++)
		err = read_setup(store_file(conf, track, version, names[i]).text, out);
	return err;
}

enum drift_err opusplan_fix(const struct conf *conf, const struct uuid *track, int version,
			    const struct buf *sidecar, int64_t mtime_us)
{
	return artifact_put_first(conf, track, version, opusplan_sidecar(conf).text, sidecar,
				  mtime_us);
}

int32_t opusplan_part(const struct layout_params *params, int32_t setup_bytes)
{
	return (int32_t)((segment_fingerprint(params) + INT64_C(7919) * setup_bytes) % 1000000);
}

/* --- all of it -------------------------------------------------------------------- */

bool opusplan_is_possible(const struct conf *conf)
{
	return !conf->opus_vbr;
}

static struct layout_params find_params(const struct conf *conf, const struct sound *sound)
{
	return layout_params((int32_t)conf->opus_kbits, sound->channels > 1 ? 2 : 1, false);
}

/* New setup pages. */
static enum drift_err compose_setup(const struct conf *conf, const struct sound *sound,
				    struct buf *out)
{
	const struct layout_params params = find_params(conf, sound);
	const struct oggopus_setup setup =
		opusplan_setup(&sound->track, sound->version, params.channels, sound->sample_rate,
			       sound->loudness, &sound->tags);

	return oggopus_setup(&setup, out);
}

static struct layout lay_out(const struct conf *conf, const struct sound *sound,
			     const struct buf *setup)
{
	const struct layout_params params = find_params(conf, sound);
	struct layout layout;

	layout_init(&layout, &params, sound->samples48, (int32_t)setup->len);
	return layout;
}

enum drift_err opusplan_lay_out(const struct conf *conf, const struct sound *sound,
				struct layout *out)
{
	struct buf setup = {0};
	enum drift_err err = opusplan_read_setup(conf, &sound->track, sound->version, &setup);

	if (err == DRIFT_ENOENT)
		err = compose_setup(conf, sound, &setup);
	if (!err)
		*out = lay_out(conf, sound, &setup);
	buf_clear(&setup);
	return err;
}

/* Makes setup pages and fixes them; somebody else may have been quicker. */
static enum drift_err fix_setup(const struct conf *conf, const struct sound *sound,
				struct opusplan *p)
{
	struct buf sidecar = {0};
	struct layout layout;
	enum drift_err err = compose_setup(conf, sound, &p->setup);

	if (err)
		return err;
	layout = lay_out(conf, sound, &p->setup);
	opusidx_write(&layout, (const uint8_t *)p->setup.data, &sidecar);
	err = buf_ok(&sidecar)
		      ? opusplan_fix(conf, &sound->track, sound->version, &sidecar, p->mtime_us)
		      : DRIFT_ENOMEM;
	buf_clear(&sidecar);
	if (err)
		return err;
	buf_reset(&p->setup);
	return opusplan_read_setup(conf, &sound->track, sound->version, &p->setup);
}

enum drift_err opusplan_make(const struct conf *conf, const struct sound *sound,
			     struct opusplan *out)
{
	const struct layout_params params = find_params(conf, sound);
	enum drift_err err;

	out->serial = oggopus_serial(&sound->track, sound->version);
	out->mtime_us = artifact_mtime_us(sound->source_mtime_us, segment_fingerprint(&params));
	err = opusplan_read_setup(conf, &sound->track, sound->version, &out->setup);
	if (err == DRIFT_ENOENT)
		err = fix_setup(conf, sound, out);
	if (err)
		return err == DRIFT_ENOENT ? DRIFT_EIO : err;
	out->layout = lay_out(conf, sound, &out->setup);
	out->file = opusplan_file(conf);
	out->part = opusplan_part(&params, out->layout.setup_bytes);
	return DRIFT_OK;
}

void opusplan_clear(struct opusplan *p)
{
	buf_clear(&p->setup);
}

/* --- with a preset ----------------------------------------------------------------- */

static int32_t mix(int32_t fingerprint, const struct preset_graph *graph)
{
	uint32_t hash = fnv_bytes(graph->text, strlen(graph->text));

	return (int32_t)((hash + UINT64_C(7919) * (uint64_t)(fingerprint + PRESET_REVISION)) %
			 1000000);
}

bool opusplan_set_preset(struct opusplan *p, const struct conf *conf, const struct sound *sound,
			 struct preset_wish wish)
{
	const struct preset_graph graph = preset_graph(wish, &sound->measures);

	if (!*graph.text)
		return false;
	p->graph = graph;
	p->mtime_us = artifact_mtime_us(sound->source_mtime_us,
					mix(segment_fingerprint(&p->layout.params), &graph));
	p->part = mix(p->part, &graph);
	snprintf(p->file.text, sizeof(p->file.text), "opus-%d-%s-%d.opus", (int)conf->opus_kbits,
		 preset_name(wish.preset), wish.steps * 100 / PRESET_STEPS);
	return true;
}
