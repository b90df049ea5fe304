/*
 * service.h - what each program of the web server stands on: its configuration, the server
 * and the catalogue.
 */
#ifndef DRIFT_CATALOGUE_SERVICE_H
#define DRIFT_CATALOGUE_SERVICE_H

#include "base/conf.h"
#include "catalogue/db.h"
#include "http/http.h"

#include <stdbool.h>

struct service {
	struct conf conf;
	struct http *h;
	struct db *db;
};

/*
 * program  its name, in the log and to the database; static storage
 * out      the caller's to service_close(), and not to be moved until then
 *
 * False: it cannot work (logged).
 */
bool service_open(const char *program, struct service *out) MUST_CHECK;
void service_close(struct service *s);

#endif
