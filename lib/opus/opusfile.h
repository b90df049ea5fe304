/*
 * opusfile.h - an Opus rendition's file while it is made, by anybody.
 *
 * Under CBR every page has its place, so the file is sparse and segments are filled in any
 * order, by several threads, processes and hosts. A page proves itself (oggopus_page_is):
 * whether one is there is asked of the file, and what a kill or a power cut left half written
 * is simply not there. A segment is claimed by a lock (filelock.h) for each of its pages, far
 * beyond the file's end, so that one of all makes it; each is given up as its page is there, so
 * others wait for a page by waiting for its lock. Where the file system has no locks it may be
 * made twice, with the same bytes.
 *
 * Under VBR the file grows in order (vbrfile.h), and one is at work on all of it.
 */
#ifndef DRIFT_OPUS_OPUSFILE_H
#define DRIFT_OPUS_OPUSFILE_H

#include "base/buf.h"
#include "base/err.h"
#include "opus/layout.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct opusfile; /* any number of threads */

/*
 * fd      open for reading and writing, a regular file, empty or as others have left
 *         it; borrowed until free. Not a duplicate of one that is in use: locks are its own
 * layout  copied; setup_bytes is where the audio pages start
 * out     the caller's to opusfile_free(), written on DRIFT_OK only
 *
 * Returns DRIFT_ENOMEM, or DRIFT_ELOCKED when somebody is at work on a VBR file.
 */
enum drift_err opusfile_new(int fd, const struct layout *layout, uint32_t serial,
			    struct opusfile **out) MUST_CHECK;
/* The file stays as it is; what was claimed is given up when fd is closed. NULL is fine. */
void opusfile_free(struct opusfile *f);

/*
 * Is the page there, whole? CBR only. Any thread.
 *
 * out  room for layout_page_bytes(), OGGOPUS_PAGE_MAX at most; its bytes afterwards
 */
bool opusfile_read_page(const struct opusfile *f, int64_t page, uint8_t *out) MUST_CHECK;

enum opusfile_claim {
	OPUSFILE_WHOLE, /* all its pages are there: nothing to do */
	OPUSFILE_YOURS, /* put its pages, then end it */
	OPUSFILE_TAKEN, /* somebody else is making it */
};

/* Whose is segment s? */
enum opusfile_claim opusfile_claim(struct opusfile *f, int64_t segment);

/*
 * Writes a page of a segment that is yours; its pages ascend.
 *
 * data  borrowed for the call
 *
 * Returns DRIFT_ENOSPC, DRIFT_EIO (errno kept, not logged: the caller knows the
 * name) or DRIFT_ENOMEM.
 */
enum drift_err opusfile_put(struct opusfile *f, int64_t page, const void *data,
			    size_t bytes) MUST_CHECK;
/* All its pages were put. Errors as opusfile_put(). */
enum drift_err opusfile_end_segment(struct opusfile *f, int64_t segment) MUST_CHECK;
/* Is the page of a segment that somebody else has claimed, and not there yet? CBR only. */
bool opusfile_is_being_made(const struct opusfile *f, int64_t page);
/*
 * Waits until that is over, at most so long; see filelock_wait(). Whether the page is there
 * afterwards, or was given up, the file tells.
 */
void opusfile_wait(const struct opusfile *f, int64_t page, int milliseconds);
/* It will not be made after all; under VBR nothing is put any more after that. */
void opusfile_give_up_segment(struct opusfile *f, int64_t segment);

/*
 * VBR only, any thread: puts the setup pages before what there is of the file, and adds the
 * sidecar of a file that grows to sidecar. From then on all in it stays as it is.
 *
 * setup  as opusfile_finish() will have it
 *
 * Returns DRIFT_EMORE when there is no page yet; else as opusfile_put().
 */
enum drift_err opusfile_show(struct opusfile *f, const uint8_t *setup, size_t setup_bytes,
			     struct buf *sidecar) MUST_CHECK;

/*
 * When every segment is whole: writes the setup pages at offset 0, cuts what is behind
 * the last page, and adds the sidecar to sidecar. Neither is synced or renamed.
 *
 * setup  oggopus_setup() pages, exactly layout.setup_bytes long (asserted)
 *
 * Returns as opusfile_put().
 */
enum drift_err opusfile_finish(struct opusfile *f, const uint8_t *setup, size_t setup_bytes,
			       struct buf *sidecar) MUST_CHECK;

/* Of the whole file, after opusfile_finish(). */
int64_t opusfile_bytes(const struct opusfile *f);

#endif
