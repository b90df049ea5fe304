/*
 * tusrequest.h - requests of tus clients, answered.
 *
 * Source: tus resumable upload protocol 1.0.0; extensions as in TUS_EXTENSIONS. Every
 * function answers its request; a piece goes through intake.h.
 */
#ifndef DRIFT_INTAKE_TUSREQUEST_H
#define DRIFT_INTAKE_TUSREQUEST_H

#include "base/uuid.h"
#include "intake/intake.h"

/* What pages of other sites need (Fetch standard, CORS protocol); methods: of the place
   that is asked for, "PUT, PATCH". Nothing for requests that come from no page. */
void tusrequest_set_cors(const struct intake *in, const char *methods);

/* Tus-Version and the like; no key is needed. */
void tusrequest_options(const struct intake *in);

/* Upload-Length or Upload-Defer-Length, Upload-Metadata; with a body the first piece
   of the file. "track" in the metadata replaces that track's audio. none: NULL. */
void tusrequest_create(const struct intake *in, const struct uuid *none);

void tusrequest_head(const struct intake *in, const struct uuid *id);
void tusrequest_patch(const struct intake *in, const struct uuid *id);
void tusrequest_delete(const struct intake *in, const struct uuid *id);

#endif
