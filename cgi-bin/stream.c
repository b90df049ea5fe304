/*
 * stream.fcgi - a track's sound, and what a player needs to know of it.
 *
 *     GET, HEAD  /<id>?format=lossless|opus   without it as the cookie streamQuality
 *                                             says, else lossless
 *                ?preset=warm&intensity=0.5   the Opus rendition, sounding otherwise
 *     GET, HEAD  /<id>/manifest.json
 *     GET, HEAD  /<id>/cover?size=small
 *     GET, HEAD  /<id>/chunk/<n>?format=opus&container=mp4|ogg, /<id>/init.mp4, /<id>/chunks.json
 *     GET, HEAD  /<id>/remux.mp4   the fragmented MP4, while it is made too
 *     GET, HEAD  /<id>/playlist.m3u8, /<id>/master.m3u8   of it
 */
#include "catalogue/track.h"
#include "http/http.h"
#include "make/remuxfiles.h"
#include "request/admit.h"
#include "request/service.h"
#include "serve/arriving.h"
#include "serve/chunk.h"
#include "serve/delivery.h"
#include "serve/growing.h"
#include "serve/manifest.h"
#include "serve/picture.h"
#include "serve/rendition.h"
#include "serve/virtual.h"

#include <stdio.h>
#include <string.h>

/* This request as stream.cgi gets it, which is this program by a second name. */
struct twin {
	char path[512]; /* and query */
};

static struct twin find_twin(const struct http *h, const struct track *t, const char *format,
			     struct preset_wish preset)
{
	struct twin twin;

	snprintf(twin.path, sizeof(twin.path), "%s/cgi-bin/stream.cgi/%s%s%s%s", http_site(h),
		 t->id.text, format ? "?format=" : "", format ? format : "",
		 format ? rendition_preset_query(preset).text : "");
	return twin;
}

/* What the listener wants: as the query says, and where it says nothing, as the cookies do. */
struct wish {
	bool is_asked; /* in the query */
	enum rendition rendition;
	struct preset_wish preset;
};

/* False: it is answered (400). */
static bool read_wish(struct http *h, struct wish *out)
{
	bool asks_preset = http_query(h, "preset") != NULL;
	enum rendition fallback = asks_preset ? RENDITION_OPUS : rendition_of_cookie(h);

	out->is_asked = asks_preset || http_query(h, "format");
	if (!rendition_read(h, fallback, &out->rendition) ||
	    !rendition_read_preset(h, &out->preset))
		return false;
	if (!out->is_asked)
		out->preset = rendition_preset_of_cookies(h);
	if (out->rendition == RENDITION_OPUS || out->preset.preset == PRESET_NONE)
		return true;
	if (out->is_asked)
		http_fail(h, DRIFT_EINVAL, "The preset %s is for format=opus only.",
			  preset_name(out->preset.preset));
	out->preset = preset_wish(PRESET_NONE, 0);
	return !out->is_asked;
}

enum state { STATE_READY, STATE_VIRTUAL, STATE_GROWING };

/* How what is wanted can be had. */
static enum state find_state(struct delivery *d, const struct track *t, const struct wish *wish)
{
	if (wish->rendition != RENDITION_OPUS)
		return STATE_READY;
	if (wish->preset.preset ? virtual_can_make(d, t) : virtual_has_opus(d, t))
		return STATE_VIRTUAL;
	return !*t->opus_name && growing_has_opus(d, t) ? STATE_GROWING : STATE_READY;
}

