/*
 * seekidx.fcgi - how to begin in the middle of a track.
 *
 *     GET, HEAD  /<id>?format=            the sidecar (doc/seekidx.md)
 *     GET, HEAD  /<id>?t=SECONDS&format=  where to begin for one moment, as JSON
 *
 * Without format it is opus. The lossless rendition's is that of its fragmented MP4.
 * preset and intensity are looked at and change nothing.
 */
#include "format/seekidx.h"
#include "base/buf.h"
#include "catalogue/store.h"
#include "catalogue/track.h"
#include "http/http.h"
#include "request/admit.h"
#include "request/service.h"
#include "serve/delivery.h"
#include "serve/growing.h"
#include "serve/rendition.h"
#include "serve/seek.h"
#include "serve/virtual.h"

#include <inttypes.h>

static void write_point(const struct seek_point *p, struct buf *json)
{
	buf_addf(json, "{\"timescale\": %" PRIu32 ", \"target\": %" PRIu64, p->timescale,
		 p->target);
	buf_addf(json, ", \"sample\": %" PRIu64 ", \"granule\": %" PRIu64 ", \"offset\": %" PRIu64,
		 p->sample, p->sample, p->offset);
	buf_addf(json, ", \"setup\": %" PRIu32 ", \"preroll\": %" PRIu64 ", \"trim\": %" PRIu64,
		 p->setup_bytes, p->preroll, p->trim);
	buf_addf(json, ", \"samples\": %" PRIu64 ", \"bytes\": %" PRIu64 "}\n", p->samples,
		 p->bytes);
}

static void send_point(struct delivery *d, const struct track *t, const char *name,
		       const char *text)
{
	struct store_path path = store_file(d->conf, &t->id, t->version, name);
	struct seek_point point;
	struct buf json = {0};
	double seconds;

	if (seek_parse_seconds(text, &seconds) != DRIFT_OK) {
		http_fail(d->h, DRIFT_EINVAL, "The moment t is a number of seconds, 0 or more.");
		return;
	}
	if (seek_find(path.text, seconds, &point) != DRIFT_OK) {
		http_fail(d->h, DRIFT_EIO, "The sidecar cannot be read.");
		return;
	}
	write_point(&point, &json);
	delivery_send_json(d, t, &json);
	buf_clear(&json);
}

/* False: it is answered. */
static bool find_sidecar(struct delivery *d, struct track *t, enum rendition r)
{
	enum drift_err err;

	if (*rendition_sidecar(t, r))
		return true;
	if (r != RENDITION_OPUS) {
		http_fail(d->h, DRIFT_ENOENT, "The fragmented MP4 is not made (yet).");
		return false;
	}
	err = virtual_has_opus(d, t) ? virtual_fix_sidecar(d, t) : DRIFT_ENOENT;
	if (err == DRIFT_ENOENT)
		http_fail(d->h, err, "The Opus rendition is not made yet.");
	else if (err)
		http_fail(d->h, err, "The sidecar cannot be made now.");
	return !err;
}

/* What grows at this moment, and its sidecar with it; NULL: nothing. */
static const struct growth_kind *find_growth(struct delivery *d, const struct track *t,
					     enum rendition r)
{
	if (*rendition_sidecar(t, r))
		return NULL;
	if (r == RENDITION_LOSSLESS)
		return &growth_mp4;
	if (t->version == 0 || (!virtual_has_opus(d, t) && growing_has_opus(d, t)))
		return &growth_opus;
	return NULL;
}

static void send_track(struct delivery *d, struct track *t)
{
	const struct growth_kind *growth;
	const char *moment = http_query(d->h, "t");
	struct preset_wish preset; /* which moves nothing */
	enum rendition r;
	const char *name;

	if (!rendition_read(d->h, RENDITION_OPUS, &r) || !rendition_read_preset(d->h, &preset))
		return;
	growth = moment ? NULL : find_growth(d, t, r);
	if (growth) {
		growing_send_sidecar(d, t, growth);
		return;
	}
	if (t->version == 0) {
		http_fail(d->h, DRIFT_EBUSY, "This track is still being uploaded.");
		return;
	}
	if (!find_sidecar(d, t, r))
		return;
	name = rendition_sidecar(t, r);
	if (moment)
		send_point(d, t, name, moment);
	else
		delivery_send(d, t, name, SEEKIDX_MIME, NULL);
}

static void answer(struct service *s)
{
	struct delivery d = delivery_of(s);
	struct track track;

	if (!http_admit_read(d.h))
		return;
	if (http_segments(d.h) != 1)
		http_fail(d.h, DRIFT_ENOENT, "There is no such track.");
	else if (admit_track(d.h, d.db, &track))
		send_track(&d, &track);
}

int main(void)
{
	return service_run("seekidx.fcgi", answer);
}
