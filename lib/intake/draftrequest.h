/*
 * draftrequest.h - requests of clients of "Resumable Uploads for HTTP", answered.
 *
 * Source: draft-ietf-httpbis-resumable-upload-12, interop versions 5 to 8, but for what a
 * CGI program cannot do (104, "Upload Resumption Supported"). Beyond it: bytes may come
 * from any Upload-Offset on, in any order, by several requests at once, and again; the
 * Upload-Offset of an answer says what is there from 0 on without a gap. Digests as RFC 9530
 * has them; of HEAD, GET and DELETE fields that mean bytes are refused, as up to draft 05.
 *
 * Every function answers its request; a piece goes through intake.h.
 */
#ifndef DRIFT_INTAKE_DRAFTREQUEST_H
#define DRIFT_INTAKE_DRAFTREQUEST_H

#include "base/uuid.h"
#include "intake/intake.h"

#include <stdbool.h>

/* Is it a request of such a client? One of tus says Tus-Resumable, or has another field of its
   own and none of the draft's; HEAD and DELETE need not have any. */
bool draftrequest_is_spoken(const struct intake *in);

/* Upload-Complete, Upload-Length; the body is the file's beginning. Of the query: name is
   the file's, track is one whose audio is replaced. track: the same where the path says so, else
   NULL. */
void draftrequest_create(const struct intake *in, const struct uuid *track);

/* Of HEAD and GET. */
void draftrequest_head(const struct intake *in, const struct uuid *id);
void draftrequest_patch(const struct intake *in, const struct uuid *id);
void draftrequest_delete(const struct intake *in, const struct uuid *id);

#endif
