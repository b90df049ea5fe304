#include "media/remux.h"

#include "base/io.h"
#include "base/log.h"
#include "media/filmcodec.h"
#include "media/flacframe.h"
#include "media/fragments.h"
#include "media/grid.h"
#include "media/seekidx.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ALONE 6 /* fragments that are copied one by one */
#define TOGETHER_MAX 12 /* and then so many at once, at most */

/* The work on one file. Positions are samples from the start of the first packet. */
struct work {
	const struct remux_order *order;
	struct remux_result *result;
	struct decoder *decoder[REMUX_CHILDREN_MAX];
	int children; /* that run */
	int64_t asked, taken; /* runs of packets, in order */
	int64_t plan_at; /* encoding: where the next run that is asked for starts */
	int64_t plan_step; /* fragments planned, on the grid */
	int64_t step; /* copying: the fragment on the grid that is being filled */
	bool ended; /* the last packet is in */
	int64_t unheard; /* samples behind it of packets that nobody would hear */
	size_t setup_bytes, index_room;
	uint32_t smallest, largest; /* packets, bytes */
	struct buf head; /* of the present fragment */
	struct buf init; /* film: the setup as the child wrote it */
	struct fragments fragments; /* that are written */
	char *reason;
};

/* --- the grid ------------------------------------------------------------------- */

static int64_t end_of_heard(const struct work *w)
{
	return w->result->extent.delay + w->result->extent.samples;
}

static int64_t total_samples(const struct work *w)
{
	return end_of_heard(w) + w->result->extent.padding;
}

/* Fragment i is copied up to here: the last one takes all that is left. */
static int64_t fragment_until(const struct work *w, int64_t i)
{
	int64_t until = w->result->extent.delay + grid_at(i + 1, w->order->rate);

	return until < end_of_heard(w) ? until : INT64_MAX;
}

/* Fragments that fit into a slot however badly they are packed. */
static int64_t together(const struct work *w)
{
	struct packing p = w->result->packing;
	int64_t fit;

	p.bits = p.bits ? p.bits : 16;
	fit = decoder_encode_max(&p) / ((int64_t)GRID_SECONDS * p.rate);
	if (fit < 1)
		return 1;
	return fit < TOGETHER_MAX ? fit : TOGETHER_MAX;
}

/* Copying costs less than taking turns: but for the first ones, that somebody may wait
   for, several fragments are asked for at once. */
static int64_t copy_until(const struct work *w, int64_t run)
{
	if (run < ALONE)
		return fragment_until(w, run);
	return fragment_until(w, ALONE - 1 + (run - ALONE + 1) * together(w));
}

static int64_t round_up(int64_t v, int64_t step)
{
	return (v + step - 1) / step * step;
}

/* The samples of the next run that is encoded: a fragment of the grid, or as much
   of it as a slot holds. */
static int32_t plan_run(struct work *w)
{
	int64_t most = decoder_encode_max(&w->result->packing), until;

	do {
		until = round_up(grid_at(w->plan_step + 1, w->order->rate), PACKING_BLOCK);
		if (until <= w->plan_at)
			w->plan_step++;
	} while (until <= w->plan_at);
	if (until > w->result->extent.samples)
		until = w->result->extent.samples;
	return (int32_t)(until - w->plan_at < most ? until - w->plan_at : most);
}

/* --- children -------------------------------------------------------------------- */

static enum drift_err refuse(struct work *w, const char *reason)
{
	snprintf(w->reason, REMUX_REASON_MAX, "%s", reason);
	return DRIFT_EMEDIA;
}

static enum drift_err start_child(struct work *w)
{
	const struct remux_order *o = w->order;
	int64_t hours = o->extent.samples / ((int64_t)o->rate * 3600) + 1;
	enum drift_err err =
		decoder_new_repackaging(o->program, &o->limits, o->source, hours,
					&w->decoder[w->children], w->reason, REMUX_REASON_MAX);

	if (!err)
		w->children++;
	return err;
}

static enum drift_err start_first(struct work *w)
{
	const struct decoder_facts *facts;
	char sentence[REMUX_REASON_MAX];
	enum drift_err err = start_child(w);

