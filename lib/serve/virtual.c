#include "serve/virtual.h"

#include "catalogue/opusplan.h"
#include "catalogue/sound.h"
#include "catalogue/store.h"
#include "http/filebody.h"
#include "make/pagemaker.h"
#include "serve/rendition.h"

#include <inttypes.h>
#include <stdio.h>

#define LOOK_BYTES 262144 /* that are looked at before the answer begins */

enum drift_err virtual_plan(struct delivery *d, const struct track *t, struct virtual *out)
{
	enum drift_err err = sound_get(d->db, &t->id, t->version, &out->sound);

	out->conf = d->conf;
	if (!err)
		err = opusplan_make(d->conf, &out->sound, &out->plan);
	if (!err && !opusplan_set_preset(&out->plan, d->conf, &out->sound, out->preset))
		out->preset = preset_wish(PRESET_NONE, 0);
	return err;
}

void virtual_clear(struct virtual *w)
{
	virtualfile_free(w->file);
	w->file = NULL;
	opusplan_clear(&w->plan);
	sound_clear(&w->sound);
}

void virtual_fail(struct http *h, enum drift_err err)
{
	if (err == DRIFT_ENOENT)
		http_fail(h, err, "There is no such track.");
	else if (err == DRIFT_EDB)
		http_fail(h, err, "The catalogue is away; try again in a moment.");
	else
		http_fail(h, err, "The Opus rendition cannot be made now.");
}

/* --- sending ------------------------------------------------------------------------- */

/* This process has the file open from the first time on that it needs it. */
static enum drift_err open_file(struct virtual *w)
{
	return w->file ? DRIFT_OK : virtualfile_new(w->conf, &w->sound, &w->plan, &w->file);
}

bool virtual_is_there(struct virtual *w, int64_t first, int64_t last)
{
	int64_t end = first + LOOK_BYTES - 1;

	if (open_file(w) != DRIFT_OK)
		return false;
	w->outlook = virtualfile_look(w->file, first, last < end ? last : end);
	return w->outlook == VIRTUALFILE_THERE && last <= end;
}

void virtual_deliver(const struct virtual *w, struct delivery *d, const struct track *t,
		     const struct filebody *body, const char *twin)
{
	if (delivery_send_made(d, t, body, twin) && w->outlook == VIRTUALFILE_COLD)
		pagemaker_prepare(w->conf, &w->plan);
}

enum drift_err virtual_begin(struct virtual *w, const struct virtualfile_listener *listener,
			     int64_t first)
{
	enum drift_err err = open_file(w);

	if (w->outlook != VIRTUALFILE_COLD)
		pagemaker_forget();
	return err ? err : virtualfile_begin(w->file, listener, first);
}

enum drift_err virtual_send(const struct virtual *w, int64_t first, int64_t last)
{
	return virtualfile_send(w->file, first, last);
}

bool virtual_can_make(const struct delivery *d, const struct track *t)
{
	return !t->opus_failed && opusplan_is_possible(d->conf);
}

bool virtual_has_opus(const struct delivery *d, const struct track *t)
{
	return !*t->opus_name && virtual_can_make(d, t);
}

static bool is_there(void *context, int64_t first, int64_t last)
{
	return virtual_is_there(context, first, last);
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
	const struct virtualfile_listener listener = {h, take, ask};

	return virtual_begin(context, &listener, first);
}

static enum drift_err send(void *context, struct http *h, int64_t first, int64_t last)
{
	(void)h; /* it knows who listens */
	return virtual_send(context, first, last);
}

void virtual_send_opus(struct delivery *d, const struct track *t, struct preset_wish preset,
		       const char *twin)
{
	static const struct filebody_maker maker = {is_there, begin, send};
	struct virtual w = {.preset = preset};
	struct store_etag etag;
	struct filebody body;
	enum drift_err err = virtual_plan(d, t, &w);

	if (err) {
		virtual_fail(d->h, err);
		virtual_clear(&w);
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
	virtual_deliver(&w, d, t, &body, twin);
	virtual_clear(&w);
}

/* --- what is told of it --------------------------------------------------------------- */

enum drift_err virtual_fix_sidecar(struct delivery *d, struct track *t)
{
	struct virtual w = {0};
	enum drift_err err = virtual_plan(d, t, &w);

	if (!err)
		snprintf(t->seekidx_name, sizeof(t->seekidx_name), "%s",
			 opusplan_sidecar(d->conf).text);
	virtual_clear(&w);
	return err;
}

enum drift_err virtual_describe(struct delivery *d, const struct track *t, struct buf *json)
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
