#include "make/virtualfile.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/minmax.h"
#include "base/turnstile.h"
#include "catalogue/artifact.h"
#include "catalogue/playhead.h"
#include "catalogue/store.h"
#include "make/pagemaker.h"
#include "opus/oggopus.h"
#include "opus/opusfile.h"

#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOOK_MS 100 /* at most between two looks at what others make, and at the listener */
#define QUEUE_MS 20 /* likewise, of one who waits for an encoder */
#define BEGIN_MS 3000 /* in which an encoder becomes free, or a listener is told to come back */
#define STUCK_MS 60000 /* until one who waits for others gives up */
#define AHEAD_BYTES 65536 /* that any server takes at once, from one who still encodes */
#define SPARED_SEGMENTS 3 /* found whole in a row: the encoder is not needed here */

struct virtualfile {
	const struct conf *conf;
	const struct sound *sound;
	const struct opusplan *plan;
	struct artifact part;
	struct opusfile *file;
	struct turnstile turnstile;
	struct pagemaker *maker; /* NULL until it is needed */
	int64_t segment; /* that is ours to make; -1: none */
	int64_t told; /* the segment that the playhead is at; -1: it was not told */
	int spared; /* segments in a row that were there */
	struct virtualfile_listener listener;
	int64_t first, last; /* of the range being sent */
	int64_t page, end; /* the next one to be sent, and behind the last */
	int64_t ahead; /* bytes that may still be sent while more is encoded */
	int64_t step; /* pages that are waited for at a time */
};

