#include "catalogue/sound.h"

#include <stdio.h>
#include <stdlib.h>

/* The spectrum is numbers with blanks between them. */
static void read_measures(const struct db_rows *rows, struct preset_measures *out)
{
	const char *at = db_get_text(rows, 0, 8);
	char *end;
	int bands = 0;

	out->loudness = db_get_double(rows, 0, 6);
	out->range = db_get_double(rows, 0, 7);
	for (; bands < SPECTRUM_BANDS; bands++, at = end) {
		out->spectrum[bands] = strtod(at, &end);
		if (end == at)
			break;
	}
	out->is_measured = bands == SPECTRUM_BANDS;
}

static enum drift_err read_row(const struct db_rows *rows, struct sound *out)
{
	snprintf(out->source_name, sizeof(out->source_name), "%s", db_get_text(rows, 0, 0));
	out->source_mtime_us = db_get_int(rows, 0, 1);
	out->sample_rate = (int32_t)db_get_int(rows, 0, 2);
	out->channels = (int32_t)db_get_int(rows, 0, 3);
	out->samples = db_get_int(rows, 0, 4);
	out->samples48 = db_get_int(rows, 0, 5);
	out->loudness = db_get_double(rows, 0, 6);
	out->delay = (int32_t)db_get_int(rows, 0, 11);
	out->padding = (int32_t)db_get_int(rows, 0, 12);
	read_measures(rows, &out->measures);
	return taglist_read(db_get_text(rows, 0, 10), db_get_text(rows, 0, 9), &out->tags);
}

enum drift_err sound_get(struct db *db, const struct uuid *track, int version, struct sound *out)
{
	struct db_rows rows = {0};
	enum drift_err err =
		db_call(db,
			"SELECT source_name, source_mtime_us, sample_rate, channels,"
			" samples, samples48, loudness, loudness_range,"
			" array_to_string(spectrum, ' '), title, " TAGLIST_PACK(
				"tags") ", delay, padding FROM drift.sound_get($1, $2)",
			DB_ARGS(db_uuid(track), db_int(version)), &rows);

	if (err)
		return err;
	out->track = *track;
	out->version = version;
	err = read_row(&rows, out);
	db_rows_clear(&rows);
	return err;
}

void sound_clear(struct sound *s)
{
	taglist_clear(&s->tags);
}
