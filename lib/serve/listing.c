#include "serve/listing.h"

#include "base/utf8.h"
#include "http/body.h"
#include "http/html.h"
#include "http/page.h"

#include <stdlib.h>
#include <string.h>

#define TEXT_MAX 1000 /* bytes of an artist, an album */
#define QUERY_MAX 200 /* bytes of what is searched for */
#define AFTER_MAX 200
#define LIMIT_DEFAULT 50 /* tracks of a page */
#define LIMIT_MAX 200
#define THEME_COOKIE "theme" /* a setting's name, known to the style sheet too */

void listing_fail(struct http *h, const struct db *db, enum drift_err err)
{
	const char *said = db_get_refusal(db);

	if (err == DRIFT_EDB)
		http_fail(h, err, "The catalogue is away; try again in a moment.");
	else if (err == DRIFT_ENOENT)
		http_fail(h, err, "There is no such track.");
	else if (err == DRIFT_EINVAL)
		http_fail(h, err, "%s.", *said ? said : "The body is not JSON");
	else
		http_fail(h, err, "The catalogue could not be read.");
}

/* --- what is asked for ------------------------------------------------------------ */

static bool admit_query(struct http *h)
{
	if (!http_query_bad(h))
		return true;
	http_fail(h, DRIFT_EINVAL,
		  "A parameter has a NUL in it, or a %% without two hexadecimal digits.");
	return false;
}

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

struct place {
	const char *q, *after; /* borrowed until the request ends */
	int64_t limit;
};

static bool read_place(struct http *h, struct place *p)
{
	return admit_query(h) && read_text(h, "q", QUERY_MAX, &p->q) &&
	       read_text(h, "after", AFTER_MAX, &p->after) && read_limit(h, &p->limit);
}

struct collection {
	const char *artist, *album; /* borrowed until the request ends */
};

static bool read_collection(struct http *h, struct collection *c)
{
	return admit_query(h) && read_text(h, "artist", TEXT_MAX, &c->artist) &&
	       read_text(h, "album", TEXT_MAX, &c->album);
}

/* --- answers that PostgreSQL writes ------------------------------------------------- */

static void send_call(struct http *h, struct db *db, const char *mime, const char *sql,
		      const struct db_arg *args, size_t count)
{
	struct db_rows rows = {0};
	enum drift_err err = db_call(db, sql, args, count, &rows);

	if (err) {
		listing_fail(h, db, err);
		return;
	}
	http_set_header(h, "Cache-Control", "no-cache");
	body_send(h, mime, db_get_text(&rows, 0, 0));
	db_rows_clear(&rows);
}

void listing_send(struct http *h, struct db *db)
{
	struct place p;

	if (read_place(h, &p))
		send_call(h, db, "application/json", "SELECT drift.track_list($1, $2, $3)",
			  DB_ARGS(db_text(p.q), db_text(p.after), db_int(p.limit)));
}

void listing_send_collection(struct http *h, struct db *db)
{
	struct collection c;

	if (read_collection(h, &c))
		send_call(h, db, "application/json", "SELECT drift.collection($1, $2)",
			  DB_ARGS(db_text(c.artist), db_text(c.album)));
}

static void send_feed(struct http *h, struct db *db, const struct collection *c)
{
	const char *query = http_param(h, "QUERY_STRING");
	struct buf site = {0}, self = {0};

	buf_addf(&site, "%s%s", http_origin(h), http_site(h));
	buf_addf(&self, "%s/cgi-bin/catalogue.fcgi/feed.rss%s%s", buf_text(&site),
		 query && *query ? "?" : "", query ? query : "");
	if (buf_ok(&site) && buf_ok(&self))
		send_call(h, db, "application/rss+xml; charset=utf-8",
			  "SELECT drift.feed($1, $2, $3, $4)",
			  DB_ARGS(db_text(c->artist), db_text(c->album), db_text(buf_text(&site)),
				  db_text(buf_text(&self))));
	else
		listing_fail(h, db, DRIFT_ENOMEM);
	buf_clear(&site);
	buf_clear(&self);
}

void listing_send_feed(struct http *h, struct db *db)
{
	struct collection c;

	if (read_collection(h, &c))
		send_feed(h, db, &c);
}

/* --- the page without script --------------------------------------------------------- */

enum column { TRACK, TITLE, ARTIST, AFTER };

/* theme: as the cookie has it; any other value than the style sheet's is that of none. */
static void add_head(struct buf *page, const char *site, const char *theme, const char *q)
{
	html_addf(page, "<!doctype html>\n<html lang=\"en\" data-theme=\"%s\">\n",
		  theme ? theme : "auto");
	page_add_head(page, site, "Drift");
	html_addf(page,
		  "\n<form role=\"search\" class=\"line\"><input type=\"search\" name=\"q\" "
		  "value=\"%s\" "
		  "aria-label=\"Search for tracks\"><button class=\"button\" "
		  "type=\"submit\">Search</button></form></header>\n<main>\n<h1>Tracks</h1>\n",
		  q);
}

static void add_track(struct buf *page, const struct db_rows *rows, int row, const char *site)
{
	const char *title = db_get_text(rows, row, TITLE);

	html_addf(page,
		  "<li class=\"card\"><p><strong>%s</strong></p><p class=\"soft\">%s</p>"
		  "<audio controls preload=\"none\" aria-label=\"%s\" "
		  "src=\"%s/cgi-bin/stream.fcgi/%s\"></audio></li>\n",
		  title, db_get_text(rows, row, ARTIST), title, site,
		  db_get_text(rows, row, TRACK));
}

static void add_tracks(struct buf *page, const struct db_rows *rows, const char *site)
{
	buf_add_text(page, "<ol class=\"plain\">\n");
	for (int row = 0; row < rows->count; row++)
		add_track(page, rows, row, site);
	buf_add_text(page, "</ol>\n");
	if (rows->count == 0)
		buf_add_text(page, "<p>There is nothing here.</p>\n");
}

/* A form, because it encodes what was searched for. */
static void add_more(struct buf *page, const char *q, const char *after)
{
	if (*after)
		html_addf(page,
			  "<form><input type=\"hidden\" name=\"q\" value=\"%s\"><input "
			  "type=\"hidden\" "
			  "name=\"after\" value=\"%s\"><button class=\"button\" "
			  "type=\"submit\">Further tracks</button></form>\n",
			  q, after);
}

static void send_page(struct http *h, const struct place *p, const struct db_rows *rows)
{
	struct buf page = {0};

	add_head(&page, http_site(h), http_cookie(h, THEME_COOKIE), p->q);
	add_tracks(&page, rows, http_site(h));
	add_more(&page, p->q, rows->count > 0 ? db_get_text(rows, 0, AFTER) : "");
	buf_add_text(&page, "</main>\n</body>\n</html>\n");
	http_set_header(h, "Cache-Control", "no-cache");
	http_set_header(h, "Vary", "Cookie");
	if (buf_ok(&page))
		body_send(h, "text/html; charset=utf-8", buf_text(&page));
	else
		http_fail(h, DRIFT_ENOMEM, "The answer could not be made.");
	buf_clear(&page);
}

void listing_send_page(struct http *h, struct db *db)
{
	struct db_rows rows = {0};
	struct place p;
	enum drift_err err;

	if (!read_place(h, &p))
		return;
	err = db_call(db, "SELECT track, title, artist, after FROM drift.track_plain($1, $2, $3)",
		      DB_ARGS(db_text(p.q), db_text(p.after), db_int(p.limit)), &rows);
	if (err)
		listing_fail(h, db, err);
	else
		send_page(h, &p, &rows);
	db_rows_clear(&rows);
}
