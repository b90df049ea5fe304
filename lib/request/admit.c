#include "request/admit.h"

#include "base/digest.h"

#include <string.h>
#include <strings.h>

#define HASH_BYTES 32

static const char *find_key(const struct http *h)
{
	const char *header = http_header(h, "X-Api-Key");

	if (header && *header)
		return header;
	header = http_header(h, "Authorization");
	if (!header || strncasecmp(header, "Bearer ", 7) != 0)
		return NULL;
	header += 7;
	header += strspn(header, " ");
	return *header ? header : NULL;
}

/* The catalogue knows the key's SHA-256 only. */
static enum drift_err hash_key(const char *key, char hex[2 * HASH_BYTES + 1])
{
	uint8_t hash[DIGEST_MAX];
	struct digest d;
	enum drift_err err = digest_init(&d, DIGEST_SHA256);

	if (err)
		return err;
	digest_add(&d, key, strlen(key));
	digest_finish(&d, hash);
	digest_clear(&d);
	digest_hex(hash, HASH_BYTES, hex);
	return DRIFT_OK;
}

static void refuse_key(struct http *h, enum drift_err err)
{
	if (err == DRIFT_EAUTH)
		http_fail(h, err, "This key is not known.");
	else if (err == DRIFT_EFORBIDDEN)
		http_fail(h, err, "This key may not do that.");
	else if (err == DRIFT_EDB)
		http_fail(h, err, "The catalogue is away; try again in a moment.");
	else
		http_fail(h, err, "The key could not be checked.");
}

bool key_is_sent(const struct http *h)
{
	return find_key(h) != NULL;
}

bool admit_key(struct http *h, struct db *db, const char *scope, int64_t *key)
{
	return admit_key_text(h, db, find_key(h), scope, key);
}

bool admit_key_text(struct http *h, struct db *db, const char *text, const char *scope,
		    int64_t *key)
{
	char hex[2 * HASH_BYTES + 1];
	struct db_rows rows = {0};
	enum drift_err err;

	if (!text) {
		http_fail(h, DRIFT_EAUTH, "This needs an API key: Authorization: Bearer KEY.");
		return false;
	}
	err = hash_key(text, hex);
	if (!err)
		err = db_call(db, "SELECT drift.key_check($1, $2)",
			      DB_ARGS(db_text(hex), db_text(scope)), &rows);
	if (err) {
		refuse_key(h, err);
		return false;
	}
	*key = db_get_int(&rows, 0, 0);
	db_rows_clear(&rows);
	return true;
}

static void refuse_track(struct http *h, enum drift_err err)
{
	if (err == DRIFT_ENOENT || err == DRIFT_EFORMAT)
		http_fail(h, DRIFT_ENOENT, "There is no such track.");
	else if (err == DRIFT_EDB)
		http_fail(h, err, "The catalogue is away; try again in a moment.");
	else
		http_fail(h, err, "The track could not be looked up.");
}

static enum drift_err find_track(const struct http *h, struct db *db, struct track *out)
{
	const char *text = http_segment(h, 0);
	struct uuid id;
	enum drift_err err = text ? uuid_parse(text, strlen(text), &id) : DRIFT_ENOENT;

	return err ? err : track_get(db, &id, out);
}

bool admit_track(struct http *h, struct db *db, struct track *out)
{
	struct track track;
	enum drift_err err = find_track(h, db, &track);
	int64_t key;

	if (err) {
		refuse_track(h, err);
		return false;
	}
	if (track.is_private && !admit_key(h, db, "listen", &key))
		return false;
	*out = track;
	return true;
}
