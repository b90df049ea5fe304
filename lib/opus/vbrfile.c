#include "opus/vbrfile.h"

#include "base/io.h"
#include "format/seekidx.h"
#include "opus/oggopus.h"

#include <assert.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

/* Pages of a segment that is not due yet. */
struct waiting {
	int64_t segment;
	struct buf data;
	size_t bytes[LAYOUT_SEGMENT_PAGES];
	int pages;
	bool ended;
	struct waiting *next;
};

struct vbrfile {
	int fd;
	uint32_t serial;
	struct layout layout;
	pthread_mutex_t mutex; /* of the members below */
	int64_t turn; /* the segment that is written now */
	int64_t page; /* the next one in the file */
	int64_t bytes;
	struct buf entries;
	struct waiting *waiting; /* in no order */
};

/* Where the next page begins. */
static struct seekidx_entry next_page(const struct vbrfile *g)
{
	return (struct seekidx_entry){
		.sample = (uint64_t)(g->page * LAYOUT_PAGE_SAMPLES),
		.offset = (uint64_t)g->bytes,
	};
}

static void note_page(struct vbrfile *g, size_t bytes)
{
	seekidx_add(&g->entries, next_page(g));
	g->page++;
	g->bytes += (int64_t)bytes;
}

/* Notes the pages of segment if all of them are in the file, from g->bytes on. */
static bool recover_segment(struct vbrfile *g, int64_t segment, uint8_t *room)
{
	struct layout_pages pages = layout_segment_pages(&g->layout, segment);
	size_t bytes[LAYOUT_SEGMENT_PAGES];
	int64_t at = g->bytes;

	for (int64_t page = pages.first; page < pages.end; page++) {
		ssize_t got = pread(g->fd, room, OGGOPUS_PAGE_MAX, at);
		size_t *size = &bytes[page - pages.first];

		if (got <= 0 ||
		    !oggopus_page_is(&g->layout, g->serial, page, room, (size_t)got, size))
			return false;
		at += (int64_t)*size;
	}
	for (int64_t page = pages.first; page < pages.end; page++)
		note_page(g, bytes[page - pages.first]);
	return true;
}

static enum drift_err recover(struct vbrfile *g)
{
	uint8_t *room = malloc(OGGOPUS_PAGE_MAX);

	if (!room)
		return DRIFT_ENOMEM;
	while (g->turn < g->layout.segments && recover_segment(g, g->turn, room))
		g->turn++;
	free(room);
	return DRIFT_OK;
}

enum drift_err vbrfile_new(int fd, const struct layout *layout, uint32_t serial,
			   struct vbrfile **out)
{
	struct vbrfile *g = calloc(1, sizeof(*g));
	enum drift_err err;

	if (!g)
		return DRIFT_ENOMEM;
	pthread_mutex_init(&g->mutex, NULL);
	g->fd = fd;
	g->serial = serial;
	g->layout = *layout;
	g->bytes = layout->setup_bytes;
	err = recover(g);
	if (err) {
		vbrfile_free(g);
		return err;
	}
	*out = g;
	return DRIFT_OK;
}

static void waiting_free(struct waiting *e)
{
	buf_clear(&e->data);
	free(e);
}

void vbrfile_free(struct vbrfile *g)
{
	if (!g)
		return;
	while (g->waiting) {
		struct waiting *e = g->waiting;

		g->waiting = e->next;
		waiting_free(e);
	}
	buf_clear(&g->entries);
	pthread_mutex_destroy(&g->mutex);
	free(g);
}

int64_t vbrfile_segments(struct vbrfile *g)
{
	int64_t turn;

	pthread_mutex_lock(&g->mutex);
	turn = g->turn;
	pthread_mutex_unlock(&g->mutex);
	return turn;
}

static struct waiting **find_waiting(struct vbrfile *g, int64_t segment)
{
	struct waiting **at = &g->waiting;

	while (*at && (*at)->segment != segment)
		at = &(*at)->next;
	return at;
}

static enum drift_err append(struct vbrfile *g, const void *data, size_t bytes)
{
	enum drift_err err = io_pwrite_all(g->fd, data, bytes, g->bytes);

	if (!err)
		note_page(g, bytes);
	return err;
}

static enum drift_err keep(struct vbrfile *g, int64_t segment, const void *data, size_t bytes)
{
	struct waiting **at = find_waiting(g, segment);

	if (!*at) {
		*at = calloc(1, sizeof(**at));
		if (!*at)
			return DRIFT_ENOMEM;
		(*at)->segment = segment;
	}
	assert((*at)->pages < LAYOUT_SEGMENT_PAGES);
	buf_add(&(*at)->data, data, bytes);
	(*at)->bytes[(*at)->pages++] = bytes;
	return buf_ok(&(*at)->data) ? DRIFT_OK : DRIFT_ENOMEM;
}

enum drift_err vbrfile_put(struct vbrfile *g, int64_t page, const void *data, size_t bytes)
{
	int64_t segment = page / LAYOUT_SEGMENT_PAGES;
	enum drift_err err;

	pthread_mutex_lock(&g->mutex);
	assert(segment >= g->turn);
	assert(segment > g->turn || page == g->page);
	err = segment == g->turn ? append(g, data, bytes) : keep(g, segment, data, bytes);
	pthread_mutex_unlock(&g->mutex);
	return err;
}

/* Writes what waited for this turn; *ended: that is all of the segment. */
static enum drift_err append_waiting(struct vbrfile *g, bool *ended)
{
	struct waiting **at = find_waiting(g, g->turn), *e = *at;
	enum drift_err err = DRIFT_OK;
	size_t from = 0;

	*ended = false;
	if (!e)
		return DRIFT_OK;
	for (int i = 0; !err && i < e->pages; from += e->bytes[i++])
		err = append(g, e->data.data + from, e->bytes[i]);
	*ended = e->ended;
	*at = e->next;
	waiting_free(e);
	return err;
}

static enum drift_err advance(struct vbrfile *g)
{
	enum drift_err err = DRIFT_OK;
	bool ended = true;

	while (!err && ended) {
		g->turn++;
		err = append_waiting(g, &ended);
	}
	return err;
}

enum drift_err vbrfile_end_segment(struct vbrfile *g, int64_t segment)
{
	enum drift_err err = DRIFT_OK;

	pthread_mutex_lock(&g->mutex);
	if (segment == g->turn) {
		err = advance(g);
	} else {
		struct waiting *e = *find_waiting(g, segment);

		assert(e);
		e->ended = true;
	}
	pthread_mutex_unlock(&g->mutex);
	return err;
}

enum drift_err vbrfile_add_entries(struct vbrfile *g, struct buf *out)
{
	bool is_empty;

	pthread_mutex_lock(&g->mutex);
	is_empty = g->page == 0;
	buf_add(out, g->entries.data, g->entries.len);
	seekidx_add(out, next_page(g));
	pthread_mutex_unlock(&g->mutex);
	if (is_empty)
		return DRIFT_EMORE;
	return buf_ok(out) ? DRIFT_OK : DRIFT_ENOMEM;
}

const struct buf *vbrfile_entries(const struct vbrfile *g)
{
	return &g->entries;
}

int64_t vbrfile_bytes(const struct vbrfile *g)
{
	return g->bytes;
}
