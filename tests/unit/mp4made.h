/*
 * mp4made.h - MP4 and CAF files of AAC, written box by box as iTunes, qaac, fdkaac and others
 * write them: no encoder of AAC with SBR is free enough to be packaged. Packets without SBR data
 * in a file that announces SBR decode to twice the rate, as those with it do.
 *
 * Source: ISO/IEC 14496-12 (boxes), 14496-14 (esds), 14496-3 1.6.2.1 (AudioSpecificConfig).
 */
#ifndef DRIFT_TESTS_MP4MADE_H
#define DRIFT_TESTS_MP4MADE_H

#include "base/buf.h"
#include "strange.h"

#define MP4MADE_PACKETS_MAX 2000

enum mp4made_object { MP4MADE_LC = 2, MP4MADE_HE = 5, MP4MADE_HE_V2 = 29 };

struct mp4made_edit {
	int32_t duration, media_time; /* movie and media scale; -1: a pause */
	int32_t rate; /* 16.16 */
};

struct mp4made {
	const char *adts; /* where the packets come from; ffmpeg's encoder makes it */
	int32_t core; /* its rate, Hz */
	int channels; /* its channels */
	enum mp4made_object object;
	uint32_t media_scale, movie_scale;
	uint32_t packet; /* duration of one, media_scale */
	int packets; /* to be taken; 0: all */
	const char *itunes; /* text of iTunSMPB; NULL: none */
	struct mp4made_edit edit[3];
	int edits;
	bool compatible; /* tells of SBR behind what a reader of AAC LC reads, as iTunes does */
	bool roll; /* says by a sample group that each packet needs the one before */
};

struct mp4made_packets {
	struct buf data;
	uint32_t size[MP4MADE_PACKETS_MAX];
	uint32_t count;
};

/* --- fields and boxes ------------------------------------------------------------- */

static void mp4made_big(struct buf *b, uint64_t v, int bytes)
{
	while (bytes-- > 0)
		buf_add_byte(b, (uint8_t)(v >> (8 * bytes)));
}

static size_t mp4made_open(struct buf *b, const char *type)
{
	size_t at = b->len;

	mp4made_big(b, 0, 4);
	buf_add(b, type, 4);
	return at;
}

static size_t mp4made_full(struct buf *b, const char *type, uint32_t version_flags)
{
	size_t at = mp4made_open(b, type);

	mp4made_big(b, version_flags, 4);
	return at;
}

static void mp4made_close(struct buf *b, size_t at)
{
	size_t bytes = b->len - at;

	for (int i = 0; i < 4; i++)
		b->data[at + (size_t)i] = (char)(uint8_t)(bytes >> (24 - 8 * i));
}

static void mp4made_matrix(struct buf *b)
{
	static const uint32_t unity[9] = {0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000};

	for (int i = 0; i < 9; i++)
		mp4made_big(b, unity[i], 4);
}

/* --- packets ------------------------------------------------------------------------ */

static void mp4made_take(const struct mp4made *m, struct mp4made_packets *out)
{
	static uint8_t data[4 << 20];
	size_t len = strange_bytes(m->adts, data, sizeof(data)), at = 0;

	*out = (struct mp4made_packets){0};
	while (at + 7 <= len && (m->packets == 0 || out->count < (uint32_t)m->packets)) {
		size_t head = data[at + 1] & 1 ? 7 : 9;
		size_t bytes =
			(size_t)((data[at + 3] & 3) << 11 | data[at + 4] << 3 | data[at + 5] >> 5);

		assert_true(bytes > head && out->count < MP4MADE_PACKETS_MAX);
		buf_add(&out->data, data + at + head, bytes - head);
		out->size[out->count++] = (uint32_t)(bytes - head);
		at += bytes;
	}
	assert_true(buf_ok(&out->data) && out->count > 0);
}

/* --- the description -------------------------------------------------------------------- */

static unsigned mp4made_rate_index(int32_t rate)
{
	static const int32_t rates[] = {96000, 88200, 64000, 48000, 44100, 32000,
					24000, 22050, 16000, 12000, 11025, 8000};
	unsigned i = 0;

	while (rates[i] != rate)
		i++;
	return i;
}

