#include "mp4/fmp4.h"

#include "format/flacframe.h"
#include "format/mp4box.h"

#include <assert.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define TRACK 1
#define OBJECT_AAC 0x40 /* 14496-1 table 5: audio 14496-3 */
#define OBJECT_MP3 0x6b /* 11172-3 */
#define OBJECT_MP3_LOW 0x69 /* 13818-3: half the rates */
#define OBJECT_LC 2 /* 14496-3 table 1.17, the next too */
#define OBJECT_SBR 5
#define SYNC_SAMPLE 0x02000000u /* depends on no other */

/* --- big-endian fields and boxes that know their length at the end ------------ */

static void add_u16(struct buf *b, uint32_t v)
{
	buf_add_byte(b, (uint8_t)(v >> 8));
	buf_add_byte(b, (uint8_t)v);
}

static void add_u32(struct buf *b, uint32_t v)
{
	add_u16(b, v >> 16);
	add_u16(b, v);
}

static void add_u64(struct buf *b, uint64_t v)
{
	add_u32(b, (uint32_t)(v >> 32));
	add_u32(b, (uint32_t)v);
}

static void add_zeros(struct buf *b, size_t count)
{
	for (size_t i = 0; i < count; i++)
		buf_add_byte(b, 0);
}

static void put_u32(struct buf *b, size_t at, uint32_t v)
{
	if (!buf_ok(b))
		return;
	for (int i = 0; i < 4; i++)
		b->data[at + (size_t)i] = (char)(uint8_t)(v >> (24 - 8 * i));
}

static size_t open_box(struct buf *b, const char *type)
{
	size_t at = b->len;

	add_u32(b, 0);
	buf_add(b, type, 4);
	return at;
}

static size_t open_full(struct buf *b, const char *type, uint8_t version, uint32_t flags)
{
	size_t at = open_box(b, type);

	add_u32(b, (uint32_t)version << 24 | flags);
	return at;
}

static void close_box(struct buf *b, size_t at)
{
	put_u32(b, at, (uint32_t)(b->len - at));
}

/* --- sample entry ----------------------------------------------------------------- */

/* The field holds 16 bits before the point; a higher rate is halved until it
   fits ("FLAC in ISOBMFF" 3.3.1, and what browsers insist on). */
static uint32_t entry_rate(int32_t rate)
{
	uint32_t r = (uint32_t)rate;

	while (r > 65535 && r % 2 == 0)
		r /= 2;
	return r > 65535 ? 0 : r << 16;
}

static void add_flac_config(struct buf *b, const struct packing *p)
{
	size_t box = open_full(b, "dfLa", 0, 0);

	buf_add_byte(b, 0x80); /* the last metadata block, of type STREAMINFO */
	buf_add_byte(b, 0);
	add_u16(b, FLACFRAME_STREAMINFO_BYTES);
	buf_add(b, p->config, FLACFRAME_STREAMINFO_BYTES);
	close_box(b, box);
}

/* OpusHead without its magic, little endian become big (4.3.2). The rate of what was encoded
   is for information, and Chromium refuses one that is not the entry's. */
static void add_opus_config(struct buf *b, const struct packing *p)
{
	const uint8_t *head = p->config;
	size_t box = open_box(b, "dOps");

	buf_add_byte(b, 0);
	buf_add_byte(b, head[9]);
	add_u16(b, (uint32_t)(head[10] | head[11] << 8));
	add_u32(b, (uint32_t)p->rate);
	add_u16(b, (uint32_t)(head[16] | head[17] << 8));
	buf_add(b, head + 18, p->config_bytes - 18);
	close_box(b, box);
}

/* Lengths in four bytes, seven bits each (14496-1 8.3.3). */
static void add_descriptor(struct buf *b, uint8_t tag, uint32_t bytes)
{
	buf_add_byte(b, tag);
	for (int shift = 21; shift >= 0; shift -= 7)
		buf_add_byte(b, (uint8_t)((bytes >> shift & 0x7f) | (shift ? 0x80 : 0)));
}

static uint8_t object_type(const struct packing *p)
{
	if (p->codec[3] == 'a')
		return OBJECT_AAC;
	return p->rate > 24000 ? OBJECT_MP3 : OBJECT_MP3_LOW;
}

