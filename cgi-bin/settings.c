/*
 * settings.fcgi - the listener's settings, kept in cookies.
 *
 *     GET   /         the settings with their definitions; a form, where HTML is wanted
 *     PUT   /         JSON, {"name": "value"}: sets cookies, answers the new state
 *     POST  /         the same from a form; back to the page it came from
 *     GET   /boot.js  a script for a page's head, so that the first paint is right
 */
#include "http/accept.h"
#include "http/body.h"
#include "http/http.h"
#include "http/query.h"
#include "http/referer.h"
#include "request/service.h"
#include "serve/setting.h"

#include <string.h>

#define BODY_MAX ((size_t)16 << 10) /* bytes */

#define JSON "application/json"
#define FORM "application/x-www-form-urlencoded"

static void fail_call(struct http *h, const struct db *db, enum drift_err err)
{
	const char *said = db_get_refusal(db);

	if (err == DRIFT_EDB)
		http_fail(h, err, "The catalogue is away; try again in a moment.");
	else if (err == DRIFT_EINVAL)
		http_fail(h, err, "%s.", *said ? said : "The body is not JSON");
	else
		http_fail(h, err, "The settings could not be read.");
}

static void send_text(struct http *h, const char *mime, const struct buf *text)
{
	http_set_header(h, "Cache-Control", "no-store");
	if (buf_ok(text))
		http_send(h, mime, buf_text(text), text->len);
	else
		http_fail(h, DRIFT_ENOMEM, "The answer could not be made.");
}

/* --- GET ------------------------------------------------------------------------- */

static void send_state(struct http *h, struct db *db, const struct buf *cookies)
{
	struct buf text = {0};
	enum drift_err err = setting_write_state(db, buf_text(cookies), &text);

	if (err)
		fail_call(h, db, err);
	else
		send_text(h, JSON, &text);
	buf_clear(&text);
}

static void send_page(struct http *h, struct db *db, const struct buf *cookies)
{
	struct buf text = {0};
	enum drift_err err = setting_write_page(db, buf_text(cookies), http_site(h), &text);

	if (err)
		fail_call(h, db, err);
	else
		send_text(h, "text/html; charset=utf-8", &text);
	buf_clear(&text);
}

/* A browser's address bar prefers HTML, a script or curl takes what comes. */
static void get_settings(struct http *h, struct db *db, struct buf *cookies)
{
	const char *accept = http_header(h, "Accept");

	http_set_header(h, "Vary", "Accept, Cookie");
	if (accept_quality(accept, "text/html") > accept_quality(accept, JSON))
		send_page(h, db, cookies);
	else
		send_state(h, db, cookies);
}

static void get_boot(struct http *h, struct db *db, struct buf *cookies)
{
	struct buf text = {0};
	enum drift_err err = setting_write_boot(db, buf_text(cookies), &text);

	http_set_header(h, "Vary", "Cookie");
	if (err)
		fail_call(h, db, err);
	else
		send_text(h, "text/javascript; charset=utf-8", &text);
	buf_clear(&text);
}

/* --- PUT and POST ---------------------------------------------------------------- */

static void put_settings(struct http *h, struct db *db, struct buf *cookies)
{
	struct buf body = {0};

	if (body_read(h, JSON, BODY_MAX, &body)) {
		enum drift_err err = setting_change(h, db, buf_text(&body), cookies);

		if (err)
			fail_call(h, db, err);
		else
			send_state(h, db, cookies);
	}
	buf_clear(&body);
}

/* The fields of a form as a JSON object. False: some field is not well-formed. */
static bool read_fields(const char *form, struct buf *object)
{
	struct query fields;
	bool bad;

	if (query_parse(form, &fields) != DRIFT_OK)
		return false;
	buf_add_text(object, "{");
	for (int i = 0; i < fields.count; i++) {
		buf_add_text(object, i > 0 ? ", " : "");
		buf_add_json(object, fields.pair[i].name);
		buf_add_text(object, ": ");
		buf_add_json(object, fields.pair[i].value ? fields.pair[i].value : "");
	}
	buf_add_text(object, "}");
	bad = fields.bad;
	query_clear(&fields);
	return !bad && buf_ok(object);
}

/* A status of its own: of a 200 with a Location a server makes a page of the target. */
static void send_back(struct http *h)
{
	const char *path = referer_path(http_header(h, "Referer"), http_header(h, "Host"));

	http_set_status(h, 303);
	if (path)
		http_set_header(h, "Location", "%s", path);
	else
		http_set_header(h, "Location", "%s/", http_site(h));
	http_set_header(h, "Cache-Control", "no-store");
	http_send_empty(h);
}

static void take_form(struct http *h, struct db *db, const char *form, struct buf *cookies)
{
	struct buf changes = {0};
	enum drift_err err = DRIFT_EINVAL;

	if (!read_fields(form, &changes))
		http_fail(h, err, "The form has a field that is not well-formed.");
	else if ((err = setting_change(h, db, buf_text(&changes), cookies)))
		fail_call(h, db, err);
	else
		send_back(h);
	buf_clear(&changes);
}

static void post_settings(struct http *h, struct db *db, struct buf *cookies)
{
	struct buf form = {0};

	if (body_read(h, FORM, BODY_MAX, &form))
		take_form(h, db, buf_text(&form), cookies);
	buf_clear(&form);
}

/* --- which request this is ---------------------------------------------------------- */

enum place { NOWHERE, SETTINGS, BOOT };

static const struct route {
	enum place place;
	const char *method;
	void (*answer)(struct http *h, struct db *db, struct buf *cookies);
} routes[] = {
	{SETTINGS, "GET", get_settings}, {SETTINGS, "HEAD", get_settings},
	{SETTINGS, "PUT", put_settings}, {SETTINGS, "POST", post_settings},
	{BOOT, "GET", get_boot},	 {BOOT, "HEAD", get_boot},
};

static const char *const allowed[] = {
	[SETTINGS] = "GET, HEAD, PUT, POST, OPTIONS",
	[BOOT] = "GET, HEAD, OPTIONS",
};

static enum place find_place(const struct http *h)
{
	int count = http_segments(h);

	if (count == 0)
		return SETTINGS;
	return count == 1 && strcmp(http_segment(h, 0), "boot.js") == 0 ? BOOT : NOWHERE;
}

static const struct route *find_route(enum place place, const char *method)
{
	for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++)
		if (routes[i].place == place && strcmp(routes[i].method, method) == 0)
			return &routes[i];
	return NULL;
}

static void take_route(struct http *h, struct db *db, const struct route *route)
{
	struct buf cookies = {0};

	setting_read_cookies(h, &cookies);
	route->answer(h, db, &cookies);
	buf_clear(&cookies);
}

static void answer(struct service *s)
{
	struct http *h = s->h;
	enum place place = find_place(h);
	const struct route *route = find_route(place, http_method(h));

	if (route)
		take_route(h, s->db, route);
	else if (place == NOWHERE)
		http_fail(h, DRIFT_ENOENT, "There is nothing here.");
	else if (strcmp(http_method(h), "OPTIONS") == 0)
		http_send_options(h, allowed[place]);
	else
		http_fail_method(h, allowed[place]);
}

int main(void)
{
	return service_run("settings.fcgi", answer);
}
