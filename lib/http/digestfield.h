/*
 * digestfield.h - what Content-Digest and Repr-Digest say.
 *
 * Pure. Source: RFC 9530 sections 2, 3 and 5; RFC 9651 section 4.2.2 (dictionaries).
 */
#ifndef DRIFT_HTTP_DIGESTFIELD_H
#define DRIFT_HTTP_DIGESTFIELD_H

#include "base/digest.h"
#include "base/err.h"

#include <stdbool.h>

/*
 * Finds the strongest digest of those that are not deprecated, sha-512 and sha-256. Of other
 * algorithms nothing is checked (RFC 9530 section 2).
 *
 * text   the field; NULL: not there. Borrowed for the call
 * found  whether there is one; out is written on true only
 *
 * Returns DRIFT_EINVAL for what is no dictionary of byte sequences, and for a digest of the
 * wrong length; nothing is written.
 */
enum drift_err digestfield_parse(const char *text, bool *found,
				 struct digest_value *out) MUST_CHECK;

#endif
