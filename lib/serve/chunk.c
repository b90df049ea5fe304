#include "serve/chunk.h"

#include "base/buf.h"
#include "base/minmax.h"
#include "catalogue/opusplan.h"
#include "catalogue/sound.h"
#include "catalogue/store.h"
#include "http/filebody.h"
#include "mp4/fmp4.h"
#include "opus/oggopus.h"
#include "serve/losslesschunk.h"
#include "serve/rendition.h"
#include "serve/virtual.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NUMBER_DIGITS_MAX 9
#define FRAGMENT_MIME "audio/mp4; codecs=Opus"

enum container {
	CONTAINER_MP4,
	CONTAINER_OGG,
};

/* A run of a chunk's bytes: of the rendition from offset on, or of head. */
struct piece {
	int64_t bytes;
	int64_t offset; /* -1: of head */
};

#define PIECES_MAX (1 + LAYOUT_SEGMENT_PAGES) /* the first one is of head */

struct span { /* of bytes; empty where first > last */
	int64_t first, last;
};

struct chunk {
	struct virtual virtual;
	struct http *h; /* who it is sent to, from begin() on */
	struct buf head; /* setup pages, or the fragment's boxes */
	struct piece piece[PIECES_MAX];
	int pieces;
	int64_t bytes;
};

static void clear(struct chunk *c)
{
	buf_clear(&c->head);
	virtual_clear(&c->virtual);
}

/* --- what is asked for ---------------------------------------------------------------- */

static const char *const container_names[] = {
	[CONTAINER_MP4] = "mp4",
	[CONTAINER_OGG] = "ogg",
};

/* False: it is answered. */
static bool read_container(struct http *h, enum container *out)
{
	const char *text = http_query(h, "container");

	*out = CONTAINER_MP4;
	if (!text || strcmp(text, container_names[CONTAINER_MP4]) == 0)
		return true;
	*out = CONTAINER_OGG;
	if (strcmp(text, container_names[CONTAINER_OGG]) == 0)
		return true;
	http_fail(h, DRIFT_EINVAL, "The container %.40s is not known: mp4 or ogg.", text);
	return false;
}

/* Digits alone; -1 for all else. */
static int64_t read_number(const char *text)
{
	size_t digits = strspn(text, "0123456789");

	return digits > 0 && digits <= NUMBER_DIGITS_MAX && !text[digits] ? atoll(text) : -1;
}

/* Asks for Opus of a track that has it, now or on demand, or for lossless, which has no
   presets? False: it is answered. */
static bool admit(struct delivery *d, const struct track *t, enum rendition *r,
		  struct preset_wish *preset)
{
	if (!rendition_read(d->h, RENDITION_OPUS, r) || !rendition_read_preset(d->h, preset))
		return false;
	if (*r == RENDITION_LOSSLESS ? preset->preset == PRESET_NONE : virtual_can_make(d, t))
		return true;
	http_fail(d->h, DRIFT_ENOENT, "There are no chunks of this rendition.");
	return false;
}

/* --- what it is made of ---------------------------------------------------------------- */

static void add_piece(struct chunk *c, int64_t offset, int64_t bytes)
{
	c->piece[c->pieces++] = (struct piece){bytes, offset};
	c->bytes += bytes;
}

static void compose_ogg(struct chunk *c, struct layout_pages pages)
{
	int64_t from = layout_page_offset(&c->virtual.plan.layout, pages.first);

	buf_add(&c->head, c->virtual.plan.setup.data, c->virtual.plan.setup.len);
	add_piece(c, -1, (int64_t)c->head.len);
	add_piece(c, from, layout_page_offset(&c->virtual.plan.layout, pages.end) - from);
}

static struct packing find_packing(const struct chunk *c)
{
	const struct layout_params *params = &c->virtual.plan.layout.params;
	struct packing packing = {
		.way = PACKING_COPY,
		.codec = "Opus",
		.rate = LAYOUT_RATE,
		.channels = params->channels,
		.config_bytes = OGGOPUS_HEAD_BYTES,
	};

	memcpy(packing.config, c->virtual.plan.setup.data + OGGOPUS_HEAD_AT, OGGOPUS_HEAD_BYTES);
	return packing;
}

