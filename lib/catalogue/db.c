#include "catalogue/db.h"

#include "base/clock.h"
#include "base/log.h"

#include <errno.h>
#include <inttypes.h>
#include <libpq-fe.h>
#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STATEMENTS_MAX 64 /* prepared on one connection; more are sent unprepared */
#define CHANNEL_MAX 64

struct db {
	char *conninfo;
	char *application_name;
	PGconn *conn; /* NULL: not connected */
	const char *prepared[STATEMENTS_MAX]; /* by the literal's address */
	int prepared_count;
	char channel[CHANNEL_MAX]; /* listened to; "" for none */
	char refusal[256]; /* of our own function in the last call; "" for none */
};

struct db_arg db_text(const char *text)
{
	return (struct db_arg){.text = text};
}

struct db_arg db_int(int64_t v)
{
	struct db_arg arg = {.is_number = true};

	snprintf(arg.number, sizeof(arg.number), "%" PRId64, v);
	return arg;
}

struct db_arg db_double(double v)
{
	struct db_arg arg = {.is_number = true};

	if (!isfinite(v))
		return db_text(NULL);
	snprintf(arg.number, sizeof(arg.number), "%.17g", v);
	return arg;
}

struct db_arg db_bool(bool v)
{
	return db_text(v ? "t" : "f");
}

struct db_arg db_uuid(const struct uuid *id)
{
	return db_text(id ? id->text : NULL);
}

struct db *db_new(const char *conninfo, const char *application_name)
{
	struct db *db = calloc(1, sizeof(*db));

	if (!db)
		return NULL;
	db->conninfo = strdup(conninfo);
	db->application_name = strdup(application_name);
	if (!db->conninfo || !db->application_name) {
		db_free(db);
		return NULL;
	}
	return db;
}

static void disconnect(struct db *db)
{
	PQfinish(db->conn);
	db->conn = NULL;
	db->prepared_count = 0;
}

void db_free(struct db *db)
{
	if (!db)
		return;
	disconnect(db);
	free(db->conninfo);
	free(db->application_name);
	free(db);
}

static bool is_alive(const struct db *db)
{
	return db->conn && PQstatus(db->conn) == CONNECTION_OK;
}

static enum drift_err listen_again(struct db *db)
{
	char sql[CHANNEL_MAX + 16];
	PGresult *result;
	bool ok;

	if (!*db->channel)
		return DRIFT_OK;
	snprintf(sql, sizeof(sql), "LISTEN %s", db->channel);
	result = PQexec(db->conn, sql);
	ok = PQresultStatus(result) == PGRES_COMMAND_OK;
	if (!ok)
		log_error("db: %s: %s", sql, PQerrorMessage(db->conn));
	PQclear(result);
	return ok ? DRIFT_OK : DRIFT_EDB;
}

static enum drift_err connect_if_needed(struct db *db)
{
	const char *keys[] = {"fallback_application_name", "connect_timeout", "dbname", NULL};
	const char *values[] = {db->application_name, "10", db->conninfo, NULL};

	if (is_alive(db))
		return DRIFT_OK;
	disconnect(db);
	/* dbname last and expanded: what the conninfo says overrides the above */
	db->conn = PQconnectdbParams(keys, values, 1);
	if (!is_alive(db)) {
		log_error("db: connect: %s", db->conn ? PQerrorMessage(db->conn) : "no memory");
		disconnect(db);
		return DRIFT_EDB;
	}
	return listen_again(db);
}

/* Our own SQLSTATEs end in an HTTP status. */
static enum drift_err own_err(const char *status)
{
	static const struct {
		const char *status;
		enum drift_err err;
	} table[] = {
		{"400", DRIFT_EINVAL}, {"401", DRIFT_EAUTH},	 {"403", DRIFT_EFORBIDDEN},
		{"404", DRIFT_ENOENT}, {"409", DRIFT_ECONFLICT}, {"410", DRIFT_EGONE},
		{"413", DRIFT_ELARGE}, {"415", DRIFT_EMEDIA},	 {"423", DRIFT_ELOCKED},
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (strcmp(status, table[i].status) == 0)
			return table[i].err;
	return DRIFT_EIO;
}

static enum drift_err state_err(const char *state)
{
	if (strncmp(state, "DR", 2) == 0)
		return own_err(state + 2);
	if (strncmp(state, "22", 2) == 0)
		return DRIFT_EINVAL;
	if (strcmp(state, "53100") == 0)
		return DRIFT_ENOSPC;
	if (strncmp(state, "08", 2) == 0 || strncmp(state, "57P", 3) == 0 ||
	    strncmp(state, "53", 2) == 0)
		return DRIFT_EDB;
	return DRIFT_EIO;
}

/* Only what our functions say themselves: PostgreSQL's own messages may hold values. */
static void keep_refusal(struct db *db, const PGresult *result, const char *state)
{
	const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);

	if (state && message && strncmp(state, "DR", 2) == 0)
		snprintf(db->refusal, sizeof(db->refusal), "%s", message);
}

/* What a client does wrong (DR404, DR423, a text that is not UTF-8) is no fault of ours. */
static bool is_refusal(const char *state)
{
	return state && (strncmp(state, "DR4", 3) == 0 || strncmp(state, "22", 2) == 0);
}

static enum drift_err result_err(struct db *db, const PGresult *result)
{
	ExecStatusType status = PQresultStatus(result);
	const char *state;

	if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK)
		return DRIFT_OK;
	state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
	if (is_refusal(state))
		log_info("db: %s %s", state, PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY));
	else
		log_error("db: %s%s%s", state ? state : "", state ? " " : "",
			  PQerrorMessage(db->conn));
	if (!is_alive(db))
		return DRIFT_EDB;
	keep_refusal(db, result, state);
	return state ? state_err(state) : DRIFT_EDB;
}

