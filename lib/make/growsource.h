/*
 * growsource.h - a source that arrives, for a process of its own that makes something of it, once
 * for all who hear it.
 *
 * The process reads what is there and waits for what is not, however long the upload rests. It
 * ends with the source, when nobody has asked for what it makes for a minute, or when the upload
 * is given up.
 */
#ifndef DRIFT_MAKE_GROWSOURCE_H
#define DRIFT_MAKE_GROWSOURCE_H

#include "base/conf.h"
#include "base/err.h"
#include "base/uuid.h"
#include "catalogue/db.h"
#include "catalogue/growth.h"
#include "mp4/fmp4.h"
#include "wall/decoder.h"

#include <stdbool.h>
#include <stdint.h>

/* What its head says. */
struct growsource_facts {
	struct uuid track;
	struct uuid upload;
	int version;
	int64_t bytes; /* that it will have */
	int32_t sample_rate; /* Hz */
	int64_t samples; /* a guess, or 0 */
	bool lossless;
};

struct growsource {
	const struct conf *conf; /* borrowed */
	const struct growsource_facts *facts; /* borrowed */
	struct db *db;
	int fd; /* the upload's file */
	int64_t reach; /* all bytes before it were waited for, and are there */
	struct growth growth; /* what is made of it */
	int64_t mtime_us; /* of the source, once it is stored */
	bool is_gone; /* the upload is given up */
};

/*
 * Makes it.
 *
 * Returns DRIFT_EMEDIA when it cannot be made of what arrives (logged): nobody is to try again.
 * DRIFT_ECLOSED: nobody wants it any more, or it was of something else than what is stored. Any
 * other error is logged by the caller. What is made goes unless it was kept.
 */
typedef enum drift_err (*growsource_make)(struct growsource *s);

/* Does all of it, until it ends; at once where another process is at it. Whatever goes wrong is
   logged: the artifact will be made of the stored file. */
void growsource_run(const struct conf *conf, const struct growsource_facts *facts,
		    const struct growth_kind *kind, growsource_make make);

/* --- for who makes it ----------------------------------------------------------------- */

/* For the decoder; borrowed for its life. */
struct decoder_arriving growsource_arriving(struct growsource *s);

/*
 * Waits until all of it is stored: a remux_settled, with the growsource as context.
 *
 * Returns DRIFT_ECLOSED when what is stored is something else, or nothing is in two minutes;
 * DRIFT_EDB.
 */
enum drift_err growsource_settle(void *growsource, struct fmp4_extent *out) MUST_CHECK;

#endif