	if (err)
		return err;
	facts = decoder_get_facts(w->decoder[0]);
	w->result->packing = *decoder_get_packing(w->decoder[0]);
	if (facts->sample_rate != w->order->rate)
		return refuse(w, "it has another sample rate than the file that was uploaded");
	if (w->result->packing.way != PACKING_NONE)
		return DRIFT_OK;
	snprintf(sentence, sizeof(sentence), "no browser takes %s in MP4", facts->codec);
	return refuse(w, sentence);
}

/* More of them than there are fragments would only wait. */
static enum drift_err start_others(struct work *w)
{
	enum drift_err err = DRIFT_OK;

	while (!err && w->children < w->order->children &&
	       grid_at(w->children, w->order->rate) < w->order->extent.samples)
		err = start_child(w);
	return err;
}

static struct decoder *child_of(const struct work *w, int64_t run)
{
	return w->decoder[run % w->children];
}

static int slot_of(const struct work *w, int64_t run)
{
	return (int)(run / w->children % DECODER_SLOTS);
}

static bool is_all_asked(const struct work *w)
{
	return w->result->packing.way == PACKING_FLAC && w->plan_at >= w->result->extent.samples;
}

static enum drift_err ask_next(struct work *w)
{
	struct decoder *d = child_of(w, w->asked);
	int slot = slot_of(w, w->asked);
	int64_t first = w->plan_at;
	int32_t count;

	if (w->result->packing.way == PACKING_COPY)
		return decoder_ask_copy(d, slot, copy_until(w, w->asked++));
	if (w->result->packing.way == PACKING_FILM) {
		w->asked++;
		return decoder_ask_film(d, slot);
	}
	count = plan_run(w);
	w->plan_at += count;
	w->asked++;
	return decoder_ask_encode(d, slot, first, count);
}

/* Keeps every slot of every child at work. */
static enum drift_err ask(struct work *w)
{
	enum drift_err err = DRIFT_OK;

	while (!err && !is_all_asked(w) && w->asked - w->taken < w->children * DECODER_SLOTS)
		err = ask_next(w);
	return err;
}

/* The child's own sentence, where it was lost. */
static enum drift_err explain(struct work *w, const struct decoder *d, enum drift_err err)
{
	return err == DRIFT_EMEDIA ? refuse(w, decoder_get_reason(d)) : err;
}

/* --- the file ----------------------------------------------------------------------- */

static enum drift_err write_at(const struct work *w, const void *data, size_t bytes, int64_t offset)
{
	enum drift_err err = io_pwrite_all(w->order->fd, data, bytes, offset);

	if (err)
		log_errno("remux: write %s", w->order->file);
	return err;
}

static int64_t samples_of(const struct decoder_packets *p)
{
	int64_t samples = 0;

	for (uint32_t i = 0; i < p->count; i++)
		samples += p->entry[i].samples;
	return samples;
}

static void measure_packets(struct work *w, const struct decoder_packets *p)
{
	for (uint32_t i = 0; i < p->count; i++) {
		uint32_t bytes = p->entry[i].bytes;

		if (w->smallest == 0 || bytes < w->smallest)
			w->smallest = bytes;
		if (bytes > w->largest)
			w->largest = bytes;
	}
}

static enum drift_err add_fragment(struct work *w, const struct decoder_packets *p)
{
	const struct fmp4_fragment fragment = {
		.number = w->fragments.count + 1,
		.at = w->fragments.at,
		.packet = p->entry,
		.packets = p->count,
	};
	enum drift_err err;

	buf_reset(&w->head);
	fmp4_add_fragment(&w->head, &fragment);
	if (!buf_ok(&w->head))
		return DRIFT_ENOMEM;
	err = write_at(w, w->head.data, w->head.len, w->fragments.offset);
	if (!err)
		err = write_at(w, p->data, p->bytes, w->fragments.offset + (int64_t)w->head.len);
	fragments_add(&w->fragments, (int64_t)(w->head.len + p->bytes), samples_of(p));
	measure_packets(w, p);
	return err;
}

/* The first packets of a run, as far as they start before until. */
static struct decoder_packets head_of(const struct work *w, const struct decoder_packets *p,
				      int64_t until)
{
	struct decoder_packets head = {.data = p->data, .entry = p->entry};
	int64_t at = w->fragments.at;

	while (head.count < p->count && at < until) {
		at += p->entry[head.count].samples;
		head.bytes += p->entry[head.count++].bytes;
	}
	return head;
}

/* A run as the fragments of the grid. What nobody would hear is left out. */
static enum drift_err add_copied(struct work *w, const struct decoder_packets *run)
{
	struct decoder_packets rest = *run, head;
	enum drift_err err = DRIFT_OK;

