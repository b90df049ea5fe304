/*
 * service.h - what each program of the web server stands on: its configuration, the server
 * and the catalogue.
 */
#ifndef DRIFT_REQUEST_SERVICE_H
#define DRIFT_REQUEST_SERVICE_H

#include "base/conf.h"
#include "base/err.h"
#include "catalogue/db.h"
#include "http/http.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct service {
	const char *program;
	pid_t pid; /* whose the connection is */
	struct conf conf;
	struct http *h;
	struct db *db;
	uint8_t secret[32]; /* the catalogue's, once service_find_secret() has read it */
	bool has_secret;
};

typedef void service_answer_fn(struct service *s);

/*
 * Has every request answered until the server sends no more.
 *
 * program  its name, in the log and to the database; static storage
 * answer   leaves the request answered, whatever came of it
 *
 * Returns the program's exit code: EXIT_FAILURE when it cannot work (logged).
 */
int service_run(const char *program, service_answer_fn *answer) MUST_CHECK;

/*
 * Has a new process, with a connection of its own, go on with the request, as http_split()
 * does. On false there is nothing more to do for it here.
 */
bool service_split(struct service *s) MUST_CHECK;

/* Fills s->secret, once in a program's life. Errors: of secret_get(). */
enum drift_err service_find_secret(struct service *s) MUST_CHECK;

#endif
