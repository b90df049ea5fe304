/*
 * db.h - one connection to the catalogue (edge: the only place that includes
 * libpq).
 *
 * C calls functions of the schema drift and nothing else. Arguments and
 * results travel as text; statements are prepared once per connection, keyed
 * by the address of the SQL literal, so pass literals. A dead connection is
 * opened again on the next call; a call that found its connection dead before
 * the statement was sent is tried once more by itself.
 *
 * SQLSTATEs: our functions raise DR400, DR401, DR403, DR404, DR409, DR410,
 * DR413, DR415, DR423 (the number is the HTTP status), mapped to DRIFT_EINVAL,
 * EAUTH, EFORBIDDEN, ENOENT, ECONFLICT, EGONE, ELARGE, EMEDIA, ELOCKED; 22xxx
 * (bad data) to DRIFT_EINVAL; 08xxx, 57Pxx, 53xxx and a lost connection to
 * DRIFT_EDB; 53100 to DRIFT_ENOSPC; all others to DRIFT_EIO. What PostgreSQL
 * said is logged here, never shown to a client; but the sentence of one of our
 * own errors may be (db_get_refusal()).
 */
#ifndef DRIFT_CATALOGUE_DB_H
#define DRIFT_CATALOGUE_DB_H

#include "base/err.h"
#include "base/uuid.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct db; /* one connection; used by one thread */

#define DB_ARGS_MAX 40

struct db_arg {
	char number[32]; /* numbers are written here */
	const char *text; /* borrowed for the call; NULL is SQL null */
	bool is_number;
};

struct db_arg db_text(const char *text); /* NULL becomes null */
struct db_arg db_int(int64_t v);
struct db_arg db_double(double v); /* NaN and infinities become null */
struct db_arg db_bool(bool v);
struct db_arg db_uuid(const struct uuid *id); /* NULL becomes null */

#define DB_ARGS(...)                                                                               \
	(const struct db_arg[]){__VA_ARGS__},                                                      \
		sizeof((const struct db_arg[]){__VA_ARGS__}) / sizeof(struct db_arg)
#define DB_NO_ARGS NULL, (size_t)0

struct db_rows {
	void *result; /* all-zero is valid and empty */
	int count;
};

/* conninfo: copied. Connects on the first call, not here. application_name is
   shown in pg_stat_activity. NULL when out of memory. */
struct db *db_new(const char *conninfo, const char *application_name);
void db_free(struct db *db); /* NULL is fine */

/*
 * Runs one statement. rows may be NULL when the result does not matter;
 * otherwise it is cleared first if it holds something, and is the caller's to
 * db_rows_clear() after DRIFT_OK.
 */
enum drift_err db_call(struct db *db, const char *sql, const struct db_arg *args, size_t count,
		       struct db_rows *rows) MUST_CHECK;

/* The sentence with which a function of ours refused the last call (DRnnn), fit for
   who asked; "" when it ended otherwise. Borrowed until the next call. */
const char *db_get_refusal(const struct db *db);

/* A field, borrowed until db_rows_clear(). Null: "" / 0 / NAN / false. */
const char *db_get_text(const struct db_rows *rows, int row, int column);
int64_t db_get_int(const struct db_rows *rows, int row, int column);
double db_get_double(const struct db_rows *rows, int row, int column);
bool db_get_bool(const struct db_rows *rows, int row, int column);
bool db_is_null(const struct db_rows *rows, int row, int column);
/* A zeroed uuid for null. */
struct uuid db_get_uuid(const struct db_rows *rows, int row, int column);

void db_rows_clear(struct db_rows *rows);

/* LISTEN on channel (an identifier of ours), kept over reconnects. */
enum drift_err db_listen(struct db *db, const char *channel) MUST_CHECK;

/* Waits for a notification: true when one came, false after timeout_ms, when the connection
   failed (then it has slept out the time), or once there is something to be read of other
   (-1: of nothing else). */
bool db_wait_notify(struct db *db, int other, int timeout_ms);

#endif