	while (!err && rest.count > 0 && w->fragments.at < end_of_heard(w)) {
		while (fragment_until(w, w->step) <= w->fragments.at)
			w->step++;
		head = head_of(w, &rest, fragment_until(w, w->step));
		err = add_fragment(w, &head);
		rest.data += head.bytes;
		rest.bytes -= head.bytes;
		rest.entry += head.count;
		rest.count -= head.count;
	}
	w->unheard += samples_of(&rest);
	return err;
}

static bool is_box(const struct decoder_packets *p, const char *type)
{
	return p->bytes > 8 && memcmp(p->data + 4, type, 4) == 0;
}

static enum drift_err take_init(struct work *w, const struct decoder_packets *p)
{
	if (!is_box(p, "ftyp") || p->bytes > SEEKIDX_SETUP_MAX)
		return refuse(w, "its pictures do not fit into MP4");
	buf_add(&w->init, p->data, p->bytes);
	w->setup_bytes = p->bytes;
	w->fragments.offset = (int64_t)p->bytes;
	return buf_ok(&w->init) ? DRIFT_OK : DRIFT_ENOMEM;
}

/* A piece of a film: the init segment, and then whole fragments. */
static enum drift_err add_piece(struct work *w, const struct decoder_packets *p)
{
	enum drift_err err;

	if (w->init.len == 0)
		return take_init(w, p);
	if (!is_box(p, "moof"))
		return refuse(w, "its pictures do not fit into MP4");
	err = write_at(w, p->data, p->bytes, w->fragments.offset);
	fragments_add(&w->fragments, (int64_t)p->bytes, p->entry[0].samples);
	return err;
}

static double progress(const struct work *w)
{
	int64_t total = total_samples(w);

	return w->fragments.at < total ? (double)w->fragments.at / (double)total : 1.0;
}

static enum drift_err add(struct work *w, const struct decoder_packets *packets)
{
	switch (w->result->packing.way) {
	case PACKING_FILM:
		return add_piece(w, packets);
	case PACKING_COPY:
		return add_copied(w, packets);
	default:
		return add_fragment(w, packets);
	}
}

static enum drift_err take_next(struct work *w)
{
	struct decoder *d = child_of(w, w->taken);
	int64_t from = w->fragments.offset;
	struct decoder_packets packets;
	enum drift_err err = decoder_wait_packets(d, slot_of(w, w->taken), &packets);

	if (err)
		return explain(w, d, err);
	w->taken++;
	w->result->rounded += packets.rounded;
	if (packets.count)
		err = add(w, &packets);
	io_begin_sync(w->order->fd, from, w->fragments.offset - from);
	if (w->result->packing.way == PACKING_FLAC)
		w->ended = is_all_asked(w) && w->taken == w->asked;
	else
		w->ended = packets.ended;
	return err ? err : w->order->tick(w->order->context, progress(w));
}

/* --- what is known at the end --------------------------------------------------------- */

/* Fragments there can be at most: a slot may end one before its time. */
static uint32_t most_fragments(const struct work *w)
{
	int64_t most = 16 + total_samples(w) / ((int64_t)w->order->rate * GRID_SECONDS);

	if (w->result->packing.way == PACKING_FLAC)
		most += total_samples(w) / decoder_encode_max(&w->result->packing);
	return (uint32_t)(most < FMP4_SIDX_ENTRIES_MAX ? most : FMP4_SIDX_ENTRIES_MAX);
}

static enum drift_err start_file(struct work *w)
{
	struct buf init = {0};

	fmp4_add_init(&init, &w->result->packing, &w->result->extent);
	w->setup_bytes = init.len;
	w->index_room = fmp4_sidx_bytes(most_fragments(w));
	w->fragments.offset = (int64_t)(w->setup_bytes + w->index_room);
	buf_clear(&init);
	return w->setup_bytes ? DRIFT_OK : DRIFT_ENOMEM;
}

/* The setup as it stays, and the index, in front of the fragments. */
static enum drift_err add_front(struct work *w, struct buf *front)
{
	fmp4_add_init(front, &w->result->packing, &w->result->extent);
	return fragments_add_sidx(&w->fragments, &w->result->packing, w->index_room, front)
		       ? DRIFT_OK
		       : DRIFT_ENOMEM;
}

