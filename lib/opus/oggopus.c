#include "opus/oggopus.h"

#include "base/fnv.h"

#include <assert.h>
#include <limits.h>
#include <math.h>
#include <ogg/ogg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define TEXT_MAX 512 /* bytes of one tag's text */
#define GAIN_BYTES (4 + sizeof("R128_TRACK_GAIN=+00000") - 1) /* of its comment */
#define TAGS_MAX                                                                                   \
	8000 /* bytes of the OpusTags packet: with both page headers                               \
		and OpusHead less than LAYOUT_SETUP_MAX */
#define PAGE_FILL (1 << 20) /* no page is cut by its size */
#define PAGE_HEAD 27 /* bytes of a page before its lacing values */
#define CHECKSUM_AT 22

uint32_t oggopus_serial(const struct uuid *track, int32_t version)
{
	char text[64];

	snprintf(text, sizeof(text), "%s/%d", track->text, version);
	return fnv_text(text);
}

/* RFC 7845 section 5.1 */
static void add_head(const struct oggopus_setup *setup, struct buf *out)
{
	buf_add(out, "OpusHead", 8);
	buf_add_byte(out, 1); /* version */
	buf_add_byte(out, (uint8_t)setup->channels);
	buf_add_u16le(out, LAYOUT_PRE_SKIP);
	buf_add_u32le(out, (uint32_t)setup->sample_rate);
	buf_add_u16le(out, 0); /* output gain */
	buf_add_byte(out, 0); /* mapping family: mono or stereo */
}

static bool key_is_formed(const char *key)
{
	if (!*key)
		return false;
	for (; *key; key++)
		if (*key < 0x20 || *key > 0x7d || *key == '=')
			return false;
	return true;
}

/* Gains of the source are not those of this stream; pictures are too large. */
static bool key_is_ours(const char *key)
{
	return strncasecmp(key, "R128_", 5) == 0 || strncasecmp(key, "REPLAYGAIN_", 11) == 0 ||
	       strcasecmp(key, "ITUNNORM") == 0 || strcasecmp(key, "METADATA_BLOCK_PICTURE") == 0;
}

/* Cut at a character's border: a UTF-8 continuation byte starts none. */
static size_t text_bytes(const char *text)
{
	size_t n = strnlen(text, TEXT_MAX + 1);

	if (n <= TEXT_MAX)
		return n;
	n = TEXT_MAX;
	while (n > 0 && ((uint8_t)text[n] & 0xc0) == 0x80)
		n--;
	return n;
}

/* True when the pair was added. */
static bool add_tag(const char *key, const char *text, size_t max, struct buf *out)
{
	size_t key_len = strlen(key);
	size_t text_len = text_bytes(text);
	size_t len = key_len + 1 + text_len;

	if (text_len == 0 || len + 4 > max - out->len)
		return false;
	buf_add_u32le(out, (uint32_t)len);
	buf_add(out, key, key_len);
	buf_add_byte(out, '=');
	buf_add(out, text, text_len);
	return true;
}

/* Q7.8 with sign and leading zeros: RFC 7845 section 5.2.1 allows both. */
static bool add_gain(double gain, struct buf *out)
{
	char text[16];
	double limited = fmin(fmax(gain, -127), 127);

	snprintf(text, sizeof(text), "%+06ld", lrint(limited * 256));
	return add_tag("R128_TRACK_GAIN", text, TAGS_MAX, out);
}

/* RFC 7845 section 5.2: zeros behind the comments are padding. */
static void pad(size_t bytes, struct buf *out)
{
	while (bytes--)
		buf_add_byte(out, 0);
}

/* RFC 7845 section 5.2 */
static void add_tags(const struct oggopus_setup *setup, struct buf *out)
{
	const size_t padding = setup->has_gain ? 0 : GAIN_BYTES;
	size_t count_at;
	uint32_t count = 0;

	buf_add(out, "OpusTags", 8);
	buf_add_u32le(out, (uint32_t)text_bytes(setup->vendor));
	buf_add(out, setup->vendor, text_bytes(setup->vendor));
	count_at = out->len;
	buf_add_u32le(out, 0);
	if (setup->has_gain)
		count += add_gain(setup->track_gain, out);
	for (int32_t i = 0; i < setup->tag_count; i++) {
		const struct oggopus_tag *tag = &setup->tags[i];

		if (key_is_formed(tag->key) && !key_is_ours(tag->key))
			count += add_tag(tag->key, tag->text, TAGS_MAX - padding, out);
	}
	for (int i = 0; buf_ok(out) && i < 4; i++)
		out->data[count_at + (size_t)i] = (char)(count >> 8 * i);
	pad(padding, out);
}

/* The one page that holds what was put into the stream; takes the stream. */
static enum drift_err flush_page(ogg_stream_state *os, struct buf *out)
{
	ogg_page page;
	int flushed = ogg_stream_flush_fill(os, &page, PAGE_FILL);

	if (flushed) {
		buf_add(out, page.header, (size_t)page.header_len);
		buf_add(out, page.body, (size_t)page.body_len);
		assert(!ogg_stream_flush_fill(os, &page, PAGE_FILL));
	}
	ogg_stream_clear(os);
	return flushed && buf_ok(out) ? DRIFT_OK : DRIFT_ENOMEM;
}

