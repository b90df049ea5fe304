#include "make/growremux.h"

#include "base/log.h"
#include "make/remuxfiles.h"
#include "mp4/remux.h"

struct mux {
	struct growsource *source;
	struct remux_result result;
};

static enum drift_err grown(void *context, enum remux_growth growth,
			    const struct fragments *fragments, const struct fragments_file *file)
{
	struct mux *m = context;

	return remuxfiles_tell(&m->source->growth, m->source->db, growth, fragments, file);
}

static enum drift_err settled(void *context, struct fmp4_extent *out)
{
	return growsource_settle(((struct mux *)context)->source, out);
}

static enum drift_err go_on(void *context, double progress)
{
	(void)context, (void)progress;
	return DRIFT_OK;
}

static enum drift_err make(struct mux *m, char reason[REMUX_REASON_MAX])
{
	struct growsource *s = m->source;
	const struct conf *conf = s->conf;
	const struct decoder_arriving arriving = growsource_arriving(s);
	const struct remux_order order = {
		.program = conf->decode_program,
		.limits = {conf->decode_memory_mb, conf->decode_seconds, conf->max_duration_hours},
		.arriving = &arriving,
		.children = 1,
		.rate = s->facts->sample_rate,
		.extent = {.samples = s->facts->samples},
		.fd = s->growth.fd,
		.file = REMUXFILES_MP4,
		.playlist = REMUXFILES_PLAYLIST,
		.tick = go_on,
		.grown = grown,
		.settled = settled,
		.context = m,
	};

	return remux_run(&order, &m->result, reason);
}

static enum drift_err publish_row(void *context, const struct job_artifact *row)
{
	const struct growsource *s = ((const struct mux *)context)->source;
	struct db_rows rows = {0};
	enum drift_err err =
		db_call(s->db, "SELECT drift.growth_publish($1, $2, $3, $4, $5, $6, $7, $8::jsonb)",
			DB_ARGS(db_uuid(&s->facts->track), db_int(s->facts->version),
				db_text(row->kind), db_text(row->name), db_int(row->bytes),
				db_text(row->mime), db_int(row->mtime_us), db_text(row->meta)),
			&rows);

	if (!err && !db_get_bool(&rows, 0, 0))
		err = DRIFT_ECLOSED;
	db_rows_clear(&rows);
	return err;
}

enum drift_err growremux_make(struct growsource *s)
{
	struct mux m = {.source = s};
	char reason[REMUX_REASON_MAX] = "";
	enum drift_err err = make(&m, reason);

	if (!err)
		err = remuxfiles_publish(&s->growth, &m.result, s->mtime_us, publish_row, &m);
	if (err == DRIFT_EMEDIA)
		log_info("growremux: %s version %d: %s", s->facts->track.text, s->facts->version,
			 reason);
	remux_clear(&m.result);
	return err;
}
