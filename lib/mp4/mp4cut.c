#include "mp4/mp4cut.h"

#include "base/io.h"
#include "format/mp4box.h"
#include "format/packing.h"
#include "mp4/fmp4.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define MOOF_MAX ((size_t)1 << 20) /* bytes; of one that holds 10 s */
#define COPY_BYTES 65536

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

/* --- reading ------------------------------------------------------------------------- */

static bool read_tfhd(struct mp4box traf, struct moof *out)
{
	struct mp4box tfhd;
	uint32_t flags;

	if (!mp4box_find(traf, "tfhd", &tfhd) || tfhd.len < 8)
		return false;
	flags = mp4box_u32(tfhd.data) & 0xffffff;
	if ((flags & ~MP4BOX_TFHD_DURATION) != MP4BOX_TFHD_BASE_IS_MOOF)
		return false;
	if (flags & MP4BOX_TFHD_DURATION && tfhd.len < 12)
		return false;
	out->even = flags & MP4BOX_TFHD_DURATION ? mp4box_u32(tfhd.data + 8) : 0;
	return true;
}

static bool read_tfdt(struct mp4box traf, struct moof *out)
{
	struct mp4box tfdt;

	if (!mp4box_find(traf, "tfdt", &tfdt) || tfdt.len < 12 || tfdt.data[0] != 1)
		return false;
	out->at = (int64_t)((uint64_t)mp4box_u32(tfdt.data + 4) << 32 | mp4box_u32(tfdt.data + 8));
	return true;
}

static bool read_trun(struct mp4box traf, struct moof *out)
{
	uint32_t flags =
		MP4BOX_TRUN_OFFSET | MP4BOX_TRUN_SIZES | (out->even ? 0 : MP4BOX_TRUN_DURATIONS);
	size_t width = out->even ? 4 : 8;
	struct mp4box trun;

	if (!mp4box_find(traf, "trun", &trun) || trun.len < 12 ||
	    (mp4box_u32(trun.data) & 0xffffff) != flags)
		return false;
	out->packets = mp4box_u32(trun.data + 4);
	out->run = trun.data + 12;
	return out->packets <= (trun.len - 12) / width;
}

static bool read_moof(const uint8_t *data, size_t len, struct moof *out)
{
	struct mp4box traf;

	return mp4box_find((struct mp4box){data + MP4BOX_HEAD, len - MP4BOX_HEAD}, "traf", &traf) &&
	       read_tfhd(traf, out) && read_tfdt(traf, out) && read_trun(traf, out);
}

static struct packing_entry packet_of(const struct moof *m, uint32_t i)
{
	if (m->even)
		return (struct packing_entry){mp4box_u32(m->run + (size_t)i * 4), m->even};
	return (struct packing_entry){mp4box_u32(m->run + (size_t)i * 8 + 4),
				      mp4box_u32(m->run + (size_t)i * 8)};
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
	len = mp4box_u32(head);
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