/* Under CBR the boxes are known before the packets are. */
static void compose_mp4(struct chunk *c, int64_t number, struct layout_pages pages)
{
	struct packing_entry packet[LAYOUT_SEGMENT_PACKETS];
	const struct layout *l = &c->virtual.plan.layout;
	struct fmp4_fragment fragment = {
		.number = (uint32_t)number + 1,
		.at = number * LAYOUT_SEGMENT_SAMPLES,
		.packet = packet,
		.packets = (uint32_t)layout_segment_packets(l, number),
	};

	for (uint32_t i = 0; i < fragment.packets; i++)
		packet[i] = (struct packing_entry){(uint32_t)l->params.packet_bytes,
						   LAYOUT_PACKET_SAMPLES};
	fmp4_add_fragment(&c->head, &fragment);
	add_piece(c, -1, (int64_t)c->head.len);
	for (int64_t page = pages.first; page < pages.end; page++) {
		int64_t body = (int64_t)layout_page_packets(l, page) * l->params.packet_bytes;

		add_piece(c, layout_page_offset(l, page + 1) - body, body);
	}
}

/* --- sending ---------------------------------------------------------------------------- */

/* Of a piece, what a range of the chunk has: bytes of the rendition, or of head. */
static struct span span_of(const struct piece *p, int64_t first, int64_t last)
{
	int64_t from = p->offset < 0 ? 0 : p->offset;

	return (struct span){
		.first = from + max64(first, 0),
		.last = from + min64(last, p->bytes - 1),
	};
}

static bool is_empty(struct span s)
{
	return s.first > s.last;
}

/* Those of head and, from the first to the last one, of the rendition. */
static void find_spans(const struct chunk *c, int64_t first, int64_t last, struct span *head,
		       struct span *body)
{
	*head = span_of(&c->piece[0], first, last);
	*body = (struct span){.first = INT64_MAX, .last = -1};
	for (int i = 1; i < c->pieces; i++) {
		struct span s;

		first -= c->piece[i - 1].bytes;
		last -= c->piece[i - 1].bytes;
		s = span_of(&c->piece[i], first, last);
		if (is_empty(s))
			continue;
		body->first = min64(body->first, s.first);
		body->last = max64(body->last, s.last);
	}
}

static bool is_there(void *context, int64_t first, int64_t last)
{
	struct chunk *c = context;
	struct span head, body;

	find_spans(c, first, last, &head, &body);
	return is_empty(body) || virtual_is_there(&c->virtual, body.first, body.last);
}

/* What is in none of the pieces is in no chunk. */
static enum drift_err take(void *context, int64_t offset, const void *data, size_t len)
{
	const struct chunk *c = context;
	int64_t end = offset + (int64_t)len;
	enum drift_err err = DRIFT_OK;

	for (int i = 1; !err && i < c->pieces; i++) {
		int64_t from = max64(offset, c->piece[i].offset);
		int64_t to = min64(end, c->piece[i].offset + c->piece[i].bytes);

		if (from < to)
			err = http_write(c->h, (const char *)data + (from - offset),
					 (size_t)(to - from));
	}
	return err ? err : http_flush(c->h);
}

static enum drift_err ask(void *context)
{
	const struct chunk *c = context;

	return http_pause(c->h, 0);
}

static enum drift_err begin(void *context, struct http *h, int64_t first)
{
	const struct virtualfile_listener listener = {context, take, ask};
	struct chunk *c = context;

	(void)first; /* the head goes out at once, but its packets have to follow soon */
	c->h = h;
	return virtual_begin(&c->virtual, &listener, c->piece[1].offset);
}

static enum drift_err send(void *context, struct http *h, int64_t first, int64_t last)
{
	const struct chunk *c = context;
	struct span head, body;
	enum drift_err err = DRIFT_OK;

	find_spans(c, first, last, &head, &body);
	if (!is_empty(head))
		err = http_write(h, c->head.data + head.first,
				 (size_t)(head.last + 1 - head.first));
	if (err || is_empty(body))
		return err;
	return virtual_send(&c->virtual, body.first, body.last);
}

static void send_composed(struct delivery *d, const struct track *t, struct chunk *c,
			  int64_t number, enum container container)
{
	static const struct filebody_maker maker = {is_there, begin, send};
	const struct rendition_query preset = rendition_preset_query(c->virtual.preset);
	char twin[512];
	struct store_etag etag = store_etag(c->bytes, c->virtual.plan.mtime_us);
	const struct filebody body = {
		.fd = -1,
		.maker = &maker,
		.context = c,
		.bytes = c->bytes,
		.mime = container == CONTAINER_OGG ? OPUSPLAN_MIME : FRAGMENT_MIME,
		.validators = {etag.text, c->virtual.plan.mtime_us / 1000000},
	};

	snprintf(twin, sizeof(twin),
		 "%s/cgi-bin/stream.cgi/%s/chunk/%" PRId64 "?format=opus&container=%s%s",
		 http_site(d->h), t->id.text, number, container_names[container], preset.text);
	http_set_header(d->h, "Drift-Format", "opus");
	rendition_tell_preset(d->h, c->virtual.preset);
	virtual_deliver(&c->virtual, d, t, &body, twin);
}

