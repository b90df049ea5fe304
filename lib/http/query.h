/*
 * query.h - the name=value pairs of a query string or a form.
 *
 * Pure. Source: WHATWG URL section 5.1 (application/x-www-form-urlencoded).
 */
#ifndef DRIFT_HTTP_QUERY_H
#define DRIFT_HTTP_QUERY_H

#include "base/err.h"

#include <stdbool.h>

#define QUERY_PAIRS_MAX 32 /* later ones are not looked at */

struct query_pair {
	const char *name;
	const char *value; /* NULL: it had a NUL or bad %XX in it */
};

/* All-zero is valid and empty. */
struct query {
	struct query_pair pair[QUERY_PAIRS_MAX];
	int count;
	bool bad; /* some name or value was not well-formed */
	char *text; /* owned; the pairs point into it */
};

/*
 * text  copied; NULL is an empty one
 * out   the caller's to query_clear(), written on DRIFT_OK only
 *
 * Returns DRIFT_ENOMEM.
 */
enum drift_err query_parse(const char *text, struct query *out) MUST_CHECK;
void query_clear(struct query *q);

/* The first one of that name; NULL when absent or ill-formed. Borrowed. */
const char *query_get(const struct query *q, const char *name);

#endif
