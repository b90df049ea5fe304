#include "catalogue/store.h"

#include "base/digest.h"
#include "base/io.h"
#include "base/log.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FOLDER_MODE 0755 /* on a shared host the web server is another user */

struct store_path store_track(const struct conf *conf, const struct uuid *track)
{
	struct store_path p;

	snprintf(p.text, sizeof(p.text), "%s/%.2s/%s", conf->store, track->text, track->text);
	return p;
}

struct store_path store_version(const struct conf *conf, const struct uuid *track, int version)
{
	struct store_path p;

	snprintf(p.text, sizeof(p.text), "%s/%.2s/%s/v%d", conf->store, track->text, track->text,
		 version);
	return p;
}

struct store_path store_file(const struct conf *conf, const struct uuid *track, int version,
			     const char *name)
{
	struct store_path p;

	snprintf(p.text, sizeof(p.text), "%s/%.2s/%s/v%d/%s", conf->store, track->text, track->text,
		 version, name);
	return p;
}

struct store_path store_upload(const struct conf *conf, const struct uuid *upload)
{
	struct store_path p;

	snprintf(p.text, sizeof(p.text), "%s/upload/%s", conf->store, upload->text);
	return p;
}

/* Makes one folder unless it is there; its name survives a crash, and its mode
   is the same under every umask. */
static enum drift_err make_folder(const char *path)
{
	enum drift_err err;

	if (mkdir(path, FOLDER_MODE) < 0) {
		if (errno == EEXIST)
			return DRIFT_OK;
		log_errno("store: make %s", path);
		return io_err(errno);
	}
	if (chmod(path, FOLDER_MODE) < 0) {
		log_errno("store: make %s", path);
		return io_err(errno);
	}
	err = io_sync_folder_of(path);
	if (err)
		log_errno("store: sync the folder of %s", path);
	return err;
}

/* Makes every folder of path below the first `from` bytes. */
static enum drift_err make_folders_below(const struct store_path *path, size_t from)
{
	struct store_path part = *path;
	enum drift_err err;

	for (size_t i = from; part.text[i]; i++) {
		if (part.text[i] != '/')
			continue;
		part.text[i] = '\0';
		err = make_folder(part.text);
		if (err)
			return err;
		part.text[i] = '/';
	}
	return make_folder(part.text);
}

enum drift_err store_make_version(const struct conf *conf, const struct uuid *track, int version,
				  struct store_path *out)
{
	struct store_path path = store_version(conf, track, version);
	enum drift_err err = make_folders_below(&path, strlen(conf->store) + 1);

	if (!err)
		*out = path;
	return err;
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	if (remove(path) < 0 && errno != ENOENT)
		log_errno("store: remove %s", path);
	return 0;
}

bool store_remove_version(const struct conf *conf, const struct uuid *track, int version)
{
	struct store_path path = store_version(conf, track, version);

	return nftw(path.text, remove_entry, 16, FTW_DEPTH | FTW_PHYS) == 0 &&
	       access(path.text, F_OK) < 0;
}

enum drift_err store_make_upload_folder(const struct conf *conf)
{
	struct store_path path;

	snprintf(path.text, sizeof(path.text), "%s/upload", conf->store);
	return make_folder(path.text);
}

struct store_token store_token(const uint8_t secret[32], const struct uuid *track, int version,
			       int64_t epoch)
{
	struct store_token token;
	uint8_t mac[32];
	char text[96];

	snprintf(text, sizeof(text), "%s/%d/%lld", track->text, version, (long long)epoch);
	digest_hmac(secret, text, mac);
	digest_hex(mac, STORE_TOKEN_LEN / 2, token.text);
	if (epoch != 0)
		token.text[0] = STORE_TOKEN_PRIVATE;
	return token;
}

int64_t store_epoch(const struct conf *conf, bool is_private, int64_t now_seconds)
{
	return is_private ? now_seconds / (conf->private_hours * 3600) : 0;
}

/* The way from the folder `from` to the folder `to`, both absolute and
   without links; `to` itself when they have not even a first folder in common. */
static bool relative(const char *from, const char *to, struct store_path *out)
{
	size_t common = 0, len = 0;
	int n;

	for (size_t i = 0;; i++) {
		bool from_ends = from[i] == '/' || !from[i];
		bool to_ends = to[i] == '/' || !to[i];

		if (from_ends && to_ends)
			common = i;
		if (from[i] != to[i] || !from[i])
			break;
	}
	if (common == 0) {
		n = snprintf(out->text, sizeof(out->text), "%s", to);
		return n > 0 && (size_t)n < sizeof(out->text);
	}
	for (const char *p = from + common; *p; p++) {
		if (*p != '/')
			continue;
		if (len + 4 > sizeof(out->text))
			return false;
		memcpy(out->text + len, "../", 4);
		len += 3;
	}
	n = snprintf(out->text + len, sizeof(out->text) - len, "%s",
		     to[common] ? to + common + 1 : ".");
	return n > 0 && len + (size_t)n < sizeof(out->text);
}

/* What the link has to hold. Never blamed on a user: both folders are ours. */
static bool link_target(const struct conf *conf, const struct uuid *track, int version,
			struct store_path *out)
{
	struct store_path folder = store_version(conf, track, version);
	char from[PATH_MAX], to[PATH_MAX];

	return realpath(conf->media, from) && realpath(folder.text, to) && relative(from, to, out);
}

static bool link_is(const char *path, const char *target)
{
	char now[PATH_MAX];
	ssize_t len = readlink(path, now, sizeof(now));

	return len == (ssize_t)strlen(target) && memcmp(now, target, (size_t)len) == 0;
}

/* A link that points elsewhere is from before the store was moved: another
   takes its place, so that no reader ever misses it. */
static int replace_link(const char *target, const char *path)
{
	struct store_path beside;
	int n = snprintf(beside.text, sizeof(beside.text), "%s.%ld", path, (long)getpid());

	if (n < 0 || (size_t)n >= sizeof(beside.text)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	if (symlink(target, beside.text) < 0)
		return -1;
	return rename(beside.text, path);
}

static struct store_path link_path(const struct conf *conf, const struct store_token *token)
{
	struct store_path path;

	snprintf(path.text, sizeof(path.text), "%s/%s", conf->media, token->text);
	return path;
}

enum drift_err store_link(const struct conf *conf, const struct store_token *token,
			  const struct uuid *track, int version)
{
	struct store_path path = link_path(conf, token), target;

	if (!link_target(conf, track, version, &target)) {
		log_errno("store: link %s", path.text);
		return DRIFT_EIO;
	}
	if (link_is(path.text, target.text) || symlink(target.text, path.text) == 0)
		return DRIFT_OK;
	if (errno == EEXIST &&
	    (link_is(path.text, target.text) || replace_link(target.text, path.text) == 0))
		return DRIFT_OK;
	log_errno("store: link %s", path.text);
	return io_err(errno);
}

void store_unlink(const struct conf *conf, const struct store_token *token)
{
	struct store_path path = link_path(conf, token);

	if (unlink(path.text) < 0 && errno != ENOENT)
		log_errno("store: remove %s", path.text);
}

struct store_etag store_etag(int64_t bytes, int64_t mtime_us)
{
	struct store_etag etag;

	snprintf(etag.text, sizeof(etag.text), "\"%llx-%llx\"", (unsigned long long)bytes,
		 (unsigned long long)mtime_us);
	return etag;
}