static bool open_whole(struct virtualfile *v)
{
	struct store_path path =
		store_file(v->conf, &v->sound->track, v->sound->version, v->plan->file.text);
	int fd = open(path.text, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	struct stat st;

	if (fd >= 0 && fstat(fd, &st) == 0 && st.st_size == layout_bytes(&v->plan->layout)) {
		v->part = (struct artifact){.fd = fd};
		return true;
	}
	if (fd >= 0)
		close(fd);
	return false;
}

/* The whole file, where it is there by now; else what all fill. */
static enum drift_err open_file(struct virtualfile *v)
{
	struct artifact part;
	enum drift_err err;

	if (open_whole(v))
		return DRIFT_OK;
	err = artifact_join(v->conf, &v->sound->track, v->sound->version, v->plan->file.text,
			    v->plan->part, &part);
	if (err)
		return err;
	/* published in this very moment: then nobody needs the part file that was made */
	if (open_whole(v))
		artifact_drop(&part);
	else
		v->part = part;
	/* the sweep takes away what nobody has asked for, or written to, for a while */
	if (*v->plan->graph.text && futimens(v->part.fd, NULL) < 0)
		log_errno("virtualfile: touch %s", v->part.part.text);
	return DRIFT_OK;
}

enum drift_err virtualfile_new(const struct conf *conf, const struct sound *sound,
			       const struct opusplan *plan, struct virtualfile **out)
{
	struct virtualfile *v = calloc(1, sizeof(*v));
	char path[PATH_MAX];
	enum drift_err err;

	if (!v)
		return DRIFT_ENOMEM;
	v->conf = conf;
	v->sound = sound;
	v->plan = plan;
	v->segment = v->told = -1;
	v->part.fd = -1;
	snprintf(path, sizeof(path), "%s.encoders", conf->lock);
	v->turnstile = turnstile_open(path, (int)conf->threads);
	err = open_file(v);
	if (!err)
		err = opusfile_new(v->part.fd, &plan->layout, plan->serial, &v->file);
	if (err) {
		virtualfile_free(v);
		return err;
	}
	*out = v;
	return DRIFT_OK;
}

static void put_maker_away(struct virtualfile *v)
{
	pagemaker_free(v->maker);
	v->maker = NULL;
}

void virtualfile_free(struct virtualfile *v)
{
	if (!v)
		return;
	put_maker_away(v);
	opusfile_free(v->file);
	artifact_leave(&v->part);
	turnstile_close(&v->turnstile);
	free(v);
}

/* --- whose a segment is ------------------------------------------------------------ */

static void leave_segment(struct virtualfile *v)
{
	if (v->segment < 0)
		return;
	opusfile_give_up_segment(v->file, v->segment);
	turnstile_leave(&v->turnstile);
	v->segment = -1;
}

/* With a place at the turnstile: is it ours to make? */
static bool claim_segment(struct virtualfile *v, int64_t segment)
{
	if (opusfile_claim(v->file, segment) == OPUSFILE_YOURS) {
		v->segment = segment;
		return true;
	}
	turnstile_leave(&v->turnstile);
	return false;
}

enum virtualfile_outlook virtualfile_look(struct virtualfile *v, int64_t first, int64_t last)
{
	struct layout_pages want = layout_pages_under(&v->plan->layout, first, last + 1);
	int64_t page = want.first;
	uint8_t data[OGGOPUS_PAGE_MAX];

	while (page < want.end && opusfile_read_page(v->file, page, data))
		page++;
	if (page == want.end)
		return VIRTUALFILE_THERE;
	if (opusfile_is_being_made(v->file, page))
		return VIRTUALFILE_COMING;
	if (page == want.first && v->segment < 0 && turnstile_try(&v->turnstile) &&
	    !claim_segment(v, page / LAYOUT_SEGMENT_PAGES))
		return VIRTUALFILE_COMING;
	return VIRTUALFILE_COLD;
}

/* The next pages are made by somebody else: sleeps until some more of them are there. */
static void wait_for_others(struct virtualfile *v)
{
	int64_t segment_end =
		layout_segment_pages(&v->plan->layout, v->page / LAYOUT_SEGMENT_PAGES).end;
	int64_t end = min64(min64(v->page + v->step, v->end), segment_end);

	opusfile_wait(v->file, end - 1, LOOK_MS);
	v->step = min64(2 * v->step, LAYOUT_SEGMENT_PAGES);
}

/* The next page is not there, and not made here: waits for a while until it is either. A place
   at the turnstile comes first: who waits for one keeps nobody from encoding. */
static void get_on(struct virtualfile *v, int64_t *patience_ms)
{
	int64_t begun = clock_ms();

	if (opusfile_is_being_made(v->file, v->page)) {
		wait_for_others(v);
		return;
	}
	if (!turnstile_wait(&v->turnstile, QUEUE_MS))
		*patience_ms -= clock_ms() - begun;
	else
		(void)claim_segment(v, v->page / LAYOUT_SEGMENT_PAGES);
}

/* Whoever makes the whole rendition meanwhile goes on here; with a preset nobody does. */
static void tell_playhead(struct virtualfile *v)
{
	int64_t segment = v->page / LAYOUT_SEGMENT_PAGES;

	if (segment == v->told || *v->plan->graph.text || !v->part.shared)
		return;
	v->told = segment;
	playhead_set(v->conf, &v->sound->track, v->sound->version, segment);
}

/*
 * Waits until the next page is there, or its segment is ours.
 *
 * patience_ms  with which it is waited while nobody makes it
 * out          the page, where it is there
 *
 * DRIFT_EBUSY: neither, for so long.
 */
static enum drift_err get_page(struct virtualfile *v, int64_t patience_ms, uint8_t *out,
			       bool *is_there)
{
	int64_t end = clock_ms() + STUCK_MS;
	enum drift_err err = DRIFT_OK;

	tell_playhead(v);
	for (;;) {
		*is_there = opusfile_read_page(v->file, v->page, out);
		if (!*is_there && v->segment == v->page / LAYOUT_SEGMENT_PAGES)
			return DRIFT_OK;
		/* how long he takes to take it is nobody else's business */
		leave_segment(v);
		if (*is_there)
			return DRIFT_OK;
		if (err)
			return err;
		get_on(v, &patience_ms);
		err = v->listener.ask(v->listener.context);
		if (!err && v->segment < 0 && (patience_ms <= 0 || clock_ms() >= end))
			err = DRIFT_EBUSY;
	}
}

/* --- sending ------------------------------------------------------------------------ */

/* Of the bytes that begin at offset, those of the range. */
static enum drift_err send_visible(struct virtualfile *v, int64_t offset, const void *data,
				   size_t bytes)
{
	int64_t from = v->first > offset ? v->first : offset;
	int64_t end = offset + (int64_t)bytes;
	int64_t to = v->last + 1 < end ? v->last + 1 : end;

	if (from >= to)
		return DRIFT_OK;
	return v->listener.take(v->listener.context, from, (const char *)data + (from - offset),
				(size_t)(to - from));
}

static enum drift_err send_page(struct virtualfile *v, const void *data)
{
	int64_t page = v->page++;

	return send_visible(v, layout_page_offset(&v->plan->layout, page), data,
			    (size_t)layout_page_bytes(&v->plan->layout, page));
}

/*
 * What is made on the way to the page that he wants is others' to have, too. Only what he
 * can take at once is sent from here: nobody waits for him, and he for no more than the segment.
 */
static enum drift_err take_made(void *context, int64_t page, const void *data, size_t bytes)
{
	struct virtualfile *v = context;
	enum drift_err err = opusfile_put(v->file, page, data, bytes);

	if (err) {
		log_errno("virtualfile: write %s", v->part.part.text);
	} else if (page == v->page && page < v->end && v->ahead > 0) {
		v->ahead -= (int64_t)bytes;
		err = send_page(v, data);
	}
	return err ? err : v->listener.ask(v->listener.context);
}

static enum drift_err prepare_maker(struct virtualfile *v)
{
	return v->maker ? DRIFT_OK : pagemaker_new(v->conf, v->sound, v->plan, &v->maker);
}

/* Makes our segment as far as it is wanted. */
static enum drift_err make_segment(struct virtualfile *v)
{
	struct layout_pages want = layout_segment_pages(&v->plan->layout, v->segment);
	enum drift_err err = prepare_maker(v);

	want.first = layout_run_start(v->page);
	want.end = min64(want.end, v->end);
	v->spared = 0;
	if (!err)
		err = pagemaker_make(v->maker, want, v->page, take_made, v);
	leave_segment(v);
	return err;
}

/* The next page, which is there. */
static enum drift_err pass_on(struct virtualfile *v, const uint8_t *data)
{
	if (v->page % LAYOUT_SEGMENT_PAGES == 0 && ++v->spared > SPARED_SEGMENTS)
		put_maker_away(v);
	return send_page(v, data);
}

static enum drift_err send_pages(struct virtualfile *v)
{
	uint8_t data[OGGOPUS_PAGE_MAX];
	enum drift_err err = DRIFT_OK;
	bool is_there;

	while (!err && v->page < v->end) {
		err = get_page(v, STUCK_MS, data, &is_there);
		if (!err)
			err = is_there ? pass_on(v, data) : make_segment(v);
	}
	leave_segment(v);
	return err;
}

static void begin_at(struct virtualfile *v, struct layout_pages want)
{
	v->page = want.first;
	v->end = want.end;
	v->step = 1;
}

enum drift_err virtualfile_begin(struct virtualfile *v, const struct virtualfile_listener *listener,
				 int64_t offset)
{
	uint8_t data[OGGOPUS_PAGE_MAX];
	bool is_there;
	enum drift_err err;

	v->listener = *listener;
	v->ahead = AHEAD_BYTES;
	begin_at(v, layout_pages_under(&v->plan->layout, offset, offset + 1));
	if (v->page == v->end)
		return DRIFT_OK;
	err = get_page(v, BEGIN_MS, data, &is_there);
	if (!err && !is_there)
		err = prepare_maker(v);
	return err;
}

enum drift_err virtualfile_send(struct virtualfile *v, int64_t first, int64_t last)
{
	enum drift_err err;

	v->first = first;
	v->last = last;
	begin_at(v, layout_pages_under(&v->plan->layout, first, last + 1));
	err = send_visible(v, 0, v->plan->setup.data, v->plan->setup.len);
	if (!err)
		err = send_pages(v);
	if (err == DRIFT_EBUSY)
		log_error("virtualfile: %s version %d: nobody made the page that was waited for",
			  v->sound->track.text, v->sound->version);
	return err;
}