static void send_rendition(struct delivery *d, const struct track *t)
{
	static const char *const words[] = {"ready", "virtual", "growing"};
	struct wish wish;
	struct twin twin;
	enum rendition r;
	enum state state;

	if (!read_wish(d->h, &wish))
		return;
	state = find_state(d, t, &wish);
	r = state == STATE_READY ? rendition_of_track(t, wish.rendition) : RENDITION_OPUS;
	twin = find_twin(d->h, t, wish.is_asked ? rendition_name(wish.rendition) : NULL,
			 wish.preset);
	if (!wish.is_asked)
		http_set_header(d->h, "Vary", "Cookie");
	http_set_header(d->h, "Drift-Format", "%s", rendition_name(r));
	http_set_header(d->h, "Drift-State", "%s", words[state]);
	if (state == STATE_VIRTUAL)
		virtual_send_opus(d, t, wish.preset, twin.path);
	else if (state == STATE_GROWING)
		growing_send_file(d, t, &growth_opus, twin.path);
	else
		delivery_send(d, t, rendition_file(t, r), rendition_mime(t, r), twin.path);
}

/* While nothing of the track is stored: lossless it is, where Opus cannot be had of it. */
static void send_growing(struct delivery *d, const struct track *t)
{
	struct wish wish;
	struct twin twin;

	if (!read_wish(d->h, &wish))
		return;
	twin = find_twin(d->h, t, wish.is_asked ? rendition_name(wish.rendition) : NULL,
			 wish.preset);
	if (wish.rendition != RENDITION_OPUS || !growing_try_opus(d, t, twin.path))
		arriving_send(d, t, twin.path);
}

static void send_playlist(struct delivery *d, const struct track *t)
{
	if (*t->remux_playlist_name)
		delivery_send_elsewhere(d, t, t->remux_playlist_name);
	else
		growing_send_playlist(d, t);
}

/* While it grows there is nothing to choose from: the one playlist serves as well. */
static void send_master(struct delivery *d, const struct track *t)
{
	if (*t->remux_master_name)
		delivery_send_elsewhere(d, t, t->remux_master_name);
	else
		growing_send_playlist(d, t);
}

static void send_mp4(struct delivery *d, const struct track *t)
{
	struct twin twin;

	if (*t->remux_playlist_name) {
		delivery_send_elsewhere(d, t, REMUXFILES_MP4);
		return;
	}
	snprintf(twin.path, sizeof(twin.path), "%s/cgi-bin/stream.cgi/%s/" REMUXFILES_MP4,
		 http_site(d->h), t->id.text);
	growing_send_file(d, t, &growth_mp4, twin.path);
}

typedef void answer_fn(struct delivery *d, const struct track *t);

/* What is asked of the track; NULL: there is no such thing. */
static answer_fn *find_answer(const struct http *h)
{
	static const struct {
		const char *name;
		answer_fn *send;
	} parts[] = {
		{"manifest.json", manifest_send}, {"init.mp4", chunk_send_init},
		{"chunks.json", chunk_send_list}, {"playlist.m3u8", send_playlist},
		{"master.m3u8", send_master},	  {"cover", picture_send},
		{REMUXFILES_MP4, send_mp4},
	};
	int segments = http_segments(h);

	if (segments == 1)
		return send_rendition;
	if (segments == 3 && strcmp(http_segment(h, 1), "chunk") == 0)
		return chunk_send;
	for (size_t i = 0; segments == 2 && i < sizeof(parts) / sizeof(parts[0]); i++)
		if (strcmp(http_segment(h, 1), parts[i].name) == 0)
			return parts[i].send;
	return NULL;
}

static void answer_growing(struct delivery *d, const struct track *t, answer_fn *send)
{
	if (send == send_rendition)
		send_growing(d, t);
	else if (send == manifest_send)
		arriving_send_manifest(d, t);
	else if (send == send_playlist || send == send_master || send == send_mp4)
		send(d, t);
	else
		http_fail(d->h, DRIFT_EBUSY, "This track is still being uploaded.");
}

static void answer(struct service *s)
{
	struct delivery d = delivery_of(s);
	answer_fn *send = find_answer(d.h);
	struct track track;

	if (!http_admit_read(d.h))
		return;
	if (!send)
		http_fail(d.h, DRIFT_ENOENT, "There is nothing here by that name.");
	else if (!admit_track(d.h, d.db, &track))
		return;
	else if (track.version > 0)
		send(&d, &track);
	else
		answer_growing(&d, &track, send);
}

int main(void)
{
	return service_run("stream.fcgi", answer);
}
