/*
 * catalogue.fcgi - the tracks, for people and players.
 *
 *     GET   /tracks?q=&after=&limit=  public tracks, newest first, a page at a time
 *     GET   /list?q=&after=&limit=    the same as a page for browsers without script
 *     GET   /collection?artist=&album=  those of an artist or an album
 *     GET   /feed.rss?artist=&album=  the same, or all, as a podcast feed
 *     GET   /tracks/<id>              one track; a private one needs a key
 *     POST  /plays                    JSON, {"track", "rendition", "kind"}: counts a play
 */
#include "catalogue/play.h"
#include "http/body.h"
#include "http/http.h"
#include "request/admit.h"
#include "request/service.h"
#include "serve/listing.h"

#include <string.h>
#include <time.h>

#define BODY_MAX ((size_t)4 << 10) /* bytes */

/* --- lists ------------------------------------------------------------------------ */

static void get_list(struct service *s)
{
	listing_send(s->h, s->db);
}

static void get_page(struct service *s)
{
	listing_send_page(s->h, s->db);
}

static void get_collection(struct service *s)
{
	listing_send_collection(s->h, s->db);
}

static void get_feed(struct service *s)
{
	listing_send_feed(s->h, s->db);
}

/* --- one track ------------------------------------------------------------------- */

/* What needs a key is nobody else's: no cache may show it to another. */
static bool admit(const struct service *s, bool is_private)
{
	int64_t key;

	http_set_header(s->h, "Cache-Control", is_private ? "private, no-cache" : "no-cache");
	http_set_header(s->h, "Vary", "Authorization, X-Api-Key");
	return !is_private || admit_key(s->h, s->db, "listen", &key);
}

static void send_card(const struct service *s, const struct uuid *track)
{
	struct db_rows rows = {0};
	enum drift_err err = db_call(s->db,
				     "SELECT t, (t ->> 'private')::boolean "
				     "FROM drift.track_card($1) t",
				     DB_ARGS(db_uuid(track)), &rows);

	if (err)
		listing_fail(s->h, s->db, err);
	else if (admit(s, db_get_bool(&rows, 0, 1)))
		body_send(s->h, "application/json", db_get_text(&rows, 0, 0));
	db_rows_clear(&rows);
}

static void get_track(struct service *s)
{
	const char *text = http_segment(s->h, 1);
	struct uuid track;

	if (uuid_parse(text, strlen(text), &track) == DRIFT_OK)
		send_card(s, &track);
	else
		listing_fail(s->h, s->db, DRIFT_ENOENT);
}

/* --- plays ----------------------------------------------------------------------- */

static enum drift_err find_listener(struct service *s, struct play_listener *out)
{
	enum drift_err err = service_find_secret(s);

	if (err)
		return err;
	*out = play_listener(s->secret, http_param(s->h, "REMOTE_ADDR"),
			     http_header(s->h, "User-Agent"), time(NULL));
	return DRIFT_OK;
}

static enum drift_err add_play(struct service *s, const char *play, bool admitted)
{
	struct play_listener listener;
	struct db_rows rows = {0};
	enum drift_err err = find_listener(s, &listener);

	if (!err)
		err = db_call(s->db, "SELECT drift.play_post($1::jsonb, $2, $3)",
			      DB_ARGS(db_text(play), db_text(listener.text), db_bool(admitted)),
			      &rows);
	if (err)
		return err;
	http_set_header(s->h, "Cache-Control", "no-store");
	http_send(s->h, "application/json", db_get_text(&rows, 0, 0),
		  strlen(db_get_text(&rows, 0, 0)));
	db_rows_clear(&rows);
	return DRIFT_OK;
}

/* A key is looked at only where it is needed: a stale one shuts nobody out. */
static void count_play(struct service *s, const char *play)
{
	enum drift_err err = add_play(s, play, false);
	int64_t key;

	if (err == DRIFT_EAUTH) {
		if (!admit_key(s->h, s->db, "listen", &key))
			return;
		err = add_play(s, play, true);
	}
	if (err)
		listing_fail(s->h, s->db, err);
}

static void post_play(struct service *s)
{
	struct buf body = {0};

	if (body_read(s->h, "application/json", BODY_MAX, &body))
		count_play(s, buf_text(&body));
	buf_clear(&body);
}

/* --- which request this is ---------------------------------------------------------- */

enum place { NOWHERE, LIST, PAGE, COLLECTION, FEED, TRACK, PLAYS };

static const struct route {
	enum place place;
	const char *method;
	void (*answer)(struct service *s);
} routes[] = {
	{LIST, "GET", get_list},
	{LIST, "HEAD", get_list},
	{PAGE, "GET", get_page},
	{PAGE, "HEAD", get_page},
	{COLLECTION, "GET", get_collection},
	{COLLECTION, "HEAD", get_collection},
	{FEED, "GET", get_feed},
	{FEED, "HEAD", get_feed},
	{TRACK, "GET", get_track},
	{TRACK, "HEAD", get_track},
	{PLAYS, "POST", post_play},
};

static const char *allowed(enum place place)
{
	return place == PLAYS ? "POST, OPTIONS" : "GET, HEAD, OPTIONS";
}

static const struct {
	const char *name;
	enum place place;
} places[] = {
	{"tracks", LIST},   {"list", PAGE},   {"collection", COLLECTION},
	{"feed.rss", FEED}, {"plays", PLAYS},
};

static enum place find_place(const struct http *h)
{
	int count = http_segments(h);

	if (count == 2 && strcmp(http_segment(h, 0), "tracks") == 0)
		return TRACK;
	for (size_t i = 0; count == 1 && i < sizeof(places) / sizeof(places[0]); i++)
		if (strcmp(http_segment(h, 0), places[i].name) == 0)
			return places[i].place;
	return NOWHERE;
}

static const struct route *find_route(enum place place, const char *method)
{
	for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++)
		if (routes[i].place == place && strcmp(routes[i].method, method) == 0)
			return &routes[i];
	return NULL;
}

static void answer(struct service *s)
{
	enum place place = find_place(s->h);
	const struct route *route = find_route(place, http_method(s->h));

	if (route)
		route->answer(s);
	else if (place == NOWHERE)
		http_fail(s->h, DRIFT_ENOENT, "There is nothing here.");
	else if (strcmp(http_method(s->h), "OPTIONS") == 0)
		http_send_options(s->h, allowed(place));
	else
		http_fail_method(s->h, allowed(place));
}

int main(void)
{
	return service_run("catalogue.fcgi", answer);
}
