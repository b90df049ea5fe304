#include "serve/setting.h"

#include "http/html.h"
#include "http/page.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#define COOKIE_SECONDS (365 * 86400)
#define FORM_MAX 64 /* bytes of a name and of a value, as drift.setting_definition has it */

/* --- cookies --------------------------------------------------------------------- */

static bool has_form(const char *text, const char *more)
{
	size_t len = strlen(text);

	for (size_t i = 0; i < len; i++)
		if (!isalnum((unsigned char)text[i]) && !strchr(more, text[i]))
			return false;
	return len > 0 && len <= FORM_MAX;
}

static void add_member(struct buf *object, const char *name, const char *value)
{
	if (object->len > 1)
		buf_add_text(object, ", ");
	buf_add_json(object, name);
	buf_add_text(object, ": ");
	buf_add_json(object, value);
}

/* Backwards: a browser sends the cookie of the longest path first, and of members
   with one name PostgreSQL keeps the last. */
void setting_read_cookies(const struct http *h, struct buf *out)
{
	const char *name, *value;
	int count = 0;

	while (http_cookie_at(h, count, &name, &value))
		count++;
	buf_add_text(out, "{");
	while (http_cookie_at(h, --count, &name, &value))
		if (has_form(name, "") && has_form(value, "._-"))
			add_member(out, name, value);
	buf_add_text(out, "}");
}

static void set_cookie(struct http *h, const char *name, const char *value)
{
	bool secure = strncmp(http_origin(h), "https:", 6) == 0;

	http_set_header(h, "Set-Cookie", "%s=%s; Max-Age=%d; Path=%s/; SameSite=Lax; HttpOnly%s",
			name, value, COOKIE_SECONDS, http_site(h), secure ? "; Secure" : "");
}

enum drift_err setting_change(struct http *h, struct db *db, const char *changes,
			      struct buf *cookies)
{
	struct db_rows rows = {0};
	enum drift_err err = db_call(db, "SELECT name, value FROM drift.setting_change($1::jsonb)",
				     DB_ARGS(db_text(changes)), &rows);

	if (err)
		return err;
	if (cookies->len > 0)
		cookies->data[--cookies->len] = '\0'; /* the brace */
	for (int i = 0; i < rows.count; i++) {
		set_cookie(h, db_get_text(&rows, i, 0), db_get_text(&rows, i, 1));
		add_member(cookies, db_get_text(&rows, i, 0), db_get_text(&rows, i, 1));
	}
	buf_add_text(cookies, "}");
	db_rows_clear(&rows);
	return DRIFT_OK;
}

/* --- what is shown ---------------------------------------------------------------- */

static enum drift_err write_json(struct db *db, const char *sql, const char *cookies,
				 struct buf *out)
{
	struct db_rows rows = {0};
	enum drift_err err = db_call(db, sql, DB_ARGS(db_text(cookies)), &rows);

	if (err)
		return err;
	buf_add_text(out, db_get_text(&rows, 0, 0));
	db_rows_clear(&rows);
	return DRIFT_OK;
}

enum drift_err setting_write_state(struct db *db, const char *cookies, struct buf *out)
{
	return write_json(db, "SELECT drift.setting_state($1::jsonb)", cookies, out);
}

enum drift_err setting_write_boot(struct db *db, const char *cookies, struct buf *out)
{
	enum drift_err err;

	buf_add_text(out, "Object.assign(document.documentElement.dataset, ");
	err = write_json(db, "SELECT drift.setting_values($1::jsonb)", cookies, out);
	buf_add_text(out, ");\n");
	return err;
}

/* --- the page ---------------------------------------------------------------------- */

enum column { NAME, LABEL, HELP, KIND, MINIMUM, MAXIMUM, STEP, VALUE, CHOICE, CHOICE_LABEL };

/* " data-stream-quality="opus"": what boot.js would set. */
static void add_data(struct buf *page, const char *name, const char *value)
{
	buf_add_text(page, " data-");
	for (; *name; name++) {
		if (isupper((unsigned char)*name))
			buf_add_text(page, "-");
		buf_add_byte(page, (uint8_t)tolower((unsigned char)*name));
	}
	html_addf(page, "=\"%s\"", value);
}