static void add_esds(struct buf *b, const struct packing *p)
{
	uint32_t specific = p->config_bytes ? 5 + p->config_bytes : 0;
	size_t box = open_full(b, "esds", 0, 0);

	add_descriptor(b, 3, 3 + 5 + 13 + specific + 5 + 1);
	add_u16(b, TRACK);
	buf_add_byte(b, 0);
	add_descriptor(b, 4, 13 + specific);
	buf_add_byte(b, object_type(p));
	buf_add_byte(b, 0x15); /* an audio stream, downwards */
	add_zeros(b, 3 + 4 + 4); /* buffer size and bitrates: not stated */
	if (p->config_bytes) {
		add_descriptor(b, 5, p->config_bytes);
		buf_add(b, p->config, p->config_bytes);
	}
	add_descriptor(b, 6, 1);
	buf_add_byte(b, 2);
	close_box(b, box);
}

static bool is(const struct packing *p, const char *codec)
{
	return memcmp(p->codec, codec, 4) == 0;
}

static void add_sample_entry(struct buf *b, const struct packing *p)
{
	size_t box = open_box(b, is(p, "mp3 ") ? "mp4a" : p->codec);

	add_zeros(b, 6);
	add_u16(b, 1); /* data reference */
	add_zeros(b, 8);
	add_u16(b, (uint32_t)p->channels);
	add_u16(b, is(p, "fLaC") ? (uint32_t)p->bits : 16);
	add_zeros(b, 4);
	add_u32(b, entry_rate(p->rate));
	if (is(p, "fLaC"))
		add_flac_config(b, p);
	else if (is(p, "Opus"))
		add_opus_config(b, p);
	else
		add_esds(b, p);
	close_box(b, box);
}

/* --- moov --------------------------------------------------------------------------- */

static void add_matrix(struct buf *b)
{
	static const uint32_t unity[9] = {0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000};

	for (int i = 0; i < 9; i++)
		add_u32(b, unity[i]);
}

static void add_mvhd(struct buf *b, const struct packing *p)
{
	size_t box = open_full(b, "mvhd", 0, 0);

	add_zeros(b, 8);
	add_u32(b, (uint32_t)p->rate);
	add_u32(b, 0); /* the samples are in the fragments: mehd says how long */
	add_u32(b, 0x10000);
	add_u16(b, 0x100);
	add_zeros(b, 10);
	add_matrix(b);
	add_zeros(b, 24);
	add_u32(b, TRACK + 1);
	close_box(b, box);
}

static void add_tkhd(struct buf *b)
{
	size_t box = open_full(b, "tkhd", 0, 3); /* enabled, in the movie */

	add_zeros(b, 8);
	add_u32(b, TRACK);
	add_zeros(b, 4 + 4 + 8);
	add_zeros(b, 4);
	add_u16(b, 0x100);
	add_zeros(b, 2);
	add_matrix(b);
	add_zeros(b, 8);
	close_box(b, box);
}

static void add_edits(struct buf *b, const struct fmp4_extent *e)
{
	size_t edts = open_box(b, "edts");
	size_t elst = open_full(b, "elst", 1, 0);

	add_u32(b, 1);
	add_u64(b, (uint64_t)e->samples);
	add_u64(b, (uint64_t)e->delay);
	add_u32(b, 0x10000);
	close_box(b, elst);
	close_box(b, edts);
}

static void add_mdhd(struct buf *b, const struct packing *p)
{
	size_t box = open_full(b, "mdhd", 0, 0);

	add_zeros(b, 8);
	add_u32(b, (uint32_t)p->rate);
	add_u32(b, 0);
	add_u16(b, 0x55c4); /* "und" */
	add_u16(b, 0);
	close_box(b, box);
}

static void add_hdlr(struct buf *b)
{
	size_t box = open_full(b, "hdlr", 0, 0);

	add_u32(b, 0);
	buf_add(b, "soun", 4);
	add_zeros(b, 12);
	buf_add(b, "Drift", 6);
	close_box(b, box);
}

static void add_dinf(struct buf *b)
{
	size_t dinf = open_box(b, "dinf");
	size_t dref = open_full(b, "dref", 0, 0);

	add_u32(b, 1);
	close_box(b, open_full(b, "url ", 0, 1)); /* in this file */
	close_box(b, dref);
	close_box(b, dinf);
}

