#include "mp4/remux.h"

#include "base/io.h"
#include "base/log.h"
#include "format/flacframe.h"
#include "format/grid.h"
#include "format/seekidx.h"
#include "mp4/filmcodec.h"
#include "mp4/fragments.h"
#include "mp4/remuxplan.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The work on one file. Positions are samples from the start of the first packet. */
struct work {
	const struct remux_order *order;
	struct remux_result *result;
	struct decoder *decoder[REMUX_CHILDREN_MAX];
	int children; /* that run */
	int64_t asked, taken; /* runs of packets, in order */
	struct remuxplan plan;
	int64_t step; /* copying: the fragment on the grid that is being filled */
	bool ended; /* the last packet is in */
	int64_t unheard; /* samples behind it of packets that nobody would hear */
	size_t index_room;
	uint32_t smallest, largest; /* packets, bytes */
	struct buf head; /* of the present fragment */
	struct buf init; /* the setup; of a film as the child wrote it */
	struct fragments fragments; /* that are written */
	char *reason;
};

static bool is_arriving(const struct work *w)
{
	return w->order->arriving != NULL;
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
	struct decoder **d = &w->decoder[w->children];
	enum drift_err err;

	if (is_arriving(w))
		err = decoder_new_repackaging_arriving(o->program, &o->limits, o->arriving,
						       o->limits.max_duration_hours, d, w->reason,
						       REMUX_REASON_MAX);
	else
		err = decoder_new_repackaging(o->program, &o->limits, o->source, hours, d,
					      w->reason, REMUX_REASON_MAX);
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
	       grid_at(w->children, w->order->rate, GRID_SECONDS) < w->order->extent.samples)
		err = start_child(w);
	return err;
}

static struct decoder *child_of(const struct work *w, int64_t run)
{
	return w->decoder[run % w->children];
}

/* In use of each child: one that waits for its source cannot be asked anything else. */
static int slots(const struct work *w)
{
	return is_arriving(w) ? 1 : DECODER_SLOTS;
}

static int slot_of(const struct work *w, int64_t run)
{
	return (int)(run / w->children % slots(w));
}

static enum drift_err ask_next(struct work *w)
{
	struct decoder *d = child_of(w, w->asked);
	int slot = slot_of(w, w->asked);
	int64_t first = w->plan.encoded;

	if (w->result->packing.way == PACKING_COPY)
		return decoder_ask_copy(d, slot, 0, remuxplan_run_until(&w->plan, w->asked++));
	if (w->result->packing.way == PACKING_FILM) {
		w->asked++;
		return decoder_ask_film(d, slot);
	}
	w->asked++;
	return decoder_ask_encode(d, slot, first, remuxplan_next(&w->plan));
}

/* Keeps every slot of every child at work. */
static enum drift_err ask(struct work *w)
{
	enum drift_err err = DRIFT_OK;

	while (!err && !remuxplan_is_encoded(&w->plan) &&
	       w->asked - w->taken < w->children * slots(w))
		err = ask_next(w);
	return err;
}

