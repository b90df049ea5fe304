/*
 * disposition.h - what Content-Disposition says: a part's name in a form, a file's name.
 *
 * Pure. Source: RFC 6266 section 4, RFC 7578 section 4.2, RFC 8187 (filename*).
 */
#ifndef DRIFT_HTTP_DISPOSITION_H
#define DRIFT_HTTP_DISPOSITION_H

#include "base/err.h"

#include <stdbool.h>

#define DISPOSITION_TYPE_MAX 31 /* bytes */
#define DISPOSITION_NAME_MAX 63
#define DISPOSITION_FILENAME_MAX 1024

/* All-zero is valid and empty. */
struct disposition {
	char type[DISPOSITION_TYPE_MAX + 1]; /* lower case: "form-data", "inline" */
	char name[DISPOSITION_NAME_MAX + 1]; /* "" for none */
	bool is_file; /* it has a filename, which may be "" */
	char filename[DISPOSITION_FILENAME_MAX + 1]; /* with a path, where a client sends one */
};

/*
 * A backslash escapes quotes and backslashes only, since clients send paths of Windows.
 * filename* counts where it is UTF-8.
 *
 * Returns DRIFT_EINVAL for what is not well-formed, has a NUL in a decoded name, or is longer
 * than the above; nothing is written.
 */
enum drift_err disposition_parse(const char *text, struct disposition *out) MUST_CHECK;

#endif