static bool is_first(const struct db_rows *rows, int row)
{
	return row == 0 ||
	       strcmp(db_get_text(rows, row, NAME), db_get_text(rows, row - 1, NAME)) != 0;
}

static void add_attribute(struct buf *page, const char *name, const char *value)
{
	if (*value)
		html_addf(page, " %s=\"%s\"", name, value);
}

static void add_number(struct buf *page, const struct db_rows *rows, int row)
{
	const char *step = db_get_text(rows, row, STEP);

	html_addf(page, "<label class=\"choice\"><input type=\"number\" name=\"%s\" value=\"%s\"",
		  db_get_text(rows, row, NAME), db_get_text(rows, row, VALUE));
	add_attribute(page, "min", db_get_text(rows, row, MINIMUM));
	add_attribute(page, "max", db_get_text(rows, row, MAXIMUM));
	add_attribute(page, "step", *step ? step : "any");
	html_addf(page, " aria-label=\"%s\" required></label>\n", db_get_text(rows, row, LABEL));
}

static void add_choice(struct buf *page, const struct db_rows *rows, int row)
{
	const char *choice = db_get_text(rows, row, CHOICE);

	html_addf(page, "<label class=\"choice\"><input type=\"radio\" name=\"%s\" value=\"%s\"",
		  db_get_text(rows, row, NAME), choice);
	if (strcmp(choice, db_get_text(rows, row, VALUE)) == 0)
		buf_add_text(page, " checked");
	html_addf(page, "><span>%s</span></label>\n", db_get_text(rows, row, CHOICE_LABEL));
}

static void add_legend(struct buf *page, const struct db_rows *rows, int row)
{
	const char *name = db_get_text(rows, row, NAME), *help = db_get_text(rows, row, HELP);

	buf_add_text(page, "<fieldset");
	if (*help)
		html_addf(page, " aria-describedby=\"help-%s\"", name);
	html_addf(page, "><legend>%s</legend>\n", db_get_text(rows, row, LABEL));
	if (*help)
		html_addf(page, "<p id=\"help-%s\" class=\"help\">%s</p>\n", name, help);
}

static void add_controls(struct buf *page, const struct db_rows *rows)
{
	for (int row = 0; row < rows->count; row++) {
		if (is_first(rows, row)) {
			buf_add_text(page, row > 0 ? "</fieldset>\n" : "");
			add_legend(page, rows, row);
		}
		if (strcmp(db_get_text(rows, row, KIND), "number") == 0)
			add_number(page, rows, row);
		else
			add_choice(page, rows, row);
	}
	buf_add_text(page, rows->count > 0 ? "</fieldset>\n" : "");
}

static void add_page(struct buf *page, const struct db_rows *rows, const char *site)
{
	buf_add_text(page, "<!doctype html>\n<html lang=\"en\"");
	for (int row = 0; row < rows->count; row++)
		if (is_first(rows, row))
			add_data(page, db_get_text(rows, row, NAME), db_get_text(rows, row, VALUE));
	buf_add_text(page, ">\n");
	page_add_head(page, site, "Settings – Drift");
	html_addf(page,
		  "</header>\n<main>\n<h1>Settings</h1>\n"
		  "<form method=\"post\" action=\"%s/cgi-bin/settings.fcgi/\" class=\"card "
		  "settings\">\n",
		  site);
	add_controls(page, rows);
	buf_add_text(page, "<p><button class=\"button main\" type=\"submit\">Keep</button></p>\n"
			   "</form>\n</main>\n</body>\n</html>\n");
}

enum drift_err setting_write_page(struct db *db, const char *cookies, const char *site,
				  struct buf *out)
{
	struct db_rows rows = {0};
	enum drift_err err =
		db_call(db,
			"SELECT name, label, help, kind, minimum, maximum, step,"
			" value, choice, choice_label FROM drift.setting_form($1::jsonb)",
			DB_ARGS(db_text(cookies)), &rows);

	if (err)
		return err;
	add_page(out, &rows, site);
	db_rows_clear(&rows);
	return DRIFT_OK;
}
