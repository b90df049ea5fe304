#include "catalogue/demand.h"

#include "catalogue/pagemaker.h"

#define LOOK_BYTES 262144 /* that are looked at before the answer begins */

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

/* --- sending ------------------------------------------------------------------------- */

/* This process has the file open from the first time on that it needs it. */
static enum drift_err open_virtual(struct demand *w)
{
	return w->virtual ? DRIFT_OK : virtual_new(w->conf, &w->sound, &w->plan, &w->virtual);
}

bool demand_is_there(struct demand *w, int64_t first, int64_t last)
{
	int64_t end = first + LOOK_BYTES - 1;

	if (open_virtual(w) != DRIFT_OK)
		return false;
	w->outlook = virtual_look(w->virtual, first, last < end ? last : end);
	return w->outlook == VIRTUAL_THERE && last <= end;
}

void demand_deliver(const struct demand *w, struct delivery *d, const struct track *t,
		    const struct filebody *body, const char *twin)
{
	if (delivery_send_made(d, t, body, twin) && w->outlook == VIRTUAL_COLD)
		pagemaker_prepare(w->conf, &w->plan);
}

enum drift_err demand_begin(struct demand *w, const struct virtual_listener *listener,
			    int64_t first)
{
	enum drift_err err = open_virtual(w);

	if (w->outlook != VIRTUAL_COLD)
		pagemaker_forget();
	return err ? err : virtual_begin(w->virtual, listener, first);
}

enum drift_err demand_send(const struct demand *w, int64_t first, int64_t last)
{
	return virtual_send(w->virtual, first, last);
}