/* 16 bits of AAC LC, and behind it what SBR makes of it; or the object, both rates, and AAC LC. */
static void mp4made_config(struct buf *b, const struct mp4made *m)
{
	unsigned core = mp4made_rate_index(m->core), channels = (unsigned)m->channels;
	unsigned outer;

	if (m->object == MP4MADE_LC) {
		mp4made_big(b, 2u << 11 | core << 7 | channels << 3, 2);
		return;
	}
	outer = mp4made_rate_index(2 * m->core);
	if (m->compatible) {
		mp4made_big(b, 2u << 11 | core << 7 | channels << 3, 2);
		mp4made_big(b, 0x2b7 << 13 | 5 << 8 | 1 << 7 | outer << 3, 3);
		return;
	}
	mp4made_big(
		b, (unsigned)m->object << 27 | core << 23 | channels << 19 | outer << 15 | 2u << 10,
		4);
}

/* Tag and length, the long way (14496-1 8.3.3), as iTunes writes them. */
static void mp4made_descriptor(struct buf *b, uint8_t tag, size_t bytes)
{
	mp4made_big(b, tag, 1);
	mp4made_big(b, 0x80808000 | bytes, 4);
}

static void mp4made_descriptors(struct buf *b, const struct mp4made *m)
{
	struct buf config = {0};

	mp4made_config(&config, m);
	mp4made_descriptor(b, 3, 3 + 5 + 13 + 5 + config.len + 6);
	mp4made_big(b, 0, 3);
	mp4made_descriptor(b, 4, 13 + 5 + config.len);
	mp4made_big(b, 0x4015, 2);
	mp4made_big(b, 0, 8);
	mp4made_big(b, 0, 3);
	mp4made_descriptor(b, 5, config.len);
	buf_add(b, config.data, config.len);
	mp4made_descriptor(b, 6, 1);
	mp4made_big(b, 2, 1);
	buf_clear(&config);
}

static void mp4made_stsd(struct buf *b, const struct mp4made *m)
{
	size_t box = mp4made_full(b, "stsd", 0), entry, esds;
	int32_t rate = m->object == MP4MADE_LC ? m->core : 2 * m->core;

	mp4made_big(b, 1, 4);
	entry = mp4made_open(b, "mp4a");
	mp4made_big(b, 1, 8);
	mp4made_big(b, 0, 8);
	mp4made_big(b, (uint64_t)m->channels << 48 | (uint64_t)16 << 32, 8);
	mp4made_big(b, (uint64_t)rate << 16, 4);
	esds = mp4made_full(b, "esds", 0);
	mp4made_descriptors(b, m);
	mp4made_close(b, esds);
	mp4made_close(b, entry);
	mp4made_close(b, box);
}

static void mp4made_table(struct buf *b, const char *type, int fields, const uint32_t *field)
{
	size_t box = mp4made_full(b, type, 0);

	for (int i = 0; i < fields; i++)
		mp4made_big(b, field[i], 4);
	mp4made_close(b, box);
}

/* 8.9: the decoder has to begin one packet ahead. */
static void mp4made_roll(struct buf *b, uint32_t packets)
{
	size_t box = mp4made_full(b, "sgpd", 1u << 24);

	buf_add(b, "roll", 4);
	mp4made_big(b, 2, 4);
	mp4made_big(b, 1, 4);
	mp4made_big(b, 0xffff, 2);
	mp4made_close(b, box);
	box = mp4made_full(b, "sbgp", 0);
	buf_add(b, "roll", 4);
	mp4made_big(b, 1, 4);
	mp4made_big(b, packets, 4);
	mp4made_big(b, 1, 4);
	mp4made_close(b, box);
}

static void mp4made_stbl(struct buf *b, const struct mp4made *m, const struct mp4made_packets *p,
			 uint32_t offset)
{
	size_t box = mp4made_open(b, "stbl"), sizes;

	mp4made_stsd(b, m);
	mp4made_table(b, "stts", 3, (const uint32_t[]){1, p->count, m->packet});
	mp4made_table(b, "stsc", 4, (const uint32_t[]){1, 1, p->count, 1});
	sizes = mp4made_full(b, "stsz", 0);
	mp4made_big(b, p->count, 8);
	for (uint32_t i = 0; i < p->count; i++)
		mp4made_big(b, p->size[i], 4);
	mp4made_close(b, sizes);
	mp4made_table(b, "stco", 2, (const uint32_t[]){1, offset});
	if (m->roll)
		mp4made_roll(b, p->count);
	mp4made_close(b, box);
}

