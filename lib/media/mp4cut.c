#include "media/mp4cut.h"

#include "base/io.h"
#include "media/fmp4.h"
#include "media/packing.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define MOOF_MAX ((size_t)1 << 20) /* bytes; of one that holds 10 s */
#define COPY_BYTES 65536

/* tfhd and trun flags (14496-12 8.8.7, 8.8.8), as fmp4.c writes them */
#define TFHD_DURATION 0x000008u
#define TFHD_BASE_IS_MOOF 0x020000u
#define TRUN_OFFSET 0x000001u
#define TRUN_DURATIONS 0x000100u
#define TRUN_SIZES 0x000200u

struct cut {
	int fd;
	struct pieces_window window;
	int64_t start; /* samples before the first packet that is taken; -1: there is none yet */
	struct packing_entry *entry; /* owned */
	uint32_t packets, room; /* in use, and there is room for */
	struct buf data; /* of the packets */
};

/* What a moof says. */
struct moof {
	int64_t at; /* samples before its first packet */
	uint32_t even; /* samples of each, where they are alike; else 0 */
	uint32_t packets;
	const uint8_t *run; /* their durations, where they differ, and sizes */
};

static uint32_t u32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* --- reading ------------------------------------------------------------------------- */

/* The box of that type among the boxes of [at, end), its body in *body, and where it ends. */
static bool find_box(const uint8_t *at, const uint8_t *end, const char *type, const uint8_t **body,
		     const uint8_t **body_end)
{
	while (end - at >= 8 && u32(at) >= 8 && u32(at) <= (size_t)(end - at)) {
		if (memcmp(at + 4, type, 4) == 0) {
			*body = at + 8;
			*body_end = at + u32(at);
			return true;
		}
		at += u32(at);
	}
	return false;
}

static bool read_tfhd(const uint8_t *traf, const uint8_t *end, struct moof *out)
{
	const uint8_t *at, *box_end;
	uint32_t flags;

	if (!find_box(traf, end, "tfhd", &at, &box_end) || box_end - at < 8)
		return false;
	flags = u32(at) & 0xffffff;
	if ((flags & ~TFHD_DURATION) != TFHD_BASE_IS_MOOF)
		return false;
	if (flags & TFHD_DURATION && box_end - at < 12)
		return false;
	out->even = flags & TFHD_DURATION ? u32(at + 8) : 0;
	return true;
}

static bool read_tfdt(const uint8_t *traf, const uint8_t *end, struct moof *out)
{
	const uint8_t *at, *box_end;

	if (!find_box(traf, end, "tfdt", &at, &box_end) || box_end - at < 12 || at[0] != 1)
		return false;
	out->at = (int64_t)((uint64_t)u32(at + 4) << 32 | u32(at + 8));
	return true;
}

static bool read_trun(const uint8_t *traf, const uint8_t *end, struct moof *out)
{
	uint32_t flags = TRUN_OFFSET | TRUN_SIZES | (out->even ? 0 : TRUN_DURATIONS);
	size_t width = out->even ? 4 : 8;
	const uint8_t *at, *box_end;

	if (!find_box(traf, end, "trun", &at, &box_end) || box_end - at < 12 ||
	    (u32(at) & 0xffffff) != flags)
		return false;
	out->packets = u32(at + 4);
	out->run = at + 12;
	return out->packets <= (size_t)(box_end - out->run) / width;
}

static bool read_moof(const uint8_t *data, size_t len, struct moof *out)
{
	const uint8_t *traf, *end;

	return find_box(data + 8, data + len, "traf", &traf, &end) && read_tfhd(traf, end, out) &&
	       read_tfdt(traf, end, out) && read_trun(traf, end, out);
}

static struct packing_entry packet_of(const struct moof *m, uint32_t i)
{
	if (m->even)
		return (struct packing_entry){u32(m->run + (size_t)i * 4), m->even};
	return (struct packing_entry){u32(m->run + (size_t)i * 8 + 4), u32(m->run + (size_t)i * 8)};
}