static void send_chunk(struct delivery *d, const struct track *t, int64_t number,
		       enum container container, struct preset_wish preset)
{
	struct chunk c = {.virtual.preset = preset};
	struct layout_pages pages;
	enum drift_err err = virtual_plan(d, t, &c.virtual);

	if (!err && number >= c.virtual.plan.layout.segments) {
		http_fail(d->h, DRIFT_ENOENT, "The last chunk is %" PRId64 ".",
			  c.virtual.plan.layout.segments - 1);
		clear(&c);
		return;
	}
	if (!err) {
		pages = layout_segment_pages(&c.virtual.plan.layout, number);
		if (container == CONTAINER_OGG)
			compose_ogg(&c, pages);
		else
			compose_mp4(&c, number, pages);
		err = buf_ok(&c.head) ? DRIFT_OK : DRIFT_ENOMEM;
	}
	if (err)
		virtual_fail(d->h, err);
	else
		send_composed(d, t, &c, number, container);
	clear(&c);
}

void chunk_send(struct delivery *d, const struct track *t)
{
	int64_t number = read_number(http_segment(d->h, 2));
	struct preset_wish preset;
	enum container container;
	enum rendition r;

	if (!read_container(d->h, &container) || !admit(d, t, &r, &preset))
		return;
	if (number < 0)
		http_fail(d->h, DRIFT_ENOENT, "A chunk has a number from 0 on.");
	else if (r == RENDITION_OPUS)
		send_chunk(d, t, number, container, preset);
	else if (container == CONTAINER_MP4)
		losslesschunk_send(d, t, number);
	else
		http_fail(d->h, DRIFT_EINVAL, "The container ogg is for format=opus only.");
}

/* --- beside them -------------------------------------------------------------------------- */

void chunk_send_init(struct delivery *d, const struct track *t)
{
	struct chunk c = {0};
	struct preset_wish preset; /* which leaves all of this as it is */
	struct buf init = {0};
	enum rendition r;
	enum drift_err err;

	if (!admit(d, t, &r, &preset))
		return;
	if (r == RENDITION_LOSSLESS) {
		losslesschunk_send_init(d, t);
		return;
	}
	err = virtual_plan(d, t, &c.virtual);
	if (!err) {
		const struct packing packing = find_packing(&c);
		const struct layout *l = &c.virtual.plan.layout;
		const struct fmp4_extent extent = {
			.delay = LAYOUT_PRE_SKIP,
			.samples = l->samples48,
			.padding =
				l->packets * LAYOUT_PACKET_SAMPLES - LAYOUT_PRE_SKIP - l->samples48,
		};

		fmp4_add_init(&init, &packing, &extent);
		err = buf_ok(&init) ? DRIFT_OK : DRIFT_ENOMEM;
	}
	if (err)
		virtual_fail(d->h, err);
	else
		delivery_send_bytes(d, t, FRAGMENT_MIME, &init);
	buf_clear(&init);
	clear(&c);
}

void chunk_send_list(struct delivery *d, const struct track *t)
{
	struct sound sound = {0};
	struct buf json = {0};
	struct preset_wish preset; /* likewise */
	struct layout l;
	enum rendition r;
	enum drift_err err;

	if (!admit(d, t, &r, &preset))
		return;
	if (r == RENDITION_LOSSLESS) {
		losslesschunk_send_list(d, t);
		return;
	}
	err = sound_get(d->db, &t->id, t->version, &sound);
	if (!err)
		err = opusplan_lay_out(d->conf, &sound, &l);
	sound_clear(&sound);
	if (err) {
		virtual_fail(d->h, err);
		return;
	}
	buf_add_text(&json, "{\"format\": \"opus\", \"codec\": \"Opus\", \"mime\": \"" FRAGMENT_MIME
			    "\", \"types\": ");
	fmp4_add_types(&json, "Opus");
	buf_addf(&json,
		 ", \"timescale\": %d, \"delay\": %d, \"samples\": %" PRId64 ", \"count\": %" PRId64
		 ", \"chunks\": [",
		 LAYOUT_RATE, LAYOUT_PRE_SKIP, l.samples48, l.segments);
	for (int64_t n = 0; n < l.segments; n++)
		buf_addf(&json, "%s{\"start\": %" PRId64 ", \"duration\": %d}", n ? ", " : "",
			 n * LAYOUT_SEGMENT_SAMPLES,
			 layout_segment_packets(&l, n) * LAYOUT_PACKET_SAMPLES);
	buf_add_text(&json, "]}\n");
	delivery_send_json(d, t, &json);
	buf_clear(&json);
}
