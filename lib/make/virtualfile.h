/*
 * virtualfile.h - an Opus rendition that is not encoded yet, sent as if it were.
 *
 * Each byte has its place and its value before it exists (opusplan.h), so a listener
 * gets the very file that the transcoder will publish: what is there already is
 * copied, the rest is encoded from the page under the first byte on, and kept in the part
 * file that all fill. Each segment is encoded by one of all processes and
 * hosts; the others wait for its pages.
 */
#ifndef DRIFT_MAKE_VIRTUALFILE_H
#define DRIFT_MAKE_VIRTUALFILE_H

#include "base/conf.h"
#include "base/err.h"
#include "catalogue/opusplan.h"
#include "catalogue/sound.h"

#include <stddef.h>
#include <stdint.h>

struct virtualfile; /* used by the process and the thread that sends */

/*
 * sound, plan  borrowed until free
 * out          the caller's to virtualfile_free(), written on DRIFT_OK only
 *
 * Returns DRIFT_ENOSPC, DRIFT_EIO (logged) or DRIFT_ENOMEM.
 */
enum drift_err virtualfile_new(const struct conf *conf, const struct sound *sound,
			       const struct opusplan *plan, struct virtualfile **out) MUST_CHECK;
/* What it has begun goes on in a process that forked from this one. NULL is fine. */
void virtualfile_free(struct virtualfile *v);

enum virtualfile_outlook {
	VIRTUALFILE_THERE, /* all of it */
	VIRTUALFILE_COMING, /* somebody is at what is not there */
	VIRTUALFILE_COLD, /* somebody has to begin: this one, or a process that forks from it */
};

/*
 * How it looks with the bytes from first to last at this moment.
 *
 * first, last  0 to the rendition's bytes - 1; all pages are read that are there
 */
enum virtualfile_outlook virtualfile_look(struct virtualfile *v, int64_t first, int64_t last);

/* Who listens. */
struct virtualfile_listener {
	void *context;
	/* Takes the rendition's bytes from offset on, in order. */
	enum drift_err (*take)(void *context, int64_t offset, const void *data, size_t len);
	/* Anything but DRIFT_OK: he is gone. Asked all the time while he waits. */
	enum drift_err (*ask)(void *context);
};

/*
 * Waits until the byte at offset is there, or is about to be made here.
 *
 * listener  copied; for virtualfile_send(), too
 * offset    0 to the rendition's bytes - 1
 *
 * Returns DRIFT_EBUSY when nobody makes it, as all encoders of this host were busy with other
 * things for too long, or what listener.ask returned.
 */
enum drift_err virtualfile_begin(struct virtualfile *v, const struct virtualfile_listener *listener,
				 int64_t offset) MUST_CHECK;

/*
 * Gives the listener the bytes from first to last, each as soon as it is there.
 *
 * Returns what he returned, or DRIFT_EMEDIA (the source cannot be decoded; logged),
 * DRIFT_ENOSPC, DRIFT_EIO (logged), DRIFT_ENOMEM.
 */
enum drift_err virtualfile_send(struct virtualfile *v, int64_t first, int64_t last) MUST_CHECK;

#endif
