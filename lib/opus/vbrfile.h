/*
 * vbrfile.h - a VBR rendition on its way: pages that are made out of order go to
 * the file in order, as nobody knows where a page begins before those ahead of it exist.
 *
 * Several threads make segments; the pages of the one whose turn it is are written as they
 * come, those of later ones wait in memory (at most one segment per thread).
 */
#ifndef DRIFT_OPUS_VBRFILE_H
#define DRIFT_OPUS_VBRFILE_H

#include "base/buf.h"
#include "base/err.h"
#include "opus/layout.h"

#include <stddef.h>
#include <stdint.h>

struct vbrfile;

/*
 * Goes on where a file was left: keeps its whole segments.
 *
 * fd      open for reading and writing; borrowed until free
 * layout  copied
 * out     the caller's to vbrfile_free(), written on DRIFT_OK only
 *
 * Returns DRIFT_ENOMEM.
 */
enum drift_err vbrfile_new(int fd, const struct layout *layout, uint32_t serial,
			   struct vbrfile **out) MUST_CHECK;
void vbrfile_free(struct vbrfile *g); /* NULL is fine */

/* Segments that are whole in the file, from 0 on. */
int64_t vbrfile_segments(struct vbrfile *g);

/*
 * Takes a page, any thread; a segment's pages ascend and come from one thread.
 *
 * Returns DRIFT_ENOSPC, DRIFT_EIO (errno kept) or DRIFT_ENOMEM.
 */
enum drift_err vbrfile_put(struct vbrfile *g, int64_t page, const void *data,
			   size_t bytes) MUST_CHECK;
/* All pages of segment were put: the next one has its turn. Errors as vbrfile_put(). */
enum drift_err vbrfile_end_segment(struct vbrfile *g, int64_t segment) MUST_CHECK;

/*
 * Adds the index entries of what is in the file, and one of where the next page will begin. Any
 * thread, while others put.
 *
 * Returns DRIFT_EMORE when there is no page yet, DRIFT_ENOMEM.
 */
enum drift_err vbrfile_add_entries(struct vbrfile *g, struct buf *out) MUST_CHECK;

/* While nobody puts: the index entries (seekidx_add) of what is in the file, and its bytes. */
const struct buf *vbrfile_entries(const struct vbrfile *g);
int64_t vbrfile_bytes(const struct vbrfile *g);

#endif
