#include "serve/losslesschunk.h"

#include "base/filelock.h"
#include "base/log.h"
#include "base/turnstile.h"
#include "catalogue/artifact.h"
#include "catalogue/sound.h"
#include "catalogue/store.h"
#include "format/seekidx.h"
#include "make/chunkfile.h"
#include "make/remuxfiles.h"
#include "make/sourceindex.h"
#include "mp4/mp4cut.h"
#include "mp4/mp4piece.h"

#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#define MIME "audio/mp4"
#define FINGERPRINT 1 /* counts up when the same source gives other bytes */
#define WAIT_MS 100 /* between two looks at the listener */
#define PATIENCE 30 /* of those, until a listener is told to come back */

static bool is_sound(const struct seekidx *index)
{
	static const char *const codecs[] = {"fLaC", "mp4a", "mp3 ", "Opus"};

	for (size_t i = 0; i < sizeof(codecs) / sizeof(codecs[0]); i++)
		if (strcmp(index->codec, codecs[i]) == 0)
			return true;
	return false;
}

static enum drift_err cut(int fd, const struct seekidx *index, int64_t number, struct buf *out)
{
	const struct pieces pieces = {
		.rate = (int32_t)index->timescale,
		.delay = index->pre_skip,
		.samples = (int64_t)index->samples,
		.block = 1,
	};

	if (!is_sound(index))
		return DRIFT_ENOENT;
	if (number >= pieces_count(&pieces))
		return DRIFT_ERANGE;
	return mp4cut_add(fd, index, pieces_window(&pieces, number), mp4piece_number(number), out);
}

static enum drift_err cut_by_sidecar(int fd, int sidecar, int64_t number, struct buf *out)
{
	struct seekidx index;
	struct stat st;
	enum drift_err err;
	void *map;

	if (fstat(sidecar, &st) < 0 || st.st_size == 0)
		return DRIFT_EIO;
	map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, sidecar, 0);
	if (map == MAP_FAILED)
		return DRIFT_EIO;
	err = seekidx_parse_own(map, (size_t)st.st_size, &index);
	if (!err)
		err = cut(fd, &index, number, out);
	munmap(map, (size_t)st.st_size);
	return err;
}

