#include "make/report.h"

#include "base/buf.h"
#include "base/io.h"
#include "catalogue/artifact.h"
#include "opus/segment.h"
#include "wall/decoder.h"

#include <inttypes.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <unistd.h>

/* "label          text": every line of the report. */
__attribute__((format(printf, 3, 4))) static void line(FILE *out, const char *label,
						       const char *fmt, ...)
{
	va_list ap;

	fprintf(out, "%-14s ", label);
	va_start(ap, fmt);
	vfprintf(out, fmt, ap);
	va_end(ap);
	fputc('\n', out);
}

static void print_counts(const struct db_rows *rows, FILE *out)
{
	if (rows->count == 0)
		line(out, "queue", "empty");
	for (int i = 0; i < rows->count; i++)
		line(out, i == 0 ? "queue" : "", "%-9s %-8s %6" PRId64, db_get_text(rows, i, 0),
		     db_get_text(rows, i, 1), db_get_int(rows, i, 2));
}

static void print_failures(const struct db_rows *rows, FILE *out)
{
	if (rows->count == 0)
		line(out, "failures", "none");
	for (int i = 0; i < rows->count; i++)
		line(out, i == 0 ? "failures" : "", "%s %-8s %s", db_get_text(rows, i, 0),
		     db_get_text(rows, i, 1), db_get_text(rows, i, 2));
}

static enum drift_err print_rows(struct db *db, const char *sql,
				 void (*print)(const struct db_rows *, FILE *), const char *label,
				 FILE *out)
{
	struct db_rows rows = {0};
	enum drift_err err = db_call(db, sql, DB_NO_ARGS, &rows);

	if (err) {
		line(out, label, "unknown: %s", drift_err_text(err));
		return err;
	}
	print(&rows, out);
	db_rows_clear(&rows);
	return DRIFT_OK;
}

static enum drift_err print_store(const struct conf *conf, FILE *out)
{
	int64_t room = 0;
	enum drift_err err = artifact_room(conf, 0, &room);

	if (err == DRIFT_EIO) {
		line(out, "store", "%s cannot be read", conf->store);
		return err;
	}
	line(out, "store", "%s, %.1f GB free%s", conf->store, (double)room / 1e9,
	     err ? ": full" : "");
	return DRIFT_OK;
}

/* A tenth of a second of silence: something for a decoder to stand before. */
static void write_wav(struct buf *out)
{
	static const uint8_t silence[800];

	buf_add_text(out, "RIFF");
	buf_add_u32le(out, 36 + sizeof(silence));
	buf_add_text(out, "WAVEfmt ");
	buf_add_u32le(out, 16);
	buf_add_u16le(out, 1); /* PCM */
	buf_add_u16le(out, 1); /* channel */
	buf_add_u32le(out, 8000); /* Hz */
	buf_add_u32le(out, 8000); /* bytes per second */
	buf_add_u16le(out, 1); /* bytes per frame */
	buf_add_u16le(out, 8); /* bits */
	buf_add_text(out, "data");
	buf_add_u32le(out, sizeof(silence));
	buf_add(out, silence, sizeof(silence));
}

static int open_wav(void)
{
	int fd = memfd_create("drift-status", MFD_CLOEXEC);
	struct buf wav = {0};

	if (fd < 0)
		return -1;
	write_wav(&wav);
	if (!buf_ok(&wav) || io_write_all(fd, wav.data, wav.len) != DRIFT_OK) {
		close(fd);
		fd = -1;
	}
	buf_clear(&wav);
	return fd;
}

/* Which walls stand is known only to a child that has put them up. */
static enum drift_err print_walls(const struct conf *conf, FILE *out)
{
	const struct decoder_limits limits = {conf->decode_memory_mb, conf->decode_seconds,
					      conf->max_duration_hours};
	struct decoder *decoder = NULL;
	char reason[256] = "";
	enum drift_err err = DRIFT_EIO;
	int fd = open_wav();

	if (fd >= 0) {
		err = decoder_new(conf->decode_program, &limits, fd, &decoder, reason,
				  sizeof(reason));
		close(fd);
	}
	if (err) {
		line(out, "walls", "unknown: %s",
		     *reason ? reason : "the decoder could not be started");
		return DRIFT_EIO;
	}
	line(out, "walls", "%s", decoder_get_walls(decoder));
	decoder_free(decoder);
	return DRIFT_OK;
}

enum drift_err report_print(const struct conf *conf, struct db *db, long working, FILE *out)
{
	enum drift_err failed[4];

	line(out, "drift", "%s, %s", DRIFT_VERSION, segment_vendor());
	if (working)
		line(out, "transcoder", "at work on this host, process %ld", working);
	else
		line(out, "transcoder", "not at work on this host");
	failed[0] = print_rows(db, "SELECT kind, state, jobs FROM drift.job_counts()", print_counts,
			       "queue", out);
	failed[1] = print_rows(db, "SELECT track, kind, error FROM drift.job_failures(10)",
			       print_failures, "failures", out);
	failed[2] = print_walls(conf, out);
	failed[3] = print_store(conf, out);
	for (int i = 0; i < 4; i++)
		if (failed[i])
			return failed[i];
	return DRIFT_OK;
}
