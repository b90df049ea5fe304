#include "intake/ingest.h"

#include "base/buf.h"
#include "base/io.h"
#include "base/log.h"
#include "catalogue/artifact.h"
#include "catalogue/growth.h"
#include "catalogue/secret.h"
#include "catalogue/store.h"
#include "catalogue/taglist.h"
#include "make/cover.h"
#include "make/sourceindex.h"
#include "wall/decoder.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* Apache calls an ETag weak while the file is younger than a second; two
   seconds back it is strong from the first answer on, as ours are. */
#define STRONG_SECONDS 2

struct ingest {
	const struct conf *conf;
	struct db *db;
	struct upload *u;
	struct decoder *decoder;
	const struct decoder_facts *facts; /* the decoder's */
	char name[sizeof("source.") + 8]; /* of the stored file */
	struct cover cover;
	int64_t mtime_us;
};

static enum drift_err set_state(struct ingest *in, const char *state)
{
	return db_call(in->db, "SELECT drift.upload_state($1, $2, $3)",
		       DB_ARGS(db_uuid(&in->u->id), db_int(in->u->writer), db_text(state)), NULL);
}

/* The decoder's reason as the person who sent the file reads it. */
static void make_sentence(char *reason, size_t max)
{
	size_t len = strlen(reason);

	if (*reason >= 'a' && *reason <= 'z')
		*reason = (char)(*reason - 'a' + 'A');
	if (len > 0 && reason[len - 1] != '.' && len + 1 < max)
		memcpy(reason + len, ".", 2);
}

static enum drift_err probe(struct ingest *in)
{
	const struct decoder_limits limits = {
		.memory_mb = in->conf->decode_memory_mb,
		.cpu_seconds_per_hour = in->conf->decode_seconds,
		.max_duration_hours = in->conf->max_duration_hours,
	};
	char reason[sizeof(in->u->error)] = "";
	enum drift_err err = decoder_new(in->conf->decode_program, &limits, in->u->fd, &in->decoder,
					 reason, sizeof(reason));

	if (err == DRIFT_EMEDIA) {
		make_sentence(reason, sizeof(reason));
		log_info("ingest: upload %s is refused: %s", in->u->id.text, reason);
		upload_fail(in->conf, in->db, in->u, reason);
	} else if (err && *reason) {
		make_sentence(reason, sizeof(reason));
		log_error("ingest: upload %s could not be read: %s", in->u->id.text, reason);
		snprintf(in->u->error, sizeof(in->u->error), "%s", reason);
	}
	if (err)
		return err;
	in->facts = decoder_get_facts(in->decoder);
	snprintf(in->name, sizeof(in->name), "source.%s", in->facts->extension);
	return DRIFT_OK;
}

/* A picture that cannot be taken is no reason to refuse the music. */
static void store_embedded_cover(struct ingest *in)
{
	const struct cover_picture picture = {
		.data = decoder_get_cover(in->decoder),
		.len = in->facts->cover_bytes,
		.stem = "cover",
		.mtime_us = in->mtime_us,
	};
	char reason[COVER_REASON_MAX] = "the store does not take it";

	if (picture.len > 0 && cover_store(in->conf, &in->u->track, in->u->version, &picture,
					   &in->cover, reason) != DRIFT_OK)
		log_info("ingest: upload %s: its picture is left out: %s", in->u->id.text, reason);
}

static enum drift_err store_cover(struct ingest *in)
{
	bool is_chosen = false;
	enum drift_err err = cover_carry(in->conf, in->db, &in->u->track, in->u->version,
					 &in->cover, &is_chosen);

	if (!err && !is_chosen)
		store_embedded_cover(in);
	return err;
}

/* What a crash left under the name may be of another inode; ours takes its place. */
static int give_name(const char *from, const char *to)
{
	if (unlink(to) < 0 && errno != ENOENT)
		return -1;
	if (link(from, to) == 0)
		return 0;
	if (errno != EPERM && errno != EOPNOTSUPP && errno != ENOSYS && errno != EMLINK)
		return -1;
	return rename(from, to);
}

static int seal(const struct ingest *in)
{
	const struct timespec times[2] = {
		{.tv_nsec = UTIME_OMIT},
		{.tv_sec = in->mtime_us / 1000000},
	};

	return futimens(in->u->fd, times) < 0 || fchmod(in->u->fd, 0444) < 0 || fsync(in->u->fd) < 0
		       ? -1
		       : 0;
}

