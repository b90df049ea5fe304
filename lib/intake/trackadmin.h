/*
 * trackadmin.h - requests that change a track or ask how far it is, answered.
 *
 * The JSON is PostgreSQL's, sent as it is; so are the bodies, the other way round.
 */
#ifndef DRIFT_INTAKE_TRACKADMIN_H
#define DRIFT_INTAKE_TRACKADMIN_H

#include "base/uuid.h"
#include "catalogue/db.h"
#include "intake/intake.h"

#include <stddef.h>

/* Answers with the JSON that one SQL function gives, or with what it refuses. sql: a
   literal, as db_call() has it. */
void trackadmin_send(const struct intake *in, int status, const char *sql,
		     const struct db_arg *args, size_t count);

/* JSON merge patch (RFC 7396) of title, artist, album, private. */
void trackadmin_patch(const struct intake *in, const struct uuid *track);

void trackadmin_delete(const struct intake *in, const struct uuid *track);

/* How far upload and jobs are, with an ETag: what has not changed costs a 304. */
void trackadmin_status(const struct intake *in, const struct uuid *track);

/* Queues the jobs of ?kind=, of all kinds without: of one track, or (needs no id) what
   any track lacks. */
void trackadmin_regenerate(const struct intake *in, const struct uuid *track);
void trackadmin_backfill(const struct intake *in, const struct uuid *none);

/* ?q=: the newest tracks, private ones too; needs no id. */
void trackadmin_list(const struct intake *in, const struct uuid *none);

/* Jobs that run, wait and have failed; needs no id. */
void trackadmin_queue(const struct intake *in, const struct uuid *none);

#endif