static bool is_prepared(const struct db *db, const char *sql)
{
	for (int i = 0; i < db->prepared_count; i++)
		if (db->prepared[i] == sql)
			return true;
	return false;
}

static enum drift_err prepare(struct db *db, const char *sql, const char *name, size_t count)
{
	PGresult *result;
	enum drift_err err;

	if (is_prepared(db, sql) || db->prepared_count == STATEMENTS_MAX)
		return DRIFT_OK;
	result = PQprepare(db->conn, name, sql, (int)count, NULL);
	err = result_err(db, result);
	PQclear(result);
	if (!err)
		db->prepared[db->prepared_count++] = sql;
	return err;
}

/* One attempt. *sent: the server may have run it, so it must not be sent again. */
static enum drift_err call_once(struct db *db, const char *sql, const struct db_arg *args,
				size_t count, PGresult **out, bool *sent)
{
	const char *values[DB_ARGS_MAX];
	enum drift_err err = connect_if_needed(db);
	PGresult *result;
	char name[32];

	if (err) {
		*sent = true; /* a fresh connection failed: nothing to try again */
		return err;
	}
	for (size_t i = 0; i < count; i++)
		values[i] = args[i].is_number ? args[i].number : args[i].text;
	snprintf(name, sizeof(name), "s%" PRIxPTR, (uintptr_t)sql);
	err = prepare(db, sql, name, count);
	if (err)
		return err;
	*sent = true;
	result = is_prepared(db, sql)
			 ? PQexecPrepared(db->conn, name, (int)count, values, NULL, NULL, 0)
			 : PQexecParams(db->conn, sql, (int)count, NULL, values, NULL, NULL, 0);
	err = result_err(db, result);
	if (err) {
		PQclear(result);
		return err;
	}
	*out = result;
	return DRIFT_OK;
}

/* Reads what the server has sent meanwhile, so that a connection it has closed
   is known to be dead before a statement goes out. */
static void notice_death(struct db *db)
{
	struct pollfd p;

	if (!is_alive(db))
		return;
	p = (struct pollfd){.fd = PQsocket(db->conn), .events = POLLIN};
	if (poll(&p, 1, 0) > 0 && PQconsumeInput(db->conn) == 0)
		disconnect(db);
}

enum drift_err db_call(struct db *db, const char *sql, const struct db_arg *args, size_t count,
		       struct db_rows *rows)
{
	PGresult *result = NULL;
	enum drift_err err;
	bool sent = false;

	if (count > DB_ARGS_MAX)
		return DRIFT_EINVAL;
	db->refusal[0] = '\0';
	notice_death(db);
	err = call_once(db, sql, args, count, &result, &sent);
	if (err == DRIFT_EDB && !sent)
		err = call_once(db, sql, args, count, &result, &sent);
	if (err)
		return err;
	if (!rows) {
		PQclear(result);
		return DRIFT_OK;
	}
	db_rows_clear(rows);
	rows->result = result;
	rows->count = PQntuples(result);
	return DRIFT_OK;
}

const char *db_get_refusal(const struct db *db)
{
	return db->refusal;
}

const char *db_get_text(const struct db_rows *rows, int row, int column)
{
	return PQgetvalue(rows->result, row, column);
}

int64_t db_get_int(const struct db_rows *rows, int row, int column)
{
	return strtoimax(db_get_text(rows, row, column), NULL, 10);
}

double db_get_double(const struct db_rows *rows, int row, int column)
{
	return db_is_null(rows, row, column) ? NAN : strtod(db_get_text(rows, row, column), NULL);
}

bool db_get_bool(const struct db_rows *rows, int row, int column)
{
	return *db_get_text(rows, row, column) == 't';
}

bool db_is_null(const struct db_rows *rows, int row, int column)
{
	return PQgetisnull(rows->result, row, column) == 1;
}

struct uuid db_get_uuid(const struct db_rows *rows, int row, int column)
{
	struct uuid id = {0};
	const char *text = db_get_text(rows, row, column);

	if (uuid_parse(text, strlen(text), &id) != DRIFT_OK)
		return (struct uuid){0};
	return id;
}

void db_rows_clear(struct db_rows *rows)
{
	PQclear(rows->result);
	*rows = (struct db_rows){0};
}

enum drift_err db_listen(struct db *db, const char *channel)
{
	enum drift_err err;

	if (is_alive(db) && strcmp(db->channel, channel) == 0)
		return DRIFT_OK;
	snprintf(db->channel, sizeof(db->channel), "%s", channel);
	if (is_alive(db))
		return listen_again(db);
	err = connect_if_needed(db);
	return err;
}

static bool take_notification(struct db *db)
{
	PGnotify *note = PQnotifies(db->conn);
	bool came = note != NULL;

	/* one wake-up answers all that are waiting */
	for (; note; note = PQnotifies(db->conn))
		PQfreemem(note);
	return came;
}

bool db_wait_notify(struct db *db, int other, int timeout_ms)
{
	int64_t end = clock_ms() + timeout_ms;

	for (;;) {
		int64_t left = end - clock_ms();
		struct pollfd p[2] = {{.fd = other, .events = POLLIN}};

		if (is_alive(db) && take_notification(db))
			return true;
		if (left <= 0)
			return false;
		if (!is_alive(db)) {
			clock_sleep_ms(left);
			return false;
		}
		p[1] = (struct pollfd){.fd = PQsocket(db->conn), .events = POLLIN};
		if (poll(p, 2, (int)left) <= 0)
			continue;
		if (p[1].revents && PQconsumeInput(db->conn) == 0)
			disconnect(db);
		if (p[0].revents)
			return false;
	}
}
