/*
 * catalogue.fcgi - the tracks, for people and players.
 *
 *     GET   /tracks?q=&after=&limit=  public tracks, newest first, a page at a time
 *     GET   /tracks/<id>              one track; a private one needs a key
 *     POST  /plays                    JSON, {"track", "rendition", "kind"}: counts a play
 */
#include "base/conf.h"
#include "base/log.h"
#include "base/utf8.h"
#include "catalogue/key.h"
#include "catalogue/play.h"
#include "catalogue/secret.h"
#include "http/body.h"
#include "http/http.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BODY_MAX ((size_t)4 << 10) /* bytes */
#define QUERY_MAX 200 /* bytes of what is searched for */
#define LIMIT_DEFAULT 50 /* tracks of a page */
#define LIMIT_MAX 200

struct catalogue {
	struct http *h;
	struct db *db;
	uint8_t secret[32];
	bool has_secret;
};

static void fail_call(const struct catalogue *c, enum drift_err err)
{
	const char *said = db_get_refusal(c->db);

	if (err == DRIFT_EDB)
		http_fail(c->h, err, "The catalogue is away; try again in a moment.");
	else if (err == DRIFT_ENOENT)
		http_fail(c->h, err, "There is no such track.");
	else if (err == DRIFT_EINVAL)
		http_fail(c->h, err, "%s.", *said ? said : "The body is not JSON");
	else
		http_fail(c->h, err, "The catalogue could not be read.");
}

/* --- the list -------------------------------------------------------------------- */

/* False: answered. An absent parameter is "". */
static bool read_text(struct http *h, const char *name, size_t max, const char **out)
{
	const char *text = http_query(h, name);

	*out = text ? text : "";
	if (strlen(*out) <= max && utf8_is_valid(*out))
		return true;
	http_fail(h, DRIFT_EINVAL, "The parameter %s is UTF-8 of at most %zu bytes.", name, max);
	return false;
}

static bool read_limit(struct http *h, int64_t *limit)
{
	const char *text = http_query(h, "limit");
	size_t len = text ? strlen(text) : 0;

	*limit = LIMIT_DEFAULT;
	if (!text)
		return true;
	*limit = strtol(text, NULL, 10);
	if (len > 0 && len <= 3 && strspn(text, "0123456789") == len && *limit >= 1 &&
	    *limit <= LIMIT_MAX)
		return true;
	http_fail(h, DRIFT_EINVAL, "The parameter limit is a number from 1 to %d.", LIMIT_MAX);
	return false;
}

static void send_list(const struct catalogue *c, const char *q, const char *after, int64_t limit)
{
	struct db_rows rows = {0};
	enum drift_err err = db_call(c->db, "SELECT drift.track_list($1, $2, $3)",
				     DB_ARGS(db_text(q), db_text(after), db_int(limit)), &rows);

	if (err) {
		fail_call(c, err);
		return;
	}
	http_set_header(c->h, "Cache-Control", "no-cache");
	body_send(c->h, "application/json", db_get_text(&rows, 0, 0));
	db_rows_clear(&rows);
}

static void get_list(struct catalogue *c)
{
	const char *q, *after;
	int64_t limit;

	if (http_query_bad(c->h))
		http_fail(c->h, DRIFT_EINVAL,
			  "A parameter has a NUL in it, or a %% without two hexadecimal digits.");
	else if (read_text(c->h, "q", QUERY_MAX, &q) &&
		 read_text(c->h, "after", QUERY_MAX, &after) && read_limit(c->h, &limit))
		send_list(c, q, after, limit);
}

/* --- one track ------------------------------------------------------------------- */

/* What needs a key is nobody else's: no cache may show it to another. */
static bool admit(const struct catalogue *c, bool is_private)
{
	int64_t key;

	http_set_header(c->h, "Cache-Control", is_private ? "private, no-cache" : "no-cache");
	http_set_header(c->h, "Vary", "Authorization, X-Api-Key");
	return !is_private || key_admit(c->h, c->db, "listen", &key);
}

static void send_card(const struct catalogue *c, const struct uuid *track)
{
	struct db_rows rows = {0};
	enum drift_err err = db_call(c->db,
				     "SELECT t, (t ->> 'private')::boolean "
				     "FROM drift.track_card($1) t",
				     DB_ARGS(db_uuid(track)), &rows);

	if (err)
		fail_call(c, err);
	else if (admit(c, db_get_bool(&rows, 0, 1)))
		body_send(c->h, "application/json", db_get_text(&rows, 0, 0));
	db_rows_clear(&rows);
}

