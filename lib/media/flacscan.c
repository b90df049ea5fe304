#include "media/flacscan.h"

#include "media/flacframe.h"

#include <stdlib.h>
#include <string.h>

#define READ_BYTES ((size_t)256 << 10)

void flacscan_init(struct flacscan *s, struct incoming *in, int64_t start, uint32_t smallest)
{
	*s = (struct flacscan){.in = in, .at = start, .smallest = smallest};
}

void flacscan_clear(struct flacscan *s)
{
	free(s->rest);
	s->rest = NULL;
	s->rest_bytes = s->rest_room = 0;
}

/* The bytes of one call: those from frame on are not given yet. */
struct window {
	struct flacscan *scan;
	struct flacscan_run *run;
	size_t have; /* bytes in run->data */
	size_t at; /* where the present frame starts */
	size_t seen; /* no frame starts between it and here */
	struct flacframe frame;
};

static bool is_at_end(const struct window *w)
{
	return w->scan->broken || w->scan->at >= w->scan->in->bytes;
}

/* False when nothing more came. */
static bool read_more(struct window *w)
{
	struct flacscan *s = w->scan;
	size_t want = w->run->room - w->have;
	ssize_t got;

	if (want > READ_BYTES)
		want = READ_BYTES;
	if ((int64_t)want > s->in->bytes - s->at)
		want = (size_t)(s->in->bytes - s->at);
	got = want ? incoming_read(s->in, w->run->data + w->have, want, s->at) : 0;
	s->broken = s->broken || got < 0 || (want && got == 0);
	if (got <= 0)
		return false;
	s->at += got;
	w->have += (size_t)got;
	return true;
}

/* The next header from seen on; seen is moved there, or to where one may start
   that is not read whole. */
static enum drift_err next_header(struct window *w, struct flacframe *out)
{
	const uint8_t *data = w->run->data;

	while (w->seen < w->have) {
		const uint8_t *hit = memchr(data + w->seen, 0xff, w->have - w->seen);
		enum drift_err err;

		w->seen = hit ? (size_t)(hit - data) : w->have;
		if (!hit)
			break;
		err = flacframe_parse(hit, w->have - w->seen, out);
		if (err != DRIFT_EFORMAT)
			return err;
		w->seen++;
	}
	return DRIFT_EMORE;
}

static bool starts_next(const struct window *w, const struct flacframe *next)
{
	return flacframe_follows(&w->frame, next) ||
	       flacframe_is_sound(w->run->data + w->at, w->seen - w->at);
}

/* Moves to the first frame, over what is none. DRIFT_EMORE: there is none. */
static enum drift_err enter(struct window *w)
{
	enum drift_err err;

	while ((err = next_header(w, &w->frame)) == DRIFT_EMORE) {
		/* nothing before seen is a frame: make room by dropping it */
		memmove(w->run->data, w->run->data + w->seen, w->have - w->seen);
		w->have -= w->seen;
		w->seen = 0;
		if (!read_more(w))
			return DRIFT_EMORE;
	}
	w->at = w->seen;
	return err;
}

static void give(struct window *w, size_t end)
{
	struct flacscan_run *run = w->run;

	/* what was dropped in front of the first frame leaves no gap */
	run->entry[run->packets++] =
		(struct packing_entry){(uint32_t)(end - w->at), (uint32_t)w->frame.samples};
	run->samples += w->frame.samples;
	run->bytes += end - w->at;
	w->at = end;
}

static size_t least_bytes(const struct window *w)
{
	size_t least = FLACFRAME_BYTES_MIN;

	if (w->scan->smallest > least)
		least = w->scan->smallest;
	return least;
}

/* Gives the present frame and enters the next one. False: it is not whole here. */
static bool step(struct window *w)
{
	struct flacframe next;

	if (w->seen < w->at + least_bytes(w))
		w->seen = w->at + least_bytes(w);
	while (w->seen < w->have) {
		if (next_header(w, &next) != DRIFT_OK)
			return false;
		if (starts_next(w, &next)) {
			give(w, w->seen);
			w->frame = next;
			return true;
		}
		w->seen++;
	}
	return false;
}

static enum drift_err keep_rest(const struct window *w)
{
	struct flacscan *s = w->scan;
	size_t bytes = w->have - w->at;

	if (bytes > s->rest_room) {
		uint8_t *rest = realloc(s->rest, bytes);

		if (!rest)
			return DRIFT_ENOMEM;
		s->rest = rest;
		s->rest_room = bytes;
	}
	if (bytes)
		memcpy(s->rest, w->run->data + w->at, bytes);
	s->rest_bytes = bytes;
	return DRIFT_OK;
}

/* Entered: the first frame's bytes must lie at the run's start. */
static void align(struct window *w)
{
	memmove(w->run->data, w->run->data + w->at, w->have - w->at);
	w->have -= w->at;
	w->at = w->seen = 0;
}

static void collect(struct window *w, int64_t most)
{
	struct flacscan_run *run = w->run;

	while (run->samples < most && run->packets < PACKING_PACKETS_MAX) {
		if (step(w))
			continue;
		if (w->have < run->room && read_more(w))
			continue;
		if (is_at_end(w) || run->packets == 0) {
			run->ended = is_at_end(w);
			give(w, w->have);
		}
		break;
	}
}

enum drift_err flacscan_next(struct flacscan *s, int64_t most, struct flacscan_run *run)
{
	struct window w = {.scan = s, .run = run, .have = s->rest_bytes};

	run->bytes = 0;
	run->packets = 0;
	run->samples = 0;
	run->ended = false;
	if (s->rest_bytes)
		memcpy(run->data, s->rest, s->rest_bytes);
	s->rest_bytes = 0;
	if (enter(&w) != DRIFT_OK) {
		run->ended = true;
		return DRIFT_OK;
	}
	if (w.at > 0)
		align(&w);
	collect(&w, most);
	return keep_rest(&w);
}