static enum drift_err store_source(struct ingest *in)
{
	struct store_path from = store_upload(in->conf, &in->u->id);
	struct store_path to = store_file(in->conf, &in->u->track, in->u->version, in->name);
	enum drift_err err;

	if (seal(in) < 0 || give_name(from.text, to.text) < 0) {
		log_errno("ingest: store %s", to.text);
		return io_err(errno);
	}
	err = io_sync_folder_of(to.text);
	if (err)
		log_errno("ingest: sync the folder of %s", to.text);
	else
		sourceindex_keep(in->conf, &in->u->track, in->u->version, in->mtime_us,
				 in->decoder);
	return err;
}

static enum drift_err store(struct ingest *in)
{
	struct store_path folder;
	enum drift_err err;

	in->mtime_us = ((int64_t)time(NULL) - STRONG_SECONDS) * 1000000;
	err = store_make_version(in->conf, &in->u->track, in->u->version, &folder);
	if (err)
		return err;
	/* of what may have been another file */
	growth_clean(in->conf, &in->u->track, in->u->version);
	err = store_cover(in);
	return err ? err : store_source(in);
}

/* The track was removed while its file was put into its folder. */
static void drop_version(const struct ingest *in)
{
	struct store_path folder = store_track(in->conf, &in->u->track);

	if (store_remove_version(in->conf, &in->u->track, in->u->version))
		rmdir(folder.text); /* unless another version is there */
}

static struct db_arg text_or_null(const char *text)
{
	return db_text(*text ? text : NULL);
}

static enum drift_err publish(struct ingest *in)
{
	const struct decoder_facts *f = in->facts;
	struct buf tags = {0};
	enum drift_err err;

	taglist_write(&f->tags, &tags);
	if (!buf_ok(&tags)) {
		buf_clear(&tags);
		return DRIFT_ENOMEM;
	}
	err = db_call(in->db,
		      "SELECT drift.upload_publish($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11,"
		      " $12, $13, $14, $15, $16, $17::jsonb, $18, $19, $20, $21)",
		      DB_ARGS(db_uuid(&in->u->id), db_int(in->u->writer), db_text(in->name),
			      db_int(in->u->length), db_int(in->mtime_us),
			      db_text(*in->u->sha256 ? in->u->sha256 : NULL), db_text(f->mime),
			      db_text(f->container), db_text(f->codec), db_int(f->sample_rate),
			      db_int(f->channels), db_int(f->bits), db_bool(f->lossless),
			      db_int(f->samples), db_int(f->delay), db_int(f->padding),
			      db_text(buf_text(&tags)), text_or_null(in->cover.name),
			      db_text(in->cover.mime), text_or_null(f->video),
			      text_or_null(in->cover.small)),
		      NULL);
	buf_clear(&tags);
	if (err == DRIFT_ENOENT)
		drop_version(in);
	return err;
}

/* A convenience for the first listener: who asks for the track makes the link
   too when it is not there, so a fault here is logged and no more. */
static void link_public(struct ingest *in)
{
	struct db_rows rows = {0};
	struct store_token token;
	uint8_t secret[32];
	bool is_private;

	if (db_call(in->db, "SELECT private FROM drift.track_get($1)",
		    DB_ARGS(db_uuid(&in->u->track)), &rows) != DRIFT_OK)
		return;
	is_private = db_get_bool(&rows, 0, 0);
	db_rows_clear(&rows);
	if (is_private || secret_get(in->db, secret) != DRIFT_OK)
		return;
	token = store_token(secret, &in->u->track, in->u->version, 0);
	if (store_link(in->conf, &token, &in->u->track, in->u->version) != DRIFT_OK)
		return; /* logged there */
}

static void drop_first_name(const struct ingest *in)
{
	struct store_path path = store_upload(in->conf, &in->u->id);

	if (unlink(path.text) < 0 && errno != ENOENT)
		log_errno("ingest: remove %s", path.text);
}

enum drift_err ingest_run(const struct conf *conf, struct db *db, struct upload *u)
{
	struct ingest in = {.conf = conf, .db = db, .u = u};
	enum drift_err err = set_state(&in, "storing");

	if (!err)
		err = probe(&in);
	if (!err)
		err = store(&in);
	if (!err)
		err = publish(&in);
	decoder_free(in.decoder);
	if (err)
		return err;
	u->state = UPLOAD_STORED;
	drop_first_name(&in);
	link_public(&in);
	return DRIFT_OK;
}