static void add_stbl(struct buf *b, const struct packing *p)
{
	static const char empty[3][5] = {"stts", "stsc", "stco"};
	size_t stbl = open_box(b, "stbl");
	size_t stsd = open_full(b, "stsd", 0, 0);
	size_t box;

	add_u32(b, 1);
	add_sample_entry(b, p);
	close_box(b, stsd);
	for (int i = 0; i < 3; i++) {
		box = open_full(b, empty[i], 0, 0);
		add_u32(b, 0);
		close_box(b, box);
	}
	box = open_full(b, "stsz", 0, 0);
	add_zeros(b, 8);
	close_box(b, box);
	close_box(b, stbl);
}

static void add_mdia(struct buf *b, const struct packing *p)
{
	size_t mdia = open_box(b, "mdia"), minf, smhd;

	add_mdhd(b, p);
	add_hdlr(b);
	minf = open_box(b, "minf");
	smhd = open_full(b, "smhd", 0, 0);
	add_zeros(b, 4);
	close_box(b, smhd);
	add_dinf(b);
	add_stbl(b, p);
	close_box(b, minf);
	close_box(b, mdia);
}

static void add_mvex(struct buf *b, const struct fmp4_extent *e)
{
	size_t mvex = open_box(b, "mvex");
	size_t mehd = open_full(b, "mehd", 1, 0), trex;

	add_u64(b, (uint64_t)e->samples);
	close_box(b, mehd);
	trex = open_full(b, "trex", 0, 0);
	add_u32(b, TRACK);
	add_u32(b, 1); /* sample description */
	add_zeros(b, 8);
	add_u32(b, SYNC_SAMPLE);
	close_box(b, trex);
	close_box(b, mvex);
}

static void add_ftyp(struct buf *b)
{
	size_t box = open_box(b, "ftyp");

	/* iso6: tfdt; dash: sidx and fragments that can be played alone */
	buf_add_text(b, "iso6");
	add_u32(b, 0);
	buf_add_text(b, "iso6mp41dash");
	close_box(b, box);
}

void fmp4_add_init(struct buf *out, const struct packing *packing, const struct fmp4_extent *extent)
{
	size_t moov, trak;

	add_ftyp(out);
	moov = open_box(out, "moov");
	add_mvhd(out, packing);
	trak = open_box(out, "trak");
	add_tkhd(out);
	add_edits(out, extent);
	add_mdia(out, packing);
	close_box(out, trak);
	add_mvex(out, extent);
	close_box(out, moov);
}

/* --- fragments -------------------------------------------------------------------------- */

static bool is_even(const struct fmp4_fragment *f)
{
	for (uint32_t i = 1; i < f->packets; i++)
		if (f->packet[i].samples != f->packet[0].samples)
			return false;
	return true;
}

static void add_tfhd(struct buf *b, const struct fmp4_fragment *f, bool even)
{
	size_t box = open_full(b, "tfhd", 0,
			       MP4BOX_TFHD_BASE_IS_MOOF | (even ? MP4BOX_TFHD_DURATION : 0));

	add_u32(b, TRACK);
	if (even)
		add_u32(b, f->packet[0].samples);
	close_box(b, box);
}

/* The place of the offset to the first packet, for whoever knows it later. */
static size_t add_trun(struct buf *b, const struct fmp4_fragment *f, bool even)
{
	size_t box = open_full(b, "trun", 0,
			       MP4BOX_TRUN_OFFSET | MP4BOX_TRUN_SIZES |
				       (even ? 0 : MP4BOX_TRUN_DURATIONS));
	size_t offset_at;

	add_u32(b, f->packets);
	offset_at = b->len;
	add_u32(b, 0);
	for (uint32_t i = 0; i < f->packets; i++) {
		if (!even)
			add_u32(b, f->packet[i].samples);
		add_u32(b, f->packet[i].bytes);
	}
	close_box(b, box);
	return offset_at;
}

static uint32_t data_bytes(const struct fmp4_fragment *f)
{
	uint64_t bytes = 0;

	for (uint32_t i = 0; i < f->packets; i++)
		bytes += f->packet[i].bytes;
	assert(bytes < UINT32_MAX / 2);
	return (uint32_t)bytes;
}

void fmp4_add_fragment(struct buf *out, const struct fmp4_fragment *fragment)
{
	size_t moof = open_box(out, "moof"), box, traf, offset_at;
	bool even = is_even(fragment);

	assert(fragment->packets > 0);
	box = open_full(out, "mfhd", 0, 0);
	add_u32(out, fragment->number);
	close_box(out, box);
	traf = open_box(out, "traf");
	add_tfhd(out, fragment, even);
	box = open_full(out, "tfdt", 1, 0);
	add_u64(out, (uint64_t)fragment->at);
	close_box(out, box);
	offset_at = add_trun(out, fragment, even);
	close_box(out, traf);
	close_box(out, moof);
	put_u32(out, offset_at, (uint32_t)(out->len - moof + 8));
	add_u32(out, data_bytes(fragment) + 8);
	buf_add(out, "mdat", 4);
}

