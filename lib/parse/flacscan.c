#include "parse/flacscan.h"

#include "format/flacframe.h"

#include <stdlib.h>
#include <string.h>

#define READ_BYTES ((size_t)256 << 10) /* that stay in a cache until they are looked at */
#define WINDOW_MAX ((size_t)4 << 20) /* 65,535 samples of 8 channels and 32 bits, twice */

void flacscan_init(struct flacscan *s, struct incoming *in, int64_t start, uint32_t smallest)
{
	*s = (struct flacscan){.in = in, .next = start, .smallest = smallest};
}

void flacscan_clear(struct flacscan *s)
{
	free(s->window);
	s->window = NULL;
	s->have = s->room = s->at = s->seen = 0;
}

static bool is_at_end(const struct flacscan *s)
{
	return s->broken || s->next >= s->in->bytes;
}

/* What was given makes room for what comes. */
static void drop_given(struct flacscan *s)
{
	s->have -= s->at;
	s->seen -= s->at;
	if (s->at && s->have)
		memmove(s->window, s->window + s->at, s->have);
	s->at = 0;
}

static enum drift_err make_room(struct flacscan *s)
{
	size_t room = s->room ? 2 * s->room : 2 * READ_BYTES;
	uint8_t *window;

	drop_given(s);
	if (s->room - s->have >= READ_BYTES)
		return DRIFT_OK;
	if (room > WINDOW_MAX)
		return DRIFT_ELARGE;
	window = realloc(s->window, room);
	if (!window)
		return DRIFT_ENOMEM;
	s->window = window;
	s->room = room;
	return DRIFT_OK;
}

/* DRIFT_EMORE at the end of the file, DRIFT_ELARGE: the frame cannot be one. */
static enum drift_err read_more(struct flacscan *s)
{
	int64_t left = s->in->bytes - s->next;
	size_t want = left < (int64_t)READ_BYTES ? (size_t)left : READ_BYTES;
	enum drift_err err;
	ssize_t got;

	if (is_at_end(s))
		return DRIFT_EMORE;
	err = make_room(s);
	if (err)
		return err;
	got = incoming_read(s->in, s->window + s->have, want, s->next);
	if (got <= 0) {
		s->broken = true;
		return DRIFT_EMORE;
	}
	s->next += got;
	s->have += (size_t)got;
	return DRIFT_OK;
}

/* The next header from seen on; seen is moved there, or to where one may start
   that is not read whole. */
static enum drift_err next_header(struct flacscan *s, struct flacframe *out)
{
	while (s->seen < s->have) {
		const uint8_t *hit = memchr(s->window + s->seen, 0xff, s->have - s->seen);
		enum drift_err err;

		s->seen = hit ? (size_t)(hit - s->window) : s->have;
		if (!hit)
			break;
		err = flacframe_parse(hit, s->have - s->seen, out);
		if (err != DRIFT_EFORMAT)
			return err;
		s->seen++;
	}
	return DRIFT_EMORE;
}

static bool starts_next(const struct flacscan *s, const struct flacframe *next)
{
	return flacframe_follows(&s->frame, next) ||
	       flacframe_is_sound(s->window + s->at, s->seen - s->at);
}

/* Moves to the next frame, over what is none. DRIFT_EMORE: there is none. */
static enum drift_err enter(struct flacscan *s)
{
	enum drift_err err;

	if (s->entered)
		return DRIFT_OK;
	while ((err = next_header(s, &s->frame)) == DRIFT_EMORE) {
		s->at = s->seen; /* nothing before it is a frame */
		err = read_more(s);
		if (err)
			return err;
	}
	s->at = s->seen;
	s->entered = true;
	return err;
}

static void give(struct flacscan *s, size_t end, struct flacscan_run *run)
{
	run->entry[run->packets++] =
		(struct packing_entry){(uint32_t)(end - s->at), (uint32_t)s->frame.samples};
	run->samples += s->frame.samples;
	run->bytes += end - s->at;
	s->at = end;
}

static size_t least_bytes(const struct flacscan *s)
{
	size_t least = FLACFRAME_BYTES_MIN;

	if (s->smallest > least)
		least = s->smallest;
	return least;
}

/* The byte behind the metadata of the stream that begins at at: RFC 9639 section 8.1. */
static int64_t skip_metadata(struct incoming *in, int64_t at)
{
	uint8_t head[4] = {0};

	at += 4;
	do {
		if (incoming_fill(in, head, sizeof(head), at) != (ssize_t)sizeof(head))
			return in->bytes;
		at += 4 + ((int64_t)head[1] << 16 | head[2] << 8 | head[3]);
	} while (!(head[0] & 0x80));
	return at;
}

static void restart(struct flacscan *s, int64_t next)
{
	s->next = next;
	s->have = s->at = s->seen = 0;
	s->entered = s->strange = false;
}

/* Gives the present frame if it ends in front of another stream, and goes behind that one's head.
 */
static bool cut_at_stream(struct flacscan *s, struct flacscan_run *run)
{
	const uint8_t *frame = s->window + s->at;
	const uint8_t *magic = s->strange ? memmem(frame, s->have - s->at, "fLaC", 4) : NULL;
	int64_t place;

	if (!magic || !flacframe_is_sound(frame, (size_t)(magic - frame)))
		return false;
	place = s->next - (int64_t)(s->have - (size_t)(magic - s->window));
	give(s, (size_t)(magic - s->window), run);
	restart(s, skip_metadata(s->in, place));
	return true;
}

/* Gives the present frame and enters the next one. False: it is not whole here. */
static bool step(struct flacscan *s, struct flacscan_run *run)
{
	struct flacframe next;

	if (s->seen < s->at + least_bytes(s))
		s->seen = s->at + least_bytes(s);
	while (s->seen < s->have) {
		if (next_header(s, &next) != DRIFT_OK)
			return false;
		if (starts_next(s, &next)) {
			if (cut_at_stream(s, run))
				return true;
			give(s, s->seen, run);
			s->frame = next;
			s->strange = false;
			return true;
		}
		s->strange = true;
		s->seen++;
	}
	return false;
}

/* What is left of the window is one frame: the last one, or no frame at all. */
static void give_rest(struct flacscan *s, struct flacscan_run *run)
{
	give(s, s->have, run);
	s->seen = s->have;
	s->entered = s->strange = false;
}

static enum drift_err collect(struct flacscan *s, int64_t most, struct flacscan_run *run)
{
	enum drift_err err = DRIFT_OK;

	while (!err && s->entered && run->samples < most && run->packets < PACKING_PACKETS_MAX)
		if (!step(s, run))
			err = read_more(s);
	if (err == DRIFT_EMORE || err == DRIFT_ELARGE) {
		if (cut_at_stream(s, run))
			return DRIFT_OK;
		run->ended = err == DRIFT_EMORE;
		give_rest(s, run);
		return DRIFT_OK;
	}
	return err;
}

enum drift_err flacscan_next(struct flacscan *s, int64_t most, struct flacscan_run *run)
{
	enum drift_err err = enter(s);

	run->bytes = 0;
	run->packets = 0;
	run->samples = 0;
	run->ended = err == DRIFT_EMORE;
	if (err)
		return run->ended ? DRIFT_OK : err;
	run->at = s->next - (int64_t)(s->have - s->at);
	return collect(s, most, run);
}
