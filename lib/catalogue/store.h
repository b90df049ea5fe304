/*
 * store.h - where the files are (doc/operation.md).
 *
 *     <store>/<xx>/<id>/v<version>/source.<ext> …   whole files, read-only
 *     <store>/upload/<upload>                       arriving
 *     <media>/<token>                               link to one version folder
 *
 * Names come from ids and the catalogue, never from a user.
 */
#ifndef DRIFT_CATALOGUE_STORE_H
#define DRIFT_CATALOGUE_STORE_H

#include "base/conf.h"
#include "base/err.h"
#include "base/uuid.h"

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#define STORE_TOKEN_LEN 32 /* characters, NUL not counted */
#define STORE_TOKEN_PRIVATE 'p'

struct store_path {
	char text[PATH_MAX];
};

struct store_path store_track(const struct conf *conf, const struct uuid *track);
/* Folder of one track version; made (0755, with parents) by make. */
struct store_path store_version(const struct conf *conf, const struct uuid *track, int version);
enum drift_err store_make_version(const struct conf *conf, const struct uuid *track, int version,
				  struct store_path *out) MUST_CHECK;
/* Removes it with all that is in it. False when something is left (logged). */
bool store_remove_version(const struct conf *conf, const struct uuid *track, int version);
/* A file in it; name is one of ours ("source.wav", "opus-320.opus"). */
struct store_path store_file(const struct conf *conf, const struct uuid *track, int version,
			     const char *name);
struct store_path store_upload(const struct conf *conf, const struct uuid *upload);
/* The folder of arriving uploads, made if it is not there. */
enum drift_err store_make_upload_folder(const struct conf *conf) MUST_CHECK;

/*
 * The capability under which the web server serves a version folder:
 * hexadecimal HMAC-SHA256(secret, "track/version/epoch"), cut to 32
 * characters. epoch is 0 for public tracks and the number of the present
 * private_hours-long span since 1970 for private ones, whose first character is
 * STORE_TOKEN_PRIVATE: by it the web server knows what no proxy may keep.
 */
struct store_token {
	char text[STORE_TOKEN_LEN + 1];
};
struct store_token store_token(const uint8_t secret[32], const struct uuid *track, int version,
			       int64_t epoch);
int64_t store_epoch(const struct conf *conf, bool is_private, int64_t now_seconds);

/* Makes <media>/<token> if it is not there (a relative link where it can be). */
enum drift_err store_link(const struct conf *conf, const struct store_token *token,
			  const struct uuid *track, int version) MUST_CHECK;
/* Takes it away; it is no fault when it is not there. */
void store_unlink(const struct conf *conf, const struct store_token *token);

/*
 * The strong ETag of a whole file, quotes included, as Apache's default
 * FileETag writes it ("size-mtime" in hexadecimal, mtime in microseconds), so
 * that every server and the programs agree and so that an artifact's ETag is known
 * before it exists: publication sets the mtime with utimensat.
 */
struct store_etag {
	char text[48];
};
struct store_etag store_etag(int64_t bytes, int64_t mtime_us);

#endif