static int open_file(const struct conf *conf, const struct track *t, const char *name)
{
	struct store_path path = store_file(conf, &t->id, t->version, name);

	return open(path.text, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
}

/*
 * Adds chunk number to out: the bytes that it had when it was made on demand.
 *
 * t       its MP4 is there
 * number  0 or more
 *
 * Returns
 *   DRIFT_ENOENT  there are none: moving pictures
 *   DRIFT_ERANGE  there are not so many
 *   DRIFT_EIO     (logged)
 *   DRIFT_ENOMEM
 */
static enum drift_err cut_chunk(const struct conf *conf, const struct track *t, int64_t number,
				struct buf *out)
{
	int fd = open_file(conf, t, REMUXFILES_MP4);
	int sidecar = open_file(conf, t, t->remux_seekidx_name);
	enum drift_err err = DRIFT_EIO;

	if (fd >= 0 && sidecar >= 0)
		err = cut_by_sidecar(fd, sidecar, number, out);
	if (fd >= 0)
		close(fd);
	if (sidecar >= 0)
		close(sidecar);
	if (err == DRIFT_ENOENT || err == DRIFT_ERANGE || err == DRIFT_ENOMEM || !err)
		return err;
	log_error("losslesschunk: %s version %d: the MP4 or its sidecar cannot be read", t->id.text,
		  t->version);
	return DRIFT_EIO;
}

/* A version whose chunks are asked for. All-zero is empty. */
struct wish {
	struct delivery *d;
	const struct track *t;
	struct sound sound;
	struct buf bytes; /* of the chunk */
};

static void clear(struct wish *w)
{
	buf_clear(&w->bytes);
	sound_clear(&w->sound);
}

static int open_source(const struct conf *conf, const struct sound *sound)
{
	struct store_path path =
		store_file(conf, &sound->track, sound->version, sound->source_name);
	int fd = open(path.text, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0)
		log_errno("losslesschunk: open %s", path.text);
	return fd;
}

/* --- making ----------------------------------------------------------------------- */

static enum drift_err open_piece(const struct wish *w, int source, struct mp4piece **out)
{
	const struct conf *conf = w->d->conf;
	char reason[MP4PIECE_REASON_MAX] = "";
	struct buf index = {0};
	struct mp4piece_order order = {
		.program = conf->decode_program,
		.limits = {conf->decode_memory_mb, conf->decode_seconds, conf->max_duration_hours},
		.source = source,
		.rate = w->sound.sample_rate,
		.extent = {w->sound.delay, w->sound.samples, w->sound.padding},
	};
	enum drift_err err;

	sourceindex_read(conf, &w->t->id, w->t->version, &index);
	order.index = index.data;
	order.index_bytes = index.len;
	err = mp4piece_new(&order, out, reason);
	buf_clear(&index);
	if (err == DRIFT_EMEDIA)
		log_error("losslesschunk: %s version %d: %s", w->t->id.text, w->t->version, reason);
	return err;
}

/* What is to be done with an opened source. */
typedef enum drift_err (*use_piece)(struct wish *w, struct mp4piece *piece, int64_t number);

static enum drift_err with_piece(struct wish *w, use_piece use, int64_t number)
{
	struct mp4piece *piece = NULL;
	int source = open_source(w->d->conf, &w->sound);
	enum drift_err err = source < 0 ? DRIFT_EIO : open_piece(w, source, &piece);

	if (!err)
		err = use(w, piece, number);
	mp4piece_free(piece);
	if (source >= 0)
		close(source);
	return err;
}

static enum drift_err add_chunk(struct wish *w, struct mp4piece *piece, int64_t number)
{
	enum drift_err err = DRIFT_ERANGE;

	if (number < pieces_count(mp4piece_pieces(piece)))
		err = mp4piece_add(piece, number, &w->bytes);
	if (err == DRIFT_EMEDIA)
		log_error("losslesschunk: %s version %d: %s", w->t->id.text, w->t->version,
			  mp4piece_reason(piece));
	return err;
}

/* As many at once as the host encodes; who is too many is told to come back. */
static enum drift_err make(struct wish *w, int64_t number)
{
	enum drift_err err = DRIFT_EBUSY;
	struct turnstile turnstile;
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s.encoders", w->d->conf->lock);
	turnstile = turnstile_open(path, (int)w->d->conf->threads);
	for (int i = 0; err == DRIFT_EBUSY && i < PATIENCE; i++) {
		if (turnstile_wait(&turnstile, WAIT_MS))
			err = with_piece(w, add_chunk, number);
		else if (http_pause(w->d->h, 0) != DRIFT_OK)
			err = DRIFT_ECLOSED;
	}
	turnstile_close(&turnstile);
	return err;
}

/* --- sending ----------------------------------------------------------------------- */

static void fail(struct http *h, enum drift_err err)
{
	if (err == DRIFT_ENOENT || err == DRIFT_EMEDIA)
		http_fail(h, DRIFT_ENOENT, "There are no chunks of this rendition.");
	else if (err == DRIFT_ERANGE)
		http_fail(h, DRIFT_ENOENT, "There are not so many chunks.");
	else if (err == DRIFT_EDB)
		http_fail(h, err, "The catalogue is away; try again in a moment.");
	else if (err == DRIFT_EBUSY)
		http_fail(h, err, "Too much is encoded at once; try again in a moment.");
	else
		http_fail(h, err, "The chunk cannot be made.");
}

static bool is_there(void *context, int64_t first, int64_t last)
{
	(void)context, (void)first, (void)last;
	return true;
}

static enum drift_err begin(void *context, struct http *h, int64_t first)
{
	(void)context, (void)h, (void)first;
	return DRIFT_OK;
}

static enum drift_err send(void *context, struct http *h, int64_t first, int64_t last)
{
	const struct wish *w = context;

	return http_write(h, w->bytes.data + first, (size_t)(last + 1 - first));
}

static int64_t mtime_of(const struct wish *w)
{
	return artifact_mtime_us(w->sound.source_mtime_us, FINGERPRINT);
}

/* With the tag that a file of it has. */
static void send_made(struct wish *w, const char *twin)
{
	static const struct filebody_maker maker = {is_there, begin, send};
	int64_t mtime_us = mtime_of(w);
	struct store_etag etag = store_etag((int64_t)w->bytes.len, mtime_us);
	const struct filebody body = {
		.fd = -1,
		.maker = &maker,
		.context = w,
		.bytes = (int64_t)w->bytes.len,
		.mime = MIME,
		.validators = {etag.text, mtime_us / 1000000},
	};

	(void)delivery_send_made(w->d, w->t, &body, twin);
}

static void keep(const struct wish *w, int64_t number)
{
	if (!chunkfile_is_there(w->d->conf, &w->t->id, w->t->version, number) &&
	    artifact_put_first(w->d->conf, &w->t->id, w->t->version, chunkfile_name(number).text,
			       &w->bytes, mtime_of(w)) != DRIFT_OK)
		log_warning("losslesschunk: chunk %" PRId64 " of %s could not be kept", number,
			    w->t->id.text);
}

static void make_and_send(struct wish *w, int64_t number, const char *twin)
{
	pid_t maker = getpid();
	enum drift_err err = sound_get(w->d->db, &w->t->id, w->t->version, &w->sound);

	if (!err)
		err = make(w, number);
	if (err) {
		fail(w->d->h, err);
		return;
	}
	send_made(w, twin);
	if (getpid() == maker) /* else it was forked to send, and to nothing else */
		keep(w, number);
}

/* Out of the whole MP4: what was kept until then is gone. */
static void send_cut(struct delivery *d, const struct track *t, int64_t number, const char *twin)
{
	struct wish w = {.d = d, .t = t};
	enum drift_err err = sound_get(d->db, &t->id, t->version, &w.sound);

	if (!err)
		err = cut_chunk(d->conf, t, number, &w.bytes);
	if (err)
		fail(d->h, err);
	else
		send_made(&w, twin);
	clear(&w);
}

static void send_file(struct delivery *d, const struct track *t, int64_t number)
{
	delivery_send(d, t, chunkfile_name(number).text, MIME, NULL);
}

/* One makes it, the others that come meanwhile wait for him. False: for too long. */
static bool wait_for_lock(const struct wish *w, struct filelock lock)
{
	for (int i = 0; i < PATIENCE; i++)
		if (lock.fd < 0 || filelock_wait(lock, WAIT_MS))
			return true;
		else if (http_pause(w->d->h, 0) != DRIFT_OK)
			return false;
	return false;
}

static void send_first(struct delivery *d, const struct track *t, int64_t number, const char *twin)
{
	int fd = chunkfile_open_locks(d->conf, &t->id, t->version);
	struct wish w = {.d = d, .t = t};

	if (!wait_for_lock(&w, (struct filelock){.fd = fd, .at = number, .count = 1}))
		fail(d->h, DRIFT_EBUSY);
	else if (chunkfile_is_there(d->conf, &t->id, t->version, number))
		send_file(d, t, number);
	else
		make_and_send(&w, number, twin);
	if (fd >= 0)
		close(fd);
	clear(&w);
}

void losslesschunk_send(struct delivery *d, const struct track *t, int64_t number)
{
	char twin[256];

	snprintf(twin, sizeof(twin), "%s/cgi-bin/stream.cgi/%s/chunk/%" PRId64 "?format=lossless",
		 http_site(d->h), t->id.text, number);
	http_set_header(d->h, "Drift-Format", "lossless");
	if (*t->remux_seekidx_name)
		send_cut(d, t, number, twin);
	else if (chunkfile_is_there(d->conf, &t->id, t->version, number))
		send_file(d, t, number);
	else if (!delivery_pass_on(d, INT64_MAX, twin))
		send_first(d, t, number, twin);
}

/* --- what is told of them ------------------------------------------------------------ */

static enum drift_err add_init(struct wish *w, struct mp4piece *piece, int64_t number)
{
	(void)number;
	fmp4_add_init(&w->bytes, mp4piece_packing(piece), mp4piece_extent(piece));
	return buf_ok(&w->bytes) ? DRIFT_OK : DRIFT_ENOMEM;
}

static enum drift_err add_list(struct wish *w, struct mp4piece *piece, int64_t number)
{
	const struct fmp4_extent *extent = mp4piece_extent(piece);
	const struct pieces *pieces = mp4piece_pieces(piece);
	int64_t count = pieces_count(pieces);
	char codec[16];

	(void)number;
	fmp4_codec_text(mp4piece_packing(piece), codec);
	buf_addf(&w->bytes,
		 "{\"format\": \"lossless\", \"codec\": \"%s\", \"mime\": \"" MIME
		 "; codecs=%s\", \"types\": ",
		 codec, codec);
	fmp4_add_types(&w->bytes, codec);
	buf_addf(&w->bytes,
		 ", \"timescale\": %d, \"delay\": %" PRId64 ", \"samples\": %" PRId64
		 ", \"count\": %" PRId64 ", \"chunks\": [",
		 (int)w->sound.sample_rate, extent->delay, extent->samples, count);
	for (int64_t n = 0; n < count; n++) {
		struct pieces_window window = pieces_window(pieces, n);

		buf_addf(&w->bytes, "%s{\"start\": %" PRId64 ", \"duration\": %" PRId64 "}",
			 n ? ", " : "", window.first, window.end - window.first);
	}
	buf_add_text(&w->bytes, "]}\n");
	return buf_ok(&w->bytes) ? DRIFT_OK : DRIFT_ENOMEM;
}

static void send_told(struct delivery *d, const struct track *t, use_piece tell, const char *mime)
{
	struct wish w = {.d = d, .t = t};
	enum drift_err err = sound_get(d->db, &t->id, t->version, &w.sound);

	if (!err)
		err = with_piece(&w, tell, 0);
	if (err)
		fail(d->h, err);
	else
		delivery_send_bytes(d, t, mime, &w.bytes);
	clear(&w);
}

void losslesschunk_send_init(struct delivery *d, const struct track *t)
{
	send_told(d, t, add_init, MIME);
}

void losslesschunk_send_list(struct delivery *d, const struct track *t)
{
	send_told(d, t, add_list, "application/json");
}
