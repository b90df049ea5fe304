/*
 * virtual.h - an Opus rendition that is not encoded yet, sent as if it were.
 *
 * Each byte has its place and its value before it exists (opusplan.h), so a listener
 * gets the very file that the transcoder will publish: what is there already is
 * copied, the rest is encoded from the page under the first byte on, and kept in the part
 * file that all fill. Each segment is encoded by one of all processes and
 * hosts; the others wait for its pages.
 */
#ifndef DRIFT_CATALOGUE_VIRTUAL_H
#define DRIFT_CATALOGUE_VIRTUAL_H

#include "base/conf.h"
#include "base/err.h"
#include "catalogue/opusplan.h"
#include "catalogue/sound.h"

#include <stddef.h>
#include <stdint.h>

struct virtual; /* used by the process and the thread that sends */

/*
 * sound, plan  borrowed until free
 * out          the caller's to virtual_free(), written on DRIFT_OK only
 *
 * Returns DRIFT_ENOSPC, DRIFT_EIO (logged) or DRIFT_ENOMEM.
 */
enum drift_err virtual_new(const struct conf *conf, const struct sound *sound,
			   const struct opusplan *plan, struct virtual **out) MUST_CHECK;
void virtual_free(struct virtual *v); /* NULL is fine */

/* Starts ahead what the next process will want that does the same. */
void virtual_prepare(const struct conf *conf, const struct opusplan *plan);

/*
 * Waits until the byte at offset is there, or is about to be made here.
 *
 * offset  0 to the rendition's bytes - 1
 *
 * Returns DRIFT_EBUSY when all encoders of this host were busy with other things for
 * too long.
 */
enum drift_err virtual_begin(struct virtual *v, int64_t offset) MUST_CHECK;

/* Takes bytes of the rendition, in order. */
typedef enum drift_err (*virtual_sink)(void *context, const void *data, size_t len);

/*
 * Gives sink the bytes from first to last, each as soon as it is there.
 *
 * Returns what sink returned, or DRIFT_EMEDIA (the source cannot be decoded; logged),
 * DRIFT_ENOSPC, DRIFT_EIO (logged), DRIFT_ENOMEM.
 */
enum drift_err virtual_send(struct virtual *v, int64_t first, int64_t last, virtual_sink sink,
			    void *context) MUST_CHECK;

#endif
