/*
 * opusplan.h - a version's Opus rendition before it exists: its names, its first
 * pages, and with them the place of every byte.
 *
 * The setup pages go in front of every slice, so they never change once anybody has seen
 * them. Who needs them first fixes them, with what is known of the track at
 * that time, by putting the sidecar in its place, which holds them: all others take
 * them from there. Under VBR, where the sidecar comes last, it is that of the file that grows.
 */
#ifndef DRIFT_CATALOGUE_OPUSPLAN_H
#define DRIFT_CATALOGUE_OPUSPLAN_H

#include "base/buf.h"
#include "base/conf.h"
#include "base/err.h"
#include "base/uuid.h"
#include "catalogue/sound.h"
#include "catalogue/taglist.h"
#include "dsp/preset.h"
#include "opus/layout.h"
#include "opus/oggopus.h"

#include <stdbool.h>
#include <stdint.h>

#define OPUSPLAN_MIME "audio/ogg; codecs=opus"

struct opusplan_name {
	char text[40]; /* in the version's folder */
};
struct opusplan_name opusplan_file(const struct conf *conf);
struct opusplan_name opusplan_sidecar(const struct conf *conf);
/* Is a file of that name a sidecar that fixes setup pages, at whatever bitrate? */
bool opusplan_is_sidecar(const char *name);

/* What new setup pages say; texts are borrowed from tags. */
struct oggopus_setup opusplan_setup(const struct uuid *track, int version, int channels,
				    int32_t sample_rate, double loudness,
				    const struct taglist *tags);

/*
 * Adds the setup pages that are fixed to out.
 *
 * Returns DRIFT_ENOENT when they are not, or what fixes them is damaged (logged).
 */
enum drift_err opusplan_read_setup(const struct conf *conf, const struct uuid *track, int version,
				   struct buf *out) MUST_CHECK;

/*
 * Fixes the setup pages by this sidecar, unless others are fixed already.
 *
 * Returns DRIFT_ENOSPC or DRIFT_EIO (logged).
 */
enum drift_err opusplan_fix(const struct conf *conf, const struct uuid *track, int version,
			    const struct buf *sidecar, int64_t mtime_us) MUST_CHECK;

/* Marks the part file that all fill whose bytes have the same places (artifact_join); of
   the rendition without a preset. */
int32_t opusplan_part(const struct layout_params *params, int32_t setup_bytes);

/* --- all of it, under hard CBR ------------------------------------------------- */

/* All-zero is empty. */
struct opusplan {
	struct layout layout;
	struct buf setup; /* the pages, layout.setup_bytes; owned */
	uint32_t serial;
	int64_t mtime_us; /* of the file that will be there */
	struct opusplan_name file;
	int32_t part; /* marks its part file */
	struct preset_graph graph; /* what is done to the sound; empty: nothing */
};

/* Can the bytes be known beforehand? Not under VBR. */
bool opusplan_is_possible(const struct conf *conf);

/*
 * Where everything will be, with nothing fixed by asking.
 *
 * Returns DRIFT_ENOMEM.
 */
enum drift_err opusplan_lay_out(const struct conf *conf, const struct sound *sound,
				struct layout *out) MUST_CHECK;

/*
 * The plan of a version's rendition, its setup pages fixed by now.
 *
 * out  empty before; the caller's to opusplan_clear()
 *
 * Returns DRIFT_ENOSPC, DRIFT_EIO (logged) or DRIFT_ENOMEM.
 */
enum drift_err opusplan_make(const struct conf *conf, const struct sound *sound,
			     struct opusplan *out) MUST_CHECK;
void opusplan_clear(struct opusplan *p);

/*
 * Turns the plan into that of the same rendition with a preset: all is where it was, and
 * other bytes are there. Such a file is never whole: its part file is a cache.
 *
 * Returns false, and leaves the plan, where the preset changes nothing: it is none, or
 * adaptive and the track is not measured yet.
 */
bool opusplan_set_preset(struct opusplan *p, const struct conf *conf, const struct sound *sound,
			 struct preset_wish wish);

#endif
