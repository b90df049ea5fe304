/*
 * tus.h - what the header fields of tus say.
 *
 * Pure: no request, no clock, no files.
 * Source: tus resumable upload protocol 1.0.0 with creation, creation-defer-length,
 * creation-with-upload, expiration, checksum, termination and concatenation.
 */
#ifndef DRIFT_HTTP_TUS_H
#define DRIFT_HTTP_TUS_H

#include "base/buf.h"
#include "base/digest.h"
#include "base/err.h"
#include "base/uuid.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TUS_VERSION "1.0.0"
#define TUS_EXTENSIONS                                                                             \
	"creation,creation-with-upload,creation-defer-length,expiration,checksum,termination,"     \
	"concatenation"
#define TUS_CHECKSUMS "sha1,sha256,md5"
#define TUS_CONTENT_TYPE "application/offset+octet-stream"
#define TUS_NAME_MAX 1024 /* bytes of a file's name */
#define TUS_PAIRS_MAX 32 /* pairs of Upload-Metadata */
#define TUS_PARTS_MAX 128 /* partial uploads of a final one */

/* Upload-Length, Upload-Offset: digits only, at most INT64_MAX. DRIFT_EINVAL
   for all else and for NULL. */
enum drift_err tus_parse_number(const char *text, int64_t *out) MUST_CHECK;

/* Upload-Checksum: "sha1 <base64>". DRIFT_EINVAL for an algorithm that TUS_CHECKSUMS does not name,
   for bad base64 and for a digest of another length. */
enum drift_err tus_parse_checksum(const char *text, struct digest_value *out) MUST_CHECK;

/* Upload-Concat: "partial", or "final;/files/a /files/b". */
struct tus_concat {
	bool is_final;
	struct uuid part[TUS_PARTS_MAX]; /* of a final upload: what its URLs end in */
	size_t parts;
};
/* DRIFT_EINVAL for any other word, and for a final upload of no part, of more than
   TUS_PARTS_MAX, or of a URL that ends in no id. */
enum drift_err tus_parse_concat(const char *text, struct tus_concat *out) MUST_CHECK;

/*
 * Upload-Metadata: "filename <base64>,track <base64>,flag".
 *
 * All-zero is valid and empty. What a client says of the type is kept and
 * believed nowhere: content decides.
 */
struct tus_metadata {
	char name[TUS_NAME_MAX + 1]; /* of "filename", else of "name"; "" for none */
	char track[TUS_NAME_MAX + 1]; /* of "track": whose audio is replaced; "" for none */
	struct buf json; /* an object of all pairs, and of the whole field under
			    its own name, Upload-Metadata, for HEAD; the caller's
			    to buf_clear() */
};

/*
 * text  borrowed for the call; NULL and "" have no pairs
 * out   all-zero before; written on DRIFT_OK only
 *
 * Returns
 *   DRIFT_EINVAL  a key that is empty, twice there or has other characters than
 *                 visible ASCII, bad base64, NUL in a value, more than
 *                 TUS_PAIRS_MAX pairs, a name or track over TUS_NAME_MAX bytes
 *   DRIFT_ENOMEM
 */
enum drift_err tus_parse_metadata(const char *text, struct tus_metadata *out) MUST_CHECK;

#endif