/* --- taking ----------------------------------------------------------------------------- */

static enum drift_err take_entry(struct cut *c, struct packing_entry entry)
{
	uint32_t room = c->room ? 2 * c->room : 256;
	struct packing_entry *more;

	if (c->packets == c->room) {
		more = realloc(c->entry, room * sizeof(*more));
		if (!more)
			return DRIFT_ENOMEM;
		c->entry = more;
		c->room = room;
	}
	c->entry[c->packets++] = entry;
	return DRIFT_OK;
}

static enum drift_err take_data(struct cut *c, int64_t offset, int64_t bytes)
{
	char some[COPY_BYTES];
	enum drift_err err = DRIFT_OK;

	for (; !err && bytes > 0; offset += COPY_BYTES, bytes -= COPY_BYTES) {
		size_t len = bytes < COPY_BYTES ? (size_t)bytes : COPY_BYTES;

		err = io_pread_all(c->fd, some, len, offset);
		if (!err)
			buf_add(&c->data, some, len);
	}
	return err || buf_ok(&c->data) ? err : DRIFT_ENOMEM;
}

/* offset: of the first packet */
static enum drift_err take_packets(struct cut *c, const struct moof *m, int64_t offset)
{
	int64_t at = m->at, bytes = 0;
	enum drift_err err = DRIFT_OK;

	for (uint32_t i = 0; !err && i < m->packets && at < c->window.end; i++) {
		struct packing_entry entry = packet_of(m, i);

		if (at >= c->window.first) {
			c->start = c->start < 0 ? at : c->start;
			err = take_entry(c, entry);
			bytes += entry.bytes;
		} else {
			offset += entry.bytes;
		}
		at += entry.samples;
	}
	return err ? err : take_data(c, offset, bytes);
}

/* Of the fragment at offset. */
static enum drift_err take_fragment(struct cut *c, int64_t offset)
{
	uint8_t head[8], *data;
	struct moof moof;
	size_t len;
	enum drift_err err = io_pread_all(c->fd, head, sizeof(head), offset);

	if (err)
		return err;
	len = u32(head);
	if (memcmp(head + 4, "moof", 4) != 0 || len < 8 || len > MOOF_MAX)
		return DRIFT_EFORMAT;
	data = malloc(len);
	if (!data)
		return DRIFT_ENOMEM;
	err = io_pread_all(c->fd, data, len, offset);
	if (!err)
		err = read_moof(data, len, &moof)
			      ? take_packets(c, &moof, offset + (int64_t)len + 8)
			      : DRIFT_EFORMAT;
	free(data);
	return err;
}

static enum drift_err take_fragments(struct cut *c, const struct seekidx *index)
{
	enum drift_err err = DRIFT_OK;
	uint32_t i;

	if (c->window.first < 0 || seekidx_find(index, (uint64_t)c->window.first, &i) != DRIFT_OK)
		i = 0;
	for (; !err && i < index->entry_count; i++) {
		struct seekidx_entry entry = seekidx_get(index, i);

		if ((int64_t)entry.sample >= c->window.end)
			break;
		err = take_fragment(c, (int64_t)entry.offset);
	}
	return err || c->packets > 0 ? err : DRIFT_EFORMAT;
}

enum drift_err mp4cut_add(int fd, const struct seekidx *index, struct pieces_window window,
			  uint32_t number, struct buf *out)
{
	struct cut c = {.fd = fd, .window = window, .start = -1};
	enum drift_err err = take_fragments(&c, index);

	if (!err) {
		const struct fmp4_fragment fragment = {number, c.start, c.entry, c.packets};

		fmp4_add_fragment(out, &fragment);
		buf_add(out, c.data.data, c.data.len);
		err = buf_ok(out) ? DRIFT_OK : DRIFT_ENOMEM;
	}
	buf_clear(&c.data);
	free(c.entry);
	return err;
}