static void get_track(struct catalogue *c)
{
	const char *text = http_segment(c->h, 1);
	struct uuid track;

	if (uuid_parse(text, strlen(text), &track) == DRIFT_OK)
		send_card(c, &track);
	else
		fail_call(c, DRIFT_ENOENT);
}

/* --- plays ----------------------------------------------------------------------- */

static enum drift_err find_listener(struct catalogue *c, struct play_listener *out)
{
	enum drift_err err = c->has_secret ? DRIFT_OK : secret_get(c->db, c->secret);

	if (err)
		return err;
	c->has_secret = true;
	*out = play_listener(c->secret, http_param(c->h, "REMOTE_ADDR"),
			     http_header(c->h, "User-Agent"), time(NULL));
	return DRIFT_OK;
}

static enum drift_err add_play(struct catalogue *c, const char *play, bool admitted)
{
	struct play_listener listener;
	struct db_rows rows = {0};
	enum drift_err err = find_listener(c, &listener);

	if (!err)
		err = db_call(c->db, "SELECT drift.play_post($1::jsonb, $2, $3)",
			      DB_ARGS(db_text(play), db_text(listener.text), db_bool(admitted)),
			      &rows);
	if (err)
		return err;
	http_set_header(c->h, "Cache-Control", "no-store");
	http_send(c->h, "application/json", db_get_text(&rows, 0, 0),
		  strlen(db_get_text(&rows, 0, 0)));
	db_rows_clear(&rows);
	return DRIFT_OK;
}

/* A key is looked at only where it is needed: a stale one shuts nobody out. */
static void count_play(struct catalogue *c, const char *play)
{
	enum drift_err err = add_play(c, play, false);
	int64_t key;

	if (err == DRIFT_EAUTH) {
		if (!key_admit(c->h, c->db, "listen", &key))
			return;
		err = add_play(c, play, true);
	}
	if (err)
		fail_call(c, err);
}

static void post_play(struct catalogue *c)
{
	struct buf body = {0};

	if (body_read(c->h, "application/json", BODY_MAX, &body))
		count_play(c, buf_text(&body));
	buf_clear(&body);
}

/* --- which request this is ---------------------------------------------------------- */

enum place { NOWHERE, LIST, TRACK, PLAYS };

static const struct route {
	enum place place;
	const char *method;
	void (*answer)(struct catalogue *c);
} routes[] = {
	{LIST, "GET", get_list},    {LIST, "HEAD", get_list},	{TRACK, "GET", get_track},
	{TRACK, "HEAD", get_track}, {PLAYS, "POST", post_play},
};

static const char *const allowed[] = {
	[LIST] = "GET, HEAD, OPTIONS",
	[TRACK] = "GET, HEAD, OPTIONS",
	[PLAYS] = "POST, OPTIONS",
};

static enum place find_place(const struct http *h)
{
	int count = http_segments(h);

	if (count < 1 || count > 2)
		return NOWHERE;
	if (strcmp(http_segment(h, 0), "tracks") == 0)
		return count == 1 ? LIST : TRACK;
	return count == 1 && strcmp(http_segment(h, 0), "plays") == 0 ? PLAYS : NOWHERE;
}

static const struct route *find_route(enum place place, const char *method)
{
	for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++)
		if (routes[i].place == place && strcmp(routes[i].method, method) == 0)
			return &routes[i];
	return NULL;
}

static void answer(struct catalogue *c)
{
	enum place place = find_place(c->h);
	const struct route *route = find_route(place, http_method(c->h));

	if (route)
		route->answer(c);
	else if (place == NOWHERE)
		http_fail(c->h, DRIFT_ENOENT, "There is nothing here.");
	else if (strcmp(http_method(c->h), "OPTIONS") == 0)
		http_send_options(c->h, allowed[place]);
	else
		http_fail_method(c->h, allowed[place]);
}

int main(void)
{
	struct catalogue c = {0};
	struct conf conf;

	log_init("catalogue.fcgi");
	if (conf_load(&conf) != DRIFT_OK)
		return EXIT_FAILURE;
	c.h = http_new();
	c.db = db_new(conf.web_dsn, "catalogue.fcgi");
	if (!c.h || !c.db)
		return EXIT_FAILURE;
	while (http_accept(c.h) == DRIFT_OK) {
		answer(&c);
		http_finish(c.h);
	}
	db_free(c.db);
	http_free(c.h);
	return EXIT_SUCCESS;
}
