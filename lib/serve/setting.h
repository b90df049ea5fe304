/*
 * setting.h - the listener's settings: their definitions are rows of the
 * catalogue, their values cookies of the same names.
 *
 * Values travel as one JSON object, {"name": "value"}, whose members PostgreSQL checks.
 */
#ifndef DRIFT_SERVE_SETTING_H
#define DRIFT_SERVE_SETTING_H

#include "base/buf.h"
#include "base/err.h"
#include "catalogue/db.h"
#include "http/http.h"

/* The cookies that may be settings, as an object into out (appended). No other
   program's cookies: those are nobody's business, least of a database's log. */
void setting_read_cookies(const struct http *h, struct buf *out);

/*
 * Checks what the listener wants changed, sets the cookies (365 days) on the answer,
 * and puts the values into cookies, so that setting_write_…() shows them.
 *
 * changes  an object
 * cookies  of setting_read_cookies(), rewritten on DRIFT_OK only
 *
 * Returns DRIFT_EINVAL with a sentence in db_get_refusal() when a setting or its value
 * is unknown, without one when changes is not JSON.
 */
enum drift_err setting_change(struct http *h, struct db *db, const char *changes,
			      struct buf *cookies) MUST_CHECK;

/* Each appends to out, in one call of the catalogue. */

/* {"settings": [{"name", "label", "help", "kind", "choices", …, "value"}]} */
enum drift_err setting_write_state(struct db *db, const char *cookies, struct buf *out) MUST_CHECK;
/* A script that puts each value on <html> as data-<name>. */
enum drift_err setting_write_boot(struct db *db, const char *cookies, struct buf *out) MUST_CHECK;
/* A page with the settings as a form, for browsers without script.
   site: what stands before /cgi-bin/ in URLs */
enum drift_err setting_write_page(struct db *db, const char *cookies, const char *site,
				  struct buf *out) MUST_CHECK;

#endif
