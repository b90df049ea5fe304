/*
 * date.h - dates of header fields.
 *
 * Pure: no clock. Source: RFC 9110 section 5.6.7.
 */
#ifndef DRIFT_HTTP_DATE_H
#define DRIFT_HTTP_DATE_H

#include "base/err.h"

#include <stdint.h>

struct date_text {
	char text[64]; /* "Sun, 06 Nov 1994 08:49:37 GMT" */
};

/* seconds  since 1970, UTC; years 1970 to 9999 */
struct date_text date_write(int64_t seconds);

/*
 * Reads the present form and the two obsolete ones (RFC 850: years 69 to 99 are of the
 * last century; asctime).
 *
 * text  borrowed for the call; NULL is no date
 * out   seconds since 1970, written on DRIFT_OK only
 *
 * Returns DRIFT_EFORMAT for all else.
 */
enum drift_err date_parse(const char *text, int64_t *out) MUST_CHECK;

#endif