/* --- the movie ----------------------------------------------------------------------------- */

static void mp4made_mdia(struct buf *b, const struct mp4made *m, const struct mp4made_packets *p,
			 uint32_t offset)
{
	size_t box = mp4made_open(b, "mdia"), part, minf, dinf;

	mp4made_table(b, "mdhd", 5,
		      (const uint32_t[]){0, 0, m->media_scale, p->count * m->packet, 0x55c40000});
	part = mp4made_full(b, "hdlr", 0);
	mp4made_big(b, 0, 4);
	buf_add(b, "soun", 4);
	mp4made_big(b, 0, 8);
	mp4made_big(b, 0, 5);
	mp4made_close(b, part);
	minf = mp4made_open(b, "minf");
	mp4made_table(b, "smhd", 1, (const uint32_t[]){0});
	dinf = mp4made_open(b, "dinf");
	part = mp4made_full(b, "dref", 0);
	mp4made_big(b, 1, 4);
	mp4made_close(b, mp4made_full(b, "url ", 1));
	mp4made_close(b, part);
	mp4made_close(b, dinf);
	mp4made_stbl(b, m, p, offset);
	mp4made_close(b, minf);
	mp4made_close(b, box);
}

static void mp4made_edits(struct buf *b, const struct mp4made *m)
{
	size_t box = mp4made_open(b, "edts"), list = mp4made_full(b, "elst", 0);

	mp4made_big(b, (uint64_t)m->edits, 4);
	for (int i = 0; i < m->edits; i++) {
		mp4made_big(b, (uint32_t)m->edit[i].duration, 4);
		mp4made_big(b, (uint32_t)m->edit[i].media_time, 4);
		mp4made_big(b, (uint32_t)m->edit[i].rate, 4);
	}
	mp4made_close(b, list);
	mp4made_close(b, box);
}

static void mp4made_trak(struct buf *b, const struct mp4made *m, const struct mp4made_packets *p,
			 uint32_t offset)
{
	size_t box = mp4made_open(b, "trak"), head = mp4made_full(b, "tkhd", 3);

	mp4made_big(b, 0, 8);
	mp4made_big(b, 1, 4);
	mp4made_big(b, 0, 8);
	mp4made_big(b, 0, 8);
	mp4made_big(b, 0x01000000, 8);
	mp4made_matrix(b);
	mp4made_big(b, 0, 8);
	mp4made_close(b, head);
	if (m->edits)
		mp4made_edits(b, m);
	mp4made_mdia(b, m, p, offset);
	mp4made_close(b, box);
}

static void mp4made_text(struct buf *b, const char *type, const char *text)
{
	size_t box = mp4made_full(b, type, 0);

	buf_add(b, text, strlen(text));
	mp4made_close(b, box);
}

static void mp4made_itunes(struct buf *b, const char *text)
{
	size_t udta = mp4made_open(b, "udta"), meta = mp4made_full(b, "meta", 0), list, item, data;

	data = mp4made_full(b, "hdlr", 0);
	mp4made_big(b, 0, 4);
	buf_add(b, "mdirappl", 8);
	mp4made_big(b, 0, 8);
	mp4made_big(b, 0, 1);
	mp4made_close(b, data);
	list = mp4made_open(b, "ilst");
	item = mp4made_open(b, "----");
	mp4made_text(b, "mean", "com.apple.iTunes");
	mp4made_text(b, "name", "iTunSMPB");
	data = mp4made_full(b, "data", 1);
	mp4made_big(b, 0, 4);
	buf_add(b, text, strlen(text));
	mp4made_close(b, data);
	mp4made_close(b, item);
	mp4made_close(b, list);
	mp4made_close(b, meta);
	mp4made_close(b, udta);
}

static void mp4made_moov(struct buf *b, const struct mp4made *m, const struct mp4made_packets *p,
			 uint32_t offset)
{
	size_t box = mp4made_open(b, "moov"), head = mp4made_full(b, "mvhd", 0);

	mp4made_big(b, 0, 8);
	mp4made_big(b, m->movie_scale, 4);
	mp4made_big(b, 0, 4);
	mp4made_big(b, 0x10000, 4);
	mp4made_big(b, 0x100, 2);
	mp4made_big(b, 0, 8);
	mp4made_big(b, 0, 2);
	mp4made_matrix(b);
	for (int i = 0; i < 6; i++)
		mp4made_big(b, 0, 4);
	mp4made_big(b, 2, 4);
	mp4made_close(b, head);
	mp4made_trak(b, m, p, offset);
	if (m->itunes)
		mp4made_itunes(b, m->itunes);
	mp4made_close(b, box);
}

