#include "intake/inspect.h"

#include "base/buf.h"
#include "base/io.h"
#include "base/log.h"
#include "catalogue/taglist.h"
#include "wall/decoder.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <unistd.h>

/* What is there of an upload, bytes [0, head) and [tail, size). */
struct excerpt {
	int64_t head;
	int64_t tail; /* size where its end is not there */
	int64_t size;
	int fd; /* owned; -1: none */
};

static enum drift_err find_tail(struct db *db, const struct upload *u, int64_t *tail)
{
	struct db_rows rows = {0};
	enum drift_err err =
		db_call(db, "SELECT drift.upload_tail($1)", DB_ARGS(db_uuid(&u->id)), &rows);

	if (err)
		return err;
	if (rows.count == 1 && !db_is_null(&rows, 0, 0))
		*tail = db_get_int(&rows, 0, 0);
	db_rows_clear(&rows);
	return DRIFT_OK;
}

static enum drift_err measure(struct db *db, const struct upload *u, struct excerpt *e)
{
	int64_t tail = -1;
	enum drift_err err = find_tail(db, u, &tail);

	e->head = u->received < INSPECT_HEAD_MAX ? u->received : INSPECT_HEAD_MAX;
	e->size = e->tail = e->head;
	if (err || tail < e->head)
		return err;
	e->size = u->length;
	e->tail = u->length - tail < INSPECT_TAIL_MAX ? tail : u->length - INSPECT_TAIL_MAX;
	return DRIFT_OK;
}

static enum drift_err copy(int from, int to, int64_t at, int64_t end)
{
	if (lseek(to, at, SEEK_SET) < 0)
		return DRIFT_EIO;
	while (at < end) {
		ssize_t sent = sendfile(to, from, &at, (size_t)(end - at));

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent <= 0)
			return DRIFT_EIO;
	}
	return DRIFT_OK;
}

static enum drift_err fill(const struct upload *u, struct excerpt *e)
{
	enum drift_err err;

	e->fd = memfd_create("inspect", MFD_CLOEXEC);
	if (e->fd < 0 || ftruncate(e->fd, e->size) < 0) {
		log_errno("inspect: %s", u->id.text);
		return DRIFT_EIO;
	}
	err = copy(u->fd, e->fd, 0, e->head);
	if (!err)
		err = copy(u->fd, e->fd, e->tail, e->size);
	if (err)
		log_errno("inspect: read %s", u->id.text);
	return err;
}

/* What a FLAC's head says of its length, samples; 0 when it does not, or is none (RFC 9639
   section 8.2). */
static int64_t read_streaminfo(const struct excerpt *e)
{
	uint8_t head[26];
	int64_t samples;

	if (io_pread_all(e->fd, head, sizeof(head), 0) != DRIFT_OK ||
	    memcmp(head, "fLaC", 4) != 0 || (head[4] & 0x7f) != 0)
		return 0;
	samples = head[21] & 0x0f;
	for (int i = 22; i < 26; i++)
		samples = samples << 8 | head[i];
	return samples;
}

/* As many as the whole will have if it goes on like its head: exact for PCM with nothing
   behind it, and where an index at the end told. */
static int64_t guess_samples(const struct upload *u, const struct excerpt *e,
			     const struct decoder_facts *f)
{
	int64_t stated = read_streaminfo(e);
	int frame = f->channels * f->bits / 8;

	if (stated > 0)
		return stated;
	if (strcmp(f->codec, "pcm") == 0 && frame > 0)
		return f->samples + (u->length - e->size + frame - 1) / frame;
	return (int64_t)((double)f->samples * (double)u->length / (double)e->size);
}

static void tell(struct db *db, const struct upload *u, const struct excerpt *e,
		 const struct decoder_facts *f)
{
	struct buf tags = {0};
	struct db_arg samples = db_text(NULL);

	if (u->length != UPLOAD_LENGTH_UNKNOWN)
		samples = db_int(guess_samples(u, e, f));
	taglist_write(&f->tags, &tags);
	if (!buf_ok(&tags) ||
	    db_call(db,
		    "SELECT drift.upload_probed($1, $2, $3, $4, $5, $6, $7, $8, $9, $10::jsonb)",
		    DB_ARGS(db_uuid(&u->id), db_text(f->mime), db_text(f->container),
			    db_text(f->codec), db_int(f->sample_rate), db_int(f->channels),
			    db_int(f->bits), db_bool(f->lossless), samples,
			    db_text(buf_text(&tags))),
		    NULL) != DRIFT_OK)
		log_error("inspect: what %s is could not be kept", u->id.text);
	buf_clear(&tags);
}

static void probe(const struct conf *conf, struct db *db, const struct upload *u,
		  const struct excerpt *e)
{
	const struct decoder_limits limits = {
		.memory_mb = conf->decode_memory_mb,
		.cpu_seconds_per_hour = conf->decode_seconds,
		.max_duration_hours = conf->max_duration_hours,
	};
	struct decoder *decoder;
	char reason[256];

	if (decoder_new(conf->decode_program, &limits, e->fd, &decoder, reason, sizeof(reason)) !=
	    DRIFT_OK)
		return;
	tell(db, u, e, decoder_get_facts(decoder));
	decoder_free(decoder);
}

void inspect_run(const struct conf *conf, struct db *db, const struct upload *u)
{
	struct excerpt e = {.fd = -1};

	if (measure(db, u, &e) == DRIFT_OK && fill(u, &e) == DRIFT_OK)
		probe(conf, db, u, &e);
	if (e.fd >= 0)
		close(e.fd);
}
