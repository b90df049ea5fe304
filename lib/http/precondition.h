/*
 * precondition.h - is the client's copy still the right one?
 *
 * Pure: no request, no clock. For GET and HEAD.
 * Source: RFC 9110 sections 8.8.3 (entity tags), 13.1 and 13.2.2 (order).
 */
#ifndef DRIFT_HTTP_PRECONDITION_H
#define DRIFT_HTTP_PRECONDITION_H

#include <stdbool.h>
#include <stdint.h>

/* Header fields of a request, borrowed; NULL: not there. */
struct precondition {
	const char *if_match;
	const char *if_none_match;
	const char *if_modified_since;
	const char *if_unmodified_since;
	const char *if_range;
};

/* What the answer would carry. */
struct validators {
	const char *etag; /* strong, quotes included; borrowed */
	int64_t modified; /* seconds since 1970; -1: not known */
};

enum precondition_answer {
	PRECONDITION_SEND,
	PRECONDITION_NOT_MODIFIED, /* 304 */
	PRECONDITION_FAILED, /* 412 */
};

/* A list of tags that breaks off is read up to there; what is no date is not there. */
enum precondition_answer precondition_check(const struct precondition *p,
					    const struct validators *v);

/* May a Range be answered? False: If-Range means another copy, so all is sent. */
bool precondition_allows_range(const struct precondition *p, const struct validators *v);

#endif
