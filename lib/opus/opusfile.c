#include "opus/opusfile.h"

#include "base/filelock.h"
#include "base/io.h"
#include "opus/oggopus.h"
#include "opus/opusidx.h"
#include "opus/vbrfile.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#define LOCKS_AT ((int64_t)1 << 60) /* page p: the byte at LOCKS_AT + p */

struct opusfile {
	int fd;
	uint32_t serial;
	struct layout layout;
	struct vbrfile *grow; /* VBR only */
};

static struct filelock lock_of(const struct opusfile *f, struct layout_pages pages)
{
	return (struct filelock){
		.fd = f->fd,
		.at = LOCKS_AT + pages.first,
		.count = pages.end - pages.first,
	};
}

static struct filelock lock_of_page(const struct opusfile *f, int64_t page)
{
	return lock_of(f, (struct layout_pages){page, page + 1});
}

static struct filelock lock_of_segment(const struct opusfile *f, int64_t segment)
{
	return lock_of(f, layout_segment_pages(&f->layout, segment));
}

static struct filelock lock_of_all(const struct opusfile *f)
{
	return lock_of(f, (struct layout_pages){0, f->layout.pages});
}

enum drift_err opusfile_new(int fd, const struct layout *layout, uint32_t serial,
			    struct opusfile **out)
{
	struct opusfile *f = calloc(1, sizeof(*f));
	enum drift_err err = DRIFT_OK;

	if (!f)
		return DRIFT_ENOMEM;
	f->fd = fd;
	f->serial = serial;
	f->layout = *layout;
	if (layout->params.vbr && !filelock_try(lock_of_all(f)))
		err = DRIFT_ELOCKED;
	else if (layout->params.vbr)
		err = vbrfile_new(fd, layout, serial, &f->grow);
	if (err) {
		free(f);
		return err;
	}
	*out = f;
	return DRIFT_OK;
}

void opusfile_free(struct opusfile *f)
{
	if (!f)
		return;
	if (f->grow)
		filelock_leave(lock_of_all(f));
	vbrfile_free(f->grow);
	free(f);
}

/* A hole and the file's end read as no page at all. */
bool opusfile_read_page(const struct opusfile *f, int64_t page, uint8_t *out)
{
	size_t bytes = (size_t)layout_page_bytes(&f->layout, page);
	int64_t offset = layout_page_offset(&f->layout, page);

	/* the first bytes alone tell it of nearly all that are not there */
	return io_pread_all(f->fd, out, 4, offset) == DRIFT_OK && out[0] == 'O' &&
	       io_pread_all(f->fd, out, bytes, offset) == DRIFT_OK &&
	       oggopus_page_is(&f->layout, f->serial, page, out, bytes, &bytes);
}

static bool has_segment(const struct opusfile *f, int64_t segment)
{
	struct layout_pages pages = layout_segment_pages(&f->layout, segment);
	uint8_t page[OGGOPUS_PAGE_MAX];

	while (pages.first < pages.end && opusfile_read_page(f, pages.first, page))
		pages.first++;
	return pages.first == pages.end;
}

enum opusfile_claim opusfile_claim(struct opusfile *f, int64_t segment)
{
	if (f->grow)
		return segment < vbrfile_segments(f->grow) ? OPUSFILE_WHOLE : OPUSFILE_YOURS;
	if (!filelock_try(lock_of_segment(f, segment)))
		return OPUSFILE_TAKEN;
	/* under the lock, or it could be whole a moment after the look */
	if (!has_segment(f, segment))
		return OPUSFILE_YOURS;
	filelock_leave(lock_of_segment(f, segment));
	return OPUSFILE_WHOLE;
}

enum drift_err opusfile_put(struct opusfile *f, int64_t page, const void *data, size_t bytes)
{
	enum drift_err err;

	if (f->grow)
		return vbrfile_put(f->grow, page, data, bytes);
	assert((int64_t)bytes == layout_page_bytes(&f->layout, page));
	err = io_pwrite_all(f->fd, data, bytes, layout_page_offset(&f->layout, page));
	if (!err)
		filelock_leave(lock_of_page(f, page));
	return err;
}

bool opusfile_is_being_made(const struct opusfile *f, int64_t page)
{
	return filelock_is_taken(lock_of_page(f, page));
}

void opusfile_wait(const struct opusfile *f, int64_t page, int milliseconds)
{
	if (filelock_wait_shared(lock_of_page(f, page), milliseconds))
		filelock_leave(lock_of_page(f, page));
}

/* On its way to the disk now, so that the last sync has little left to do. */
static void start_writeback(const struct opusfile *f, int64_t segment)
{
	struct layout_pages pages = layout_segment_pages(&f->layout, segment);
	int64_t from = layout_page_offset(&f->layout, pages.first);

	io_begin_sync(f->fd, from, layout_page_offset(&f->layout, pages.end) - from);
}

enum drift_err opusfile_end_segment(struct opusfile *f, int64_t segment)
{
	if (f->grow)
		return vbrfile_end_segment(f->grow, segment);
	start_writeback(f, segment);
	filelock_leave(lock_of_segment(f, segment));
	return DRIFT_OK;
}

void opusfile_give_up_segment(struct opusfile *f, int64_t segment)
{
	if (!f->grow)
		filelock_leave(lock_of_segment(f, segment));
}

enum drift_err opusfile_show(struct opusfile *f, const uint8_t *setup, size_t setup_bytes,
			     struct buf *sidecar)
{
	struct buf entries = {0};
	enum drift_err err;

	assert(f->grow && setup_bytes == (size_t)f->layout.setup_bytes);
	err = vbrfile_add_entries(f->grow, &entries);
	if (!err)
		err = io_pwrite_all(f->fd, setup, setup_bytes, 0);
	if (!err)
		opusidx_write_growing_entries(&f->layout, setup, &entries, sidecar);
	buf_clear(&entries);
	if (err)
		return err;
	return buf_ok(sidecar) ? DRIFT_OK : DRIFT_ENOMEM;
}

static enum drift_err write_sidecar(const struct opusfile *f, const uint8_t *setup,
				    struct buf *sidecar)
{
	if (f->grow)
		opusidx_write_entries(&f->layout, setup, opusfile_bytes(f),
				      vbrfile_entries(f->grow), sidecar);
	else
		opusidx_write(&f->layout, setup, sidecar);
	return buf_ok(sidecar) ? DRIFT_OK : DRIFT_ENOMEM;
}

enum drift_err opusfile_finish(struct opusfile *f, const uint8_t *setup, size_t setup_bytes,
			       struct buf *sidecar)
{
	enum drift_err err;

	assert(setup_bytes == (size_t)f->layout.setup_bytes);
	assert(!f->grow || vbrfile_segments(f->grow) == f->layout.segments);
	err = io_pwrite_all(f->fd, setup, setup_bytes, 0);
	if (err)
		return err;
	if (ftruncate(f->fd, opusfile_bytes(f)) < 0)
		return io_err(errno);
	return write_sidecar(f, setup, sidecar);
}

int64_t opusfile_bytes(const struct opusfile *f)
{
	return f->grow ? vbrfile_bytes(f->grow) : layout_bytes(&f->layout);
}
