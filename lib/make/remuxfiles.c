#include "make/remuxfiles.h"

#include "base/fnv.h"
#include "catalogue/artifact.h"
#include "format/seekidx.h"
#include "make/chunkfile.h"

#include <inttypes.h>
#include <stdio.h>

#define PLAYLIST_MIME "application/vnd.apple.mpegurl"

/* --- while it is made ------------------------------------------------------------------ */

static bool write_texts(enum remux_growth growth, const struct fragments *fragments,
			const struct fragments_file *file, struct buf *sidecar,
			struct buf *playlist)
{
	enum fragments_end end = growth == REMUX_ENDED ? FRAGMENTS_END : FRAGMENTS_GROW;
	bool ok = fragments_add_event(fragments, file, end, playlist);

	if (growth == REMUX_ENDED)
		fragments_add_sidecar(fragments, file, sidecar);
	else
		ok = ok && fragments_add_growing_sidecar(fragments, file, sidecar);
	return ok && buf_ok(sidecar);
}

enum drift_err remuxfiles_tell(struct growth *g, struct db *db, enum remux_growth growth,
			       const struct fragments *fragments, const struct fragments_file *file)
{
	struct buf sidecar = {0}, playlist = {0};
	const struct growth_news news = {&sidecar,    &playlist,   file->codecs,
					 file->delay, file->width, file->height};
	struct fragments_file growing = *file;
	enum drift_err err = DRIFT_ENOMEM;

	growing.file = g->kind->file;
	growing.playlist = g->kind->playlist;
	if (write_texts(growth, fragments, &growing, &sidecar, &playlist))
		err = growth_tell(g, db, &news);
	buf_clear(&sidecar);
	buf_clear(&playlist);
	return err;
}

/* --- once it is whole ------------------------------------------------------------------- */

static enum drift_err put(const struct growth *g, const char *name, const struct buf *bytes,
			  int64_t mtime_us)
{
	return artifact_put(g->conf, &g->track, g->version, name, "growth", bytes, mtime_us);
}

static enum drift_err publish_files(struct growth *g, const struct remux_result *m,
				    int64_t mtime_us)
{
	enum drift_err err = put(g, REMUXFILES_SIDECAR, &m->sidecar, mtime_us);

	if (!err)
		err = put(g, REMUXFILES_PLAYLIST, &m->media, mtime_us);
	if (!err)
		err = put(g, REMUXFILES_MASTER, &m->master, mtime_us);
	return err ? err : growth_publish(g, REMUXFILES_MP4, mtime_us);
}

static enum drift_err publish_rows(const struct remux_result *m, int64_t mtime_us, const char *mime,
				   const char *meta, remuxfiles_row row, void *context)
{
	const struct job_artifact rows[] = {
		{"remux_seekidx", REMUXFILES_SIDECAR, SEEKIDX_MIME, (int64_t)m->sidecar.len,
		 mtime_us, "{}"},
		{"playlist", REMUXFILES_PLAYLIST, PLAYLIST_MIME, (int64_t)m->media.len, mtime_us,
		 "{}"},
		{"master", REMUXFILES_MASTER, PLAYLIST_MIME, (int64_t)m->master.len, mtime_us,
		 "{}"},
		{"remux", REMUXFILES_MP4, mime, m->bytes, mtime_us, meta},
	};
	enum drift_err err = DRIFT_OK;

	for (size_t i = 0; !err && i < sizeof(rows) / sizeof(rows[0]); i++)
		err = row(context, &rows[i]);
	return err;
}

static void write_meta(const struct remux_result *m, struct buf *out)
{
	buf_addf(out,
		 "{\"codec\": \"%s\", \"bitrate\": %" PRId64 ", \"delay\": %" PRId64
		 ", \"samples\": %" PRId64 ", \"padding\": %" PRId64 "}",
		 m->codec, m->bitrate, m->extent.delay, m->extent.samples, m->extent.padding);
}

enum drift_err remuxfiles_publish(struct growth *g, const struct remux_result *m,
				  int64_t source_mtime_us, remuxfiles_row row, void *context)
{
	/* the sidecar has the setup and every offset: another file, another sidecar */
	uint32_t print = fnv_bytes(m->sidecar.data, m->sidecar.len);
	int64_t mtime_us = artifact_mtime_us(source_mtime_us, (int32_t)(print % 1000000));
	struct buf meta = {0};
	char mime[REMUX_CODEC_MAX + 32];
	enum drift_err err = publish_files(g, m, mtime_us);

	if (err)
		return err;
	snprintf(mime, sizeof(mime), "%s/mp4; codecs=\"%s\"", m->is_film ? "video" : "audio",
		 m->codec);
	write_meta(m, &meta);
	err = buf_ok(&meta) ? publish_rows(m, mtime_us, mime, buf_text(&meta), row, context)
			    : DRIFT_ENOMEM;
	buf_clear(&meta);
	if (!err)
		chunkfile_remove_all(g->conf, &g->track, g->version);
	return err;
}