/* A stream that goes on at a page: number and granule as if the others were written. */
static enum drift_err start_stream(ogg_stream_state *os, uint32_t serial, int64_t page)
{
	/* the cast keeps the bits: libogg writes the four bytes */
	if (ogg_stream_init(os, (int)serial) != 0)
		return DRIFT_ENOMEM;
	os->pageno = (long)page;
	os->packetno = page;
	os->b_o_s = page > 0;
	return DRIFT_OK;
}

static enum drift_err add_setup_page(uint32_t serial, int64_t page, const struct buf *packet,
				     struct buf *out)
{
	ogg_stream_state os;
	ogg_packet op = {
		.packet = (unsigned char *)packet->data,
		.bytes = (long)packet->len,
		.b_o_s = page == 0,
		.packetno = page,
	};

	if (!buf_ok(packet) || start_stream(&os, serial, page) != DRIFT_OK)
		return DRIFT_ENOMEM;
	if (ogg_stream_packetin(&os, &op) != 0) {
		ogg_stream_clear(&os);
		return DRIFT_ENOMEM;
	}
	return flush_page(&os, out);
}

enum drift_err oggopus_setup(const struct oggopus_setup *setup, struct buf *out)
{
	struct buf head = {0}, tags = {0};
	enum drift_err err;

	add_head(setup, &head);
	add_tags(setup, &tags);
	err = add_setup_page(setup->serial, 0, &head, out);
	if (err == DRIFT_OK)
		err = add_setup_page(setup->serial, 1, &tags, out);
	buf_clear(&head);
	buf_clear(&tags);
	return err;
}

/* Puts packets [first, first + count) of a segment into the stream. */
static enum drift_err put_packets(ogg_stream_state *os, const struct segment *segment,
				  int32_t first, int32_t count, int64_t granule, bool last)
{
	size_t at = 0;

	for (int32_t k = segment->first; k < first + count; at += segment->bytes[k], k++) {
		bool ends = k == first + count - 1;
		ogg_packet op = {
			.packet = (unsigned char *)segment->data + at,
			.bytes = segment->bytes[k],
			.e_o_s = last && ends,
			.granulepos = ends ? granule : -1,
		};

		if (k >= first && ogg_stream_packetin(os, &op) != 0)
			return DRIFT_ENOMEM;
	}
	return DRIFT_OK;
}

enum drift_err oggopus_page(const struct layout *layout, uint32_t serial, int64_t page,
			    const struct segment *segment, struct buf *out)
{
	int32_t first = (int32_t)(page % LAYOUT_SEGMENT_PAGES) * LAYOUT_PAGE_PACKETS;
	int32_t count = layout_page_packets(layout, page);
	ogg_stream_state os;

	assert(segment->index == page / LAYOUT_SEGMENT_PAGES);
	assert(segment->first <= first && segment->end >= first + count);
	if (start_stream(&os, serial, page + LAYOUT_SETUP_PAGES) != DRIFT_OK)
		return DRIFT_ENOMEM;
	if (put_packets(&os, segment, first, count, layout_page_granule(layout, page),
			page == layout->pages - 1) != DRIFT_OK) {
		ogg_stream_clear(&os);
		return DRIFT_ENOMEM;
	}
	return flush_page(&os, out);
}

/* Splits what should be a page into header and body; false where it cannot be one. */
static bool split_page(uint8_t *data, size_t len, ogg_page *out)
{
	size_t header, body = 0;

	if (len < PAGE_HEAD || memcmp(data, "OggS", 4) != 0)
		return false;
	header = PAGE_HEAD + (size_t)data[PAGE_HEAD - 1];
	if (len < header)
		return false;
	for (size_t i = PAGE_HEAD; i < header; i++)
		body += data[i];
	*out = (ogg_page){data, (long)header, data + header, (long)body};
	return len >= header + body;
}

static bool checksum_is_right(ogg_page *page)
{
	uint8_t before[4];
	bool right;

	memcpy(before, page->header + CHECKSUM_AT, sizeof(before));
	ogg_page_checksum_set(page);
	right = memcmp(before, page->header + CHECKSUM_AT, sizeof(before)) == 0;
	memcpy(page->header + CHECKSUM_AT, before, sizeof(before));
	return right;
}

bool oggopus_page_is(const struct layout *layout, uint32_t serial, int64_t page, uint8_t *data,
		     size_t len, size_t *bytes)
{
	ogg_page p;

	if (!split_page(data, len, &p) || ogg_page_version(&p) != 0 || ogg_page_continued(&p) ||
	    (uint32_t)ogg_page_serialno(&p) != serial ||
	    ogg_page_pageno(&p) != (long)(page + LAYOUT_SETUP_PAGES) ||
	    ogg_page_granulepos(&p) != layout_page_granule(layout, page) ||
	    (ogg_page_eos(&p) != 0) != (page == layout->pages - 1) ||
	    ogg_page_packets(&p) != layout_page_packets(layout, page))
		return false;
	*bytes = (size_t)(p.header_len + p.body_len);
	return (layout->params.vbr || (int64_t)*bytes == layout_page_bytes(layout, page)) &&
	       checksum_is_right(&p);
}
