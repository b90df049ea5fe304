/*
 * problem.h - what went wrong, as a client reads it.
 *
 * Pure. The one table of what each error is in HTTP. Source: RFC 9457; RFC 9110 section 15.
 */
#ifndef DRIFT_HTTP_PROBLEM_H
#define DRIFT_HTTP_PROBLEM_H

#include "base/buf.h"
#include "base/err.h"

/* All texts are borrowed. */
struct problem {
	const char *type; /* a URI; "about:blank": the status says all */
	const char *title; /* of the type */
	int status;
	const char *members; /* of the type's own: ", \"name\": 1", as JSON; "" for none */
};

/* An error without a type of its own. */
struct problem problem_of(enum drift_err err);

/* The words behind a status of any kind; static storage. */
const char *problem_title(int status);

/* As application/problem+json. detail: one plain sentence. */
void problem_write(const struct problem *p, const char *detail, struct buf *out);

#endif
