/*
 * formpage.h - what came of a form with files, as a page for a browser without script.
 *
 * Pure but for reading the request.
 */
#ifndef DRIFT_INTAKE_FORMPAGE_H
#define DRIFT_INTAKE_FORMPAGE_H

#include "base/buf.h"
#include "base/uuid.h"
#include "http/http.h"

#include <stdbool.h>

/* Would the client rather have a page than JSON? Browsers say so, programs do not. */
bool formpage_is_wanted(const struct http *h);

/* One file each, added to the list that is the middle of the page. */
void formpage_add_stored(struct buf *list, const struct http *h, const char *name,
			 const struct uuid *track);
void formpage_add_refused(struct buf *list, const char *name, const char *sentence);

/* The whole page around the list. */
void formpage_write(const struct http *h, const struct buf *list, struct buf *out);

/* The whole page where nothing was taken: as http_fail_on_page() has it. */
void formpage_write_failure(const struct http *h, const struct problem *p, const char *detail,
			    struct buf *out);

#endif