static enum drift_err add_texts(struct work *w, const struct buf *front)
{
	struct remux_result *r = w->result;
	struct fragments_file file = {
		.setup = (const uint8_t *)front->data,
		.setup_bytes = w->setup_bytes,
		.exact = memcmp(r->packing.codec, "fLaC", 4) == 0,
		.rate = w->order->rate,
		.delay = r->extent.delay,
		.samples = r->extent.samples,
		.file = w->order->file,
		.playlist = w->order->playlist,
		.codecs = r->codec,
		.width = r->width,
		.height = r->height,
	};

	memcpy(file.codec, r->packing.codec, sizeof(file.codec));
	r->bytes = w->fragments.offset;
	r->bitrate = fragments_bitrate(&w->fragments, &file);
	fragments_add_sidecar(&w->fragments, &file, &r->sidecar);
	return fragments_add_playlists(&w->fragments, &file, &r->media, &r->master) &&
			       buf_ok(&r->sidecar)
		       ? DRIFT_OK
		       : DRIFT_ENOMEM;
}

/* The child's boxes stay as they are. */
static enum drift_err finish_film(struct work *w)
{
	struct remux_result *r = w->result;
	struct filmcodec codec;
	enum drift_err err;

	if (w->fragments.count == 0 ||
	    filmcodec_read((const uint8_t *)w->init.data, w->init.len, &codec) != DRIFT_OK)
		return refuse(w, "there is nothing to be seen in it");
	r->extent = (struct fmp4_extent){.samples = w->fragments.at};
	r->is_film = true;
	r->width = codec.width;
	r->height = codec.height;
	snprintf(r->codec, sizeof(r->codec), "%s,%s", codec.pictures, codec.sound);
	err = write_at(w, w->init.data, w->init.len, 0);
	return err ? err : add_texts(w, &w->init);
}

static enum drift_err finish(struct work *w)
{
	struct buf front = {0};
	char sentence[REMUX_REASON_MAX];
	enum drift_err err;

	if (w->result->packing.way == PACKING_FILM)
		return finish_film(w);
	if (w->fragments.at + w->unheard != total_samples(w)) {
		snprintf(sentence, sizeof(sentence),
			 "its packets hold %" PRId64 " samples instead of %" PRId64,
			 w->fragments.at + w->unheard, total_samples(w));
		return refuse(w, sentence);
	}
	w->result->extent.padding -= w->unheard;
	fmp4_codec_text(&w->result->packing, w->result->codec);
	if (w->result->packing.way == PACKING_FLAC)
		flacframe_complete(w->result->packing.config, w->smallest, w->largest,
				   w->fragments.at);
	err = add_front(w, &front);
	if (!err)
		err = write_at(w, front.data, front.len, 0);
	if (!err)
		err = add_texts(w, &front);
	buf_clear(&front);
	return err;
}

/* --- all of it --------------------------------------------------------------------------- */

static enum drift_err start(struct work *w)
{
	enum drift_err err = start_first(w);

	if (err)
		return err;
	w->result->extent = w->order->extent;
	if (w->result->packing.way == PACKING_FLAC) {
		/* the ends are cut off already */
		w->result->extent.delay = w->result->extent.padding = 0;
		err = start_others(w);
	}
	if (!err && w->result->packing.way != PACKING_FILM)
		err = start_file(w);
	return err;
}

static enum drift_err run(struct work *w)
{
	enum drift_err err = start(w);

	while (!err && !w->ended) {
		err = ask(w);
		if (err)
			return explain(w, child_of(w, w->asked - 1), err);
		err = take_next(w);
	}
	return err ? err : finish(w);
}

enum drift_err remux_run(const struct remux_order *order, struct remux_result *out,
			 char reason[REMUX_REASON_MAX])
{
	struct remux_result result = {0};
	struct work w = {.order = order, .result = &result, .reason = reason};
	enum drift_err err = run(&w);

	for (int i = 0; i < w.children; i++)
		decoder_free(w.decoder[i]);
	fragments_clear(&w.fragments);
	buf_clear(&w.head);
	buf_clear(&w.init);
	if (err) {
		remux_clear(&result);
		return err;
	}
	*out = result;
	return DRIFT_OK;
}

void remux_clear(struct remux_result *r)
{
	buf_clear(&r->sidecar);
	buf_clear(&r->media);
	buf_clear(&r->master);
	*r = (struct remux_result){0};
}