/* --- index -------------------------------------------------------------------------------- */

size_t fmp4_sidx_bytes(uint32_t entries)
{
	return 12 + 28 + (size_t)entries * 12;
}

static void add_free(struct buf *b, size_t room)
{
	size_t box;

	if (room == 0)
		return;
	assert(room >= 8);
	box = open_box(b, "free");
	add_zeros(b, room - 8);
	close_box(b, box);
}

/* What is left is nothing or a whole box. */
static bool fits(uint32_t references, size_t room)
{
	size_t need = fmp4_sidx_bytes(references);

	return references > 0 && references <= FMP4_SIDX_ENTRIES_MAX &&
	       (need == room || need + 8 <= room);
}

void fmp4_add_room(struct buf *out, size_t room)
{
	add_free(out, room);
}

void fmp4_add_sidx(struct buf *out, const struct packing *packing,
		   const struct fmp4_reference *reference, uint32_t references, size_t room)
{
	size_t box, left = room - fmp4_sidx_bytes(references);

	if (!fits(references, room)) {
		add_free(out, room);
		return;
	}
	box = open_full(out, "sidx", 1, 0);
	add_u32(out, TRACK);
	add_u32(out, (uint32_t)packing->rate);
	add_u64(out, 0); /* earliest time, on the media's line */
	add_u64(out, left); /* from here to the first moof */
	add_u16(out, 0);
	add_u16(out, references);
	for (uint32_t i = 0; i < references; i++) {
		add_u32(out, reference[i].bytes);
		add_u32(out, reference[i].samples);
		add_u32(out, 0x90000000u); /* starts with a sync sample of type 1 */
	}
	close_box(out, box);
	add_free(out, left);
}

/* --- names -------------------------------------------------------------------------------- */

/* Five bits, or six more behind the escape (14496-3 1.6.2.1). */
static int audio_object(const struct packing *p)
{
	int type = p->config_bytes > 0 ? p->config[0] >> 3 : 2;

	if (type == 31 && p->config_bytes > 1)
		type = 32 + ((p->config[0] & 7) << 3 | p->config[1] >> 5);
	return type;
}

/* The rate of the core, Hz: four bits behind a short object type (14496-3 table 1.18); 0: other. */
static int32_t core_rate(const struct packing *p)
{
	static const int32_t rates[16] = {96000, 88200, 64000, 48000, 44100, 32000, 24000,
					  22050, 16000, 12000, 11025, 8000,  7350};

	return p->config_bytes < 2 ? 0 : rates[(p->config[0] & 7) << 1 | p->config[1] >> 7];
}

/* AAC LC that comes out at twice its rate has SBR without saying so: then it is called by what
   comes out, which Chromium's MediaSource goes by. */
static int audio_object_heard(const struct packing *p)
{
	int type = audio_object(p);
	int32_t core = core_rate(p);

	return type == OBJECT_LC && core > 0 && p->rate == 2 * core ? OBJECT_SBR : type;
}

/* Of the spelling that is registered, what older browsers want to be asked for. */
static const char *old_spelling(const char *codec)
{
	if (strcmp(codec, "fLaC") == 0)
		return "flac";
	return strcmp(codec, "Opus") == 0 ? "opus" : NULL;
}

void fmp4_add_types(struct buf *out, const char *codec)
{
	const char *old = old_spelling(codec);

	buf_addf(out, "[\"audio/mp4; codecs=\\\"%s\\\"\"", codec);
	if (old)
		buf_addf(out, ", \"audio/mp4; codecs=\\\"%s\\\"\"", old);
	buf_add_text(out, "]");
}

void fmp4_codec_text(const struct packing *packing, char out[16])
{
	if (is(packing, "fLaC"))
		snprintf(out, 16, "fLaC");
	else if (is(packing, "Opus"))
		snprintf(out, 16, "Opus");
	else if (is(packing, "mp3 "))
		snprintf(out, 16, "mp4a.%x", object_type(packing));
	else
		snprintf(out, 16, "mp4a.40.%d", audio_object_heard(packing));
}
