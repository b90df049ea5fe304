/*
 * resumable.h - requests of tus clients, answered.
 *
 * Source: tus resumable upload protocol 1.0.0; extensions as in TUS_EXTENSIONS. Every
 * function answers its request; a piece goes through intake.h.
 */
#ifndef DRIFT_CATALOGUE_RESUMABLE_H
#define DRIFT_CATALOGUE_RESUMABLE_H

#include "base/uuid.h"
#include "catalogue/intake.h"

/* What pages of other sites need (Fetch standard, CORS protocol); methods: of the place
   that is asked for, "PUT, PATCH". Nothing for requests that come from no page. */
void resumable_set_cors(const struct intake *in, const char *methods);

/* Tus-Version and the like; no key is needed. */
void resumable_options(const struct intake *in);

/* Upload-Length or Upload-Defer-Length, Upload-Metadata; with a body the first piece
   of the file. "track" in the metadata replaces that track's audio. none: NULL. */
void resumable_create(const struct intake *in, const struct uuid *none);

void resumable_head(const struct intake *in, const struct uuid *id);
void resumable_patch(const struct intake *in, const struct uuid *id);
void resumable_delete(const struct intake *in, const struct uuid *id);

#endif