/* The child's own sentence, where it was lost. */
static enum drift_err explain(struct work *w, const struct decoder *d, enum drift_err err)
{
	snprintf(w->reason, REMUX_REASON_MAX, "%s", decoder_get_reason(d));
	return err;
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

static int source_of(const struct work *w)
{
	return is_arriving(w) ? w->order->arriving->fd : w->order->source;
}

static enum drift_err put_packets(const struct work *w, const struct decoder_packets *p,
				  int64_t offset)
{
	enum drift_err err;

	if (p->data)
		return write_at(w, p->data, p->bytes, offset);
	err = io_copy(source_of(w), p->at, w->order->fd, offset, (int64_t)p->bytes);
	if (err)
		log_errno("remux: copy the source to %s", w->order->file);
	return err;
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
		err = put_packets(w, p, w->fragments.offset + (int64_t)w->head.len);
	fragments_add(&w->fragments, (int64_t)(w->head.len + p->bytes), samples_of(p));
	measure_packets(w, p);
	return err;
}

/* The first packets of a run, as far as they start before until. */
static struct decoder_packets head_of(const struct work *w, const struct decoder_packets *p,
				      int64_t until)
{
	struct decoder_packets head = {.data = p->data, .at = p->at, .entry = p->entry};
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

	while (!err && rest.count > 0 && w->fragments.at < remuxplan_end_of_heard(&w->plan)) {
		while (remuxplan_fragment_until(&w->plan, w->step) <= w->fragments.at)
			w->step++;
		head = head_of(w, &rest, remuxplan_fragment_until(&w->plan, w->step));
		err = add_fragment(w, &head);
		rest.data += rest.data ? head.bytes : 0;
		rest.at += (int64_t)head.bytes;
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

static enum drift_err describe_film(struct work *w)
{
	struct remux_result *r = w->result;
	struct filmcodec codec;

	if (filmcodec_read((const uint8_t *)w->init.data, w->init.len, &codec) != DRIFT_OK)
		return refuse(w, "there is nothing to be seen in it");
	r->is_film = true;
	r->width = codec.width;
	r->height = codec.height;
	snprintf(r->codec, sizeof(r->codec), "%s,%s", codec.pictures, codec.sound);
	return DRIFT_OK;
}

/* The child's boxes stay as they are. */
static enum drift_err take_init(struct work *w, const struct decoder_packets *p)
{
	enum drift_err err;

	if (!is_box(p, "ftyp") || p->bytes > SEEKIDX_SETUP_MAX)
		return refuse(w, "its pictures do not fit into MP4");
	buf_add(&w->init, p->data, p->bytes);
	if (!buf_ok(&w->init))
		return DRIFT_ENOMEM;
	w->fragments.offset = (int64_t)p->bytes;
	err = describe_film(w);
	return err ? err : write_at(w, w->init.data, w->init.len, 0);
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
	int64_t total = remuxplan_total(&w->plan);

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

/* What the setup and the index say. */
static struct fragments_file describe(const struct work *w)
{
	const struct remux_result *r = w->result;
	struct fragments_file file = {
		.setup = (const uint8_t *)w->init.data,
		.setup_bytes = w->init.len,
		.exact = memcmp(r->packing.codec, "fLaC", 4) == 0,
		.rate = w->order->rate,
		.target_seconds = r->is_film ? GRID_SECONDS : w->plan.seconds,
		.delay = r->extent.delay,
		.samples = r->extent.samples,
		.file = w->order->file,
		.playlist = w->order->playlist,
		.codecs = r->codec,
		.width = r->width,
		.height = r->height,
	};

	memcpy(file.codec, r->packing.codec, sizeof(file.codec));
	return file;
}

static enum drift_err tell(const struct work *w, enum remux_growth growth)
{
	struct fragments_file file = describe(w);

	if (!w->order->grown || w->fragments.count == 0)
		return DRIFT_OK;
	if (growth == REMUX_GROWS && is_arriving(w))
		file.samples = 0;
	return w->order->grown(w->order->context, growth, &w->fragments, &file);
}

static bool is_all_taken(const struct work *w)
{
	return remuxplan_is_encoded(&w->plan) && w->taken == w->asked;
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
	w->ended = packets.ended || is_all_taken(w);
	if (!err && !w->ended)
		err = tell(w, REMUX_GROWS);
	return err ? err : w->order->tick(w->order->context, progress(w));
}

/* --- front and end of the file --------------------------------------------------------- */

/* With what is known by now: whoever hears it meanwhile needs no more. */
static enum drift_err start_file(struct work *w)
{
	const struct remux_result *r = w->result;
	struct fmp4_extent extent = {.delay = r->extent.delay};
	/* a guess where it arrives: an index that does not fit is left out */
	int64_t expected = is_arriving(w) ? w->order->extent.samples : remuxplan_total(&w->plan);
	struct buf room = {0};
	enum drift_err err = DRIFT_ENOMEM;

	fmp4_codec_text(&r->packing, w->result->codec);
	fmp4_add_init(&w->init, &r->packing, is_arriving(w) ? &extent : &r->extent);
	w->index_room = fmp4_sidx_bytes(remuxplan_most_fragments(&w->plan, expected));
	fmp4_add_room(&room, w->index_room);
	if (buf_ok(&w->init) && buf_ok(&room))
		err = write_at(w, w->init.data, w->init.len, 0);
	if (!err)
		err = write_at(w, room.data, room.len, (int64_t)w->init.len);
	buf_clear(&room);
	w->fragments.offset = (int64_t)(w->init.len + w->index_room);
	return err;
}

/* The setup as it stays, and the index, in front of the fragments. */
static enum drift_err finish_front(struct work *w)
{
	struct buf index = {0};
	enum drift_err err = DRIFT_ENOMEM;

	buf_reset(&w->init);
	fmp4_add_init(&w->init, &w->result->packing, &w->result->extent);
	if (fragments_add_sidx(&w->fragments, &w->result->packing, w->index_room, &index) &&
	    buf_ok(&w->init))
		err = write_at(w, w->init.data, w->init.len, 0);
	if (!err)
		err = write_at(w, index.data, index.len, (int64_t)w->init.len);
	buf_clear(&index);
	return err;
}

static enum drift_err add_texts(struct work *w)
{
	struct remux_result *r = w->result;
	struct fragments_file file = describe(w);

	r->bytes = w->fragments.offset;
	r->bitrate = fragments_bitrate(&w->fragments, &file);
	fragments_add_sidecar(&w->fragments, &file, &r->sidecar);
	if (!fragments_add_playlists(&w->fragments, &file, &r->media, &r->master) ||
	    !buf_ok(&r->sidecar))
		return DRIFT_ENOMEM;
	return tell(w, REMUX_ENDED);
}

static enum drift_err finish_film(struct work *w)
{
	if (w->fragments.count == 0)
		return refuse(w, "there is nothing to be seen in it");
	w->result->extent = (struct fmp4_extent){.samples = w->fragments.at};
	return add_texts(w);
}

static enum drift_err finish_sound(struct work *w)
{
	struct remux_result *r = w->result;
	enum drift_err err;

	if (w->fragments.at + w->unheard != remuxplan_total(&w->plan)) {
		log_warning("remux: the packets hold %" PRId64 " samples instead of %" PRId64,
			    w->fragments.at + w->unheard, remuxplan_total(&w->plan));
		return refuse(w, "it is not as long as it was when it was uploaded");
	}
	r->extent.padding -= w->unheard;
	if (r->packing.way == PACKING_FLAC)
		flacframe_complete(r->packing.config, w->smallest, w->largest, w->fragments.at);
	err = finish_front(w);
	return err ? err : add_texts(w);
}

/* FLAC that is encoded has no ends: they are cut off already. Nor has a film: its own boxes say
   what is heard. */
static struct fmp4_extent extent_of(const struct work *w, const struct fmp4_extent *source)
{
	if (w->result->packing.way != PACKING_COPY)
		return (struct fmp4_extent){.samples = source->samples};
	return *source;
}

/* What arrived, as it was measured in the end. */
static enum drift_err settle(struct work *w)
{
	struct fmp4_extent source, extent;
	enum drift_err err = w->order->settled(w->order->context, &source);

	if (err)
		return err;
	extent = extent_of(w, &source);
	if (extent.delay != w->result->extent.delay)
		return refuse(w, "its sound begins elsewhere than its head says");
	w->result->extent = extent;
	return DRIFT_OK;
}

static enum drift_err finish(struct work *w)
{
	enum drift_err err = is_arriving(w) ? settle(w) : DRIFT_OK;

	if (err)
		return err;
	return w->result->packing.way == PACKING_FILM ? finish_film(w) : finish_sound(w);
}

/* --- all of it --------------------------------------------------------------------------- */

/* Where it arrives, as much as there may be of it. */
static struct fmp4_extent find_extent(const struct work *w)
{
	const struct decoder_facts *facts = decoder_get_facts(w->decoder[0]);

	if (!is_arriving(w))
		return w->order->extent;
	return (struct fmp4_extent){
		.delay = facts->delay,
		.samples = facts->samples ? facts->samples : INT64_MAX / 4,
	};
}

static enum drift_err start(struct work *w)
{
	struct fmp4_extent source;
	enum drift_err err = start_first(w);

	if (err)
		return err;
	source = find_extent(w);
	w->result->extent = extent_of(w, &source);
	if (w->result->packing.way == PACKING_FLAC)
		err = start_others(w);
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
	struct work w = {
		.order = order,
		.result = &result,
		.plan = {.packing = &result.packing,
			 .extent = &result.extent,
			 .rate = order->rate,
			 .seconds = order->arriving ? GRID_SECONDS_ARRIVING : GRID_SECONDS},
		.reason = reason,
	};
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
