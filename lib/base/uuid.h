/*
 * uuid.h - the one form in which ids travel (RFC 9562 section 4).
 *
 * Pure. Ids are minted by PostgreSQL; here they are only checked and copied.
 */
#ifndef DRIFT_BASE_UUID_H
#define DRIFT_BASE_UUID_H

#include "base/err.h"

#include <stddef.h>

struct uuid {
	char text[37]; /* 8-4-4-4-12 lower-case hexadecimal digits and NUL */
};

/*
 * Reads exactly 36 characters; upper case is taken and folded. Nothing may
 * follow within len.
 *
 * Returns DRIFT_EFORMAT for anything else.
 */
enum drift_err uuid_parse(const char *text, size_t len, struct uuid *out) MUST_CHECK;

#endif
