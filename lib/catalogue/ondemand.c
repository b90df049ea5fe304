#include "catalogue/ondemand.h"

#include "catalogue/demand.h"
#include "catalogue/opusplan.h"
#include "catalogue/rendition.h"
#include "catalogue/sound.h"
#include "catalogue/store.h"
#include "http/filebody.h"

#include <inttypes.h>
#include <stdio.h>

bool ondemand_can_make(const struct delivery *d, const struct track *t)
{
	return !t->opus_failed && opusplan_is_possible(d->conf);
}

bool ondemand_has_opus(const struct delivery *d, const struct track *t)
{
	return !*t->opus_name && ondemand_can_make(d, t);
}

/* --- sending ------------------------------------------------------------------------ */

static bool is_there(void *context, int64_t first, int64_t last)
{
	return demand_is_there(context, first, last);
}

static enum drift_err take(void *context, int64_t offset, const void *data, size_t len)
{
	struct http *h = context;
	enum drift_err err = http_write(h, data, len);

	(void)offset;
	return err ? err : http_flush(h);
}

static enum drift_err ask(void *context)
{
	return http_pause(context, 0);
}

static enum drift_err begin(void *context, struct http *h, int64_t first)
{
	const struct virtual_listener listener = {h, take, ask};

	return demand_begin(context, &listener, first);
}

static enum drift_err send(void *context, struct http *h, int64_t first, int64_t last)
{
	(void)h; /* it knows who listens */
	return demand_send(context, first, last);
}

void ondemand_send_opus(struct delivery *d, const struct track *t, struct preset_wish preset,
			const char *twin)
{
	static const struct filebody_maker maker = {is_there, begin, send};
	struct demand w = {.preset = preset};
	struct store_etag etag;
	struct filebody body;
	enum drift_err err = demand_plan(d, t, &w);

	if (err) {
		demand_fail(d->h, err);
		demand_clear(&w);
		return;
	}
	etag = store_etag(layout_bytes(&w.plan.layout), w.plan.mtime_us);
	body = (struct filebody){
		.fd = -1,
		.maker = &maker,
		.context = &w,
		.bytes = layout_bytes(&w.plan.layout),
		.mime = OPUSPLAN_MIME,
		.validators = {etag.text, w.plan.mtime_us / 1000000},
	};
	rendition_tell_preset(d->h, w.preset);
	demand_deliver(&w, d, t, &body, twin);
	demand_clear(&w);
}

/* --- what is told of it --------------------------------------------------------------- */

enum drift_err ondemand_fix_sidecar(struct delivery *d, struct track *t)
{
	struct demand w = {0};
	enum drift_err err = demand_plan(d, t, &w);

	if (!err)
		snprintf(t->seekidx_name, sizeof(t->seekidx_name), "%s",
			 opusplan_sidecar(d->conf).text);
	demand_clear(&w);
	return err;
}

enum drift_err ondemand_describe(struct delivery *d, const struct track *t, struct buf *json)
{
	struct sound sound = {0};
	struct layout layout;
	enum drift_err err = sound_get(d->db, &t->id, t->version, &sound);

	if (!err)
		err = opusplan_lay_out(d->conf, &sound, &layout);
	if (!err)
		buf_addf(json, "{\"bytes\": %" PRId64 ", \"bitrate\": %d}", layout_bytes(&layout),
			 layout_bitrate(&layout.params));
	sound_clear(&sound);
	return err;
}