static void mp4made_save(const char *path, const struct buf *b)
{
	FILE *f = fopen(path, "wb");

	assert_true(buf_ok(b) && f);
	assert_int_equal(fwrite(b->data, 1, b->len, f), b->len);
	fclose(f);
}

__attribute__((unused)) static void mp4made_write(const char *path, const struct mp4made *m)
{
	static struct mp4made_packets p;
	struct buf b = {0}, moov = {0};
	size_t mdat;

	mp4made_take(m, &p);
	mdat = mp4made_open(&b, "ftyp");
	buf_add(&b, "M4A \0\0\0\0M4A isom", 16);
	mp4made_close(&b, mdat);
	mp4made_moov(&moov, m, &p, 0); /* for its length */
	mdat = b.len + moov.len + 8;
	buf_clear(&moov);
	mp4made_moov(&b, m, &p, (uint32_t)mdat);
	mdat = mp4made_open(&b, "mdat");
	buf_add(&b, p.data.data, p.data.len);
	mp4made_close(&b, mdat);
	mp4made_save(path, &b);
	buf_clear(&moov);
	buf_clear(&p.data);
	buf_clear(&b);
}

/* --- CAF ---------------------------------------------------------------------------------------
 */

struct mp4made_caf {
	int32_t frames; /* of a packet */
	int64_t valid;
	int32_t priming, remainder;
	bool table_last; /* behind the sound */
};

static void mp4made_chunk(struct buf *b, const char *type, const struct buf *body)
{
	buf_add(b, type, 4);
	mp4made_big(b, body->len, 8);
	buf_add(b, body->data, body->len);
}

static void mp4made_caf_desc(struct buf *b, const struct mp4made *m, const struct mp4made_caf *c)
{
	double rate = m->object == MP4MADE_LC ? m->core : 2 * m->core;
	uint64_t bits;

	memcpy(&bits, &rate, 8);
	mp4made_big(b, bits, 8);
	buf_add(b, "aac ", 4);
	mp4made_big(b, 0, 8);
	mp4made_big(b, (uint64_t)c->frames, 4);
	mp4made_big(b, (uint64_t)m->channels, 4);
	mp4made_big(b, 0, 4);
}

static void mp4made_caf_table(struct buf *b, const struct mp4made_packets *p,
			      const struct mp4made_caf *c)
{
	mp4made_big(b, p->count, 8);
	mp4made_big(b, (uint64_t)c->valid, 8);
	mp4made_big(b, (uint32_t)c->priming, 4);
	mp4made_big(b, (uint32_t)c->remainder, 4);
	for (uint32_t i = 0; i < p->count; i++) {
		mp4made_big(b, 0x80 | p->size[i] >> 7, 1);
		mp4made_big(b, p->size[i] & 0x7f, 1);
	}
}

__attribute__((unused)) static void mp4made_write_caf(const char *path, const struct mp4made *m,
						      const struct mp4made_caf *c)
{
	static struct mp4made_packets p;
	struct buf b = {0}, desc = {0}, cookie = {0}, table = {0}, data = {0};

	mp4made_take(m, &p);
	mp4made_caf_desc(&desc, m, c);
	mp4made_descriptors(&cookie, m);
	mp4made_caf_table(&table, &p, c);
	mp4made_big(&data, 0, 4);
	buf_add(&data, p.data.data, p.data.len);
	buf_add(&b, "caff\0\1\0\0", 8);
	mp4made_chunk(&b, "desc", &desc);
	mp4made_chunk(&b, "kuki", &cookie);
	if (!c->table_last)
		mp4made_chunk(&b, "pakt", &table);
	mp4made_chunk(&b, "data", &data);
	if (c->table_last)
		mp4made_chunk(&b, "pakt", &table);
	mp4made_save(path, &b);
	buf_clear(&b), buf_clear(&desc), buf_clear(&cookie), buf_clear(&table), buf_clear(&data);
	buf_clear(&p.data);
}

#endif
