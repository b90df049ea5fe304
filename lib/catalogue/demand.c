#include "catalogue/demand.h"

enum drift_err demand_plan(struct delivery *d, const struct track *t, struct demand *out)
{
	enum drift_err err = sound_get(d->db, &t->id, t->version, &out->sound);

	out->conf = d->conf;
	if (!err)
		err = opusplan_make(d->conf, &out->sound, &out->plan);
	if (!err && !opusplan_set_preset(&out->plan, d->conf, &out->sound, out->preset))
		out->preset = preset_wish(PRESET_NONE, 0);
	return err;
}

void demand_clear(struct demand *w)
{
	virtual_free(w->virtual);
	w->virtual = NULL;
	opusplan_clear(&w->plan);
	sound_clear(&w->sound);
}

void demand_fail(struct http *h, enum drift_err err)
{
	if (err == DRIFT_ENOENT)
		http_fail(h, err, "There is no such track.");
	else if (err == DRIFT_EDB)
		http_fail(h, err, "The catalogue is away; try again in a moment.");
	else
		http_fail(h, err, "The Opus rendition cannot be made now.");
}

void demand_deliver(const struct demand *w, struct delivery *d, const struct track *t,
		    const struct filebody *body, const char *twin)
{
	if (delivery_send_made(d, t, body, twin))
		virtual_prepare(w->conf, &w->plan);
}

enum drift_err demand_begin(struct demand *w, int64_t first)
{
	enum drift_err err = virtual_new(w->conf, &w->sound, &w->plan, &w->virtual);

	return err ? err : virtual_begin(w->virtual, first);
}

static enum drift_err write_now(void *context, const void *data, size_t len)
{
	struct http *h = context;
	enum drift_err err = http_write(h, data, len);

	return err ? err : http_flush(h);
}

enum drift_err demand_send(const struct demand *w, struct http *h, int64_t first, int64_t last)
{
	return virtual_send(w->virtual, first, last, write_now, h);
}
