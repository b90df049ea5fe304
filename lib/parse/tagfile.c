#include "parse/tagfile.h"

#include "parse/apetag.h"
#include "parse/id3v1.h"
#include "parse/id3v2.h"
#include "parse/ilst.h"
#include "parse/mkvtags.h"
#include "parse/oggcomment.h"
#include "parse/vorbiscomment.h"

#include <stdlib.h>
#include <string.h>

#define TAG_MAX (16 << 20) /* bytes; a larger one is not read */
#define STEPS_MAX 1000 /* blocks, chunks or boxes that are stepped over */
#define TAGS_IN_A_ROW 8 /* ID3v2, before the audio */
#define ID3_HEAD 10 /* bytes */
#define LYRICS_END 15 /* "000123LYRICS200": bytes from LYRICSBEGIN on, in six digits */

static uint32_t u32be(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static uint32_t u32le(const uint8_t *p)
{
	return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

/* A tag on bytes, as each of the formats reads it. */
typedef void (*reader)(const uint8_t *data, size_t len, struct tagdraft *out);

/* Has bytes of the file read, as far as they are there. */
static void read_with(reader read, struct incoming *in, int64_t at, int64_t bytes,
		      struct tagdraft *out)
{
	uint8_t *data;
	ssize_t got;

	if (at < 0 || at >= in->bytes || bytes <= 0 || bytes > TAG_MAX)
		return;
	data = malloc((size_t)bytes);
	if (!data) {
		out->failed = true;
		return;
	}
	got = incoming_fill(in, data, (size_t)bytes, at);
	if (got > 0)
		read(data, (size_t)got, out);
	free(data);
}

/* --- in front, and at the end --------------------------------------------------------- */

/* Where the tags in front end. */
static int64_t read_front(struct incoming *in, struct tagdraft *out)
{
	uint8_t head[ID3_HEAD];
	int64_t at = 0, bytes;

	for (int i = 0; i < TAGS_IN_A_ROW; i++) {
		if (incoming_fill(in, head, sizeof(head), at) != sizeof(head))
			break;
		bytes = sniff_id3v2(head, sizeof(head));
		if (bytes == 0)
			break;
		read_with(id3v2_read, in, at, bytes, out);
		tagdraft_next_tag(out);
		at += bytes;
	}
	return at;
}

/* An ID3v2.4 tag may lie at the end, with a footer that is its head but for "3DI". */
static int64_t read_appended(struct incoming *in, int64_t end, struct tagdraft *out)
{
	uint8_t foot[ID3_HEAD];
	int64_t bytes;

	if (end < ID3_HEAD || incoming_fill(in, foot, sizeof(foot), end - ID3_HEAD) != ID3_HEAD ||
	    memcmp(foot, "3DI", 3) != 0)
		return end;
	memcpy(foot, "ID3", 3);
	bytes = sniff_id3v2(foot, sizeof(foot));
	if (bytes == 0 || bytes > end)
		return end;
	read_with(id3v2_read, in, end - bytes, bytes, out);
	tagdraft_next_tag(out);
	return end - bytes;
}

static int64_t step_over_lyrics(struct incoming *in, int64_t end)
{
	char foot[LYRICS_END + 1] = "";
	int64_t bytes;

	if (end < LYRICS_END ||
	    incoming_fill(in, foot, LYRICS_END, end - LYRICS_END) != LYRICS_END ||
	    memcmp(foot + 6, "LYRICS200", 9) != 0)
		return end;
	foot[6] = '\0';
	bytes = strtol(foot, NULL, 10) + LYRICS_END;
	return bytes > LYRICS_END && bytes <= end ? end - bytes : end;
}

static int64_t read_ape(struct incoming *in, int64_t end, struct tagdraft *out)
{
	uint8_t foot[APETAG_FOOTER_BYTES];
	uint32_t bytes;

	if (end < APETAG_FOOTER_BYTES ||
	    incoming_fill(in, foot, sizeof(foot), end - APETAG_FOOTER_BYTES) !=
		    APETAG_FOOTER_BYTES ||
	    apetag_footer(foot, &bytes) != DRIFT_OK || bytes > end)
		return end;
	read_with(apetag_read, in, end - bytes, (int64_t)bytes - APETAG_FOOTER_BYTES, out);
	tagdraft_next_tag(out);
	return end - bytes;
}

/* Whatever lies behind the sound: ID3v2.4 or APEv2, lyrics, ID3v1; it has the shortest texts
   and is read last. */
static void read_end(struct incoming *in, struct tagdraft *out)
{
	uint8_t last[ID3V1_BYTES];
	int64_t end = in->bytes;
	bool has_v1 = end >= ID3V1_BYTES &&
		      incoming_fill(in, last, sizeof(last), end - ID3V1_BYTES) == ID3V1_BYTES &&
		      id3v1_is(last);

	end = step_over_lyrics(in, has_v1 ? end - ID3V1_BYTES : end);
	end = read_appended(in, end, out);
	end = read_ape(in, end, out);
	(void)read_appended(in, end, out);
	if (has_v1)
		id3v1_read(last, out);
	tagdraft_next_tag(out);
}

/* --- FLAC --------------------------------------------------------------------------------- */

static void read_blocks(struct incoming *in, int64_t at, struct tagdraft *out)
{
	uint8_t head[4] = {0};

	if (incoming_fill(in, head, 4, at) != 4 || memcmp(head, "fLaC", 4) != 0)
		return;
	head[0] = 0;
	at += 4;
	for (int i = 0; i < STEPS_MAX && !(head[0] & 0x80); i++) {
		int64_t bytes;

		if (incoming_fill(in, head, 4, at) != 4)
			return;
		bytes = u32be(head) & 0xffffff;
		if ((head[0] & 0x7f) == 4)
			read_with(vorbiscomment_read, in, at + 4, bytes, out);
		at += 4 + bytes;
	}
}

/* Where the blocks are, its own comments come before an ID3v2 tag that somebody put in front. */
static void read_flac(struct incoming *in, struct tagdraft *out)
{
	uint8_t head[ID3_HEAD];
	int64_t at = 0, bytes = 1;

	for (int i = 0; i < TAGS_IN_A_ROW && bytes > 0; i++) {
		if (incoming_fill(in, head, sizeof(head), at) != sizeof(head))
			return;
		bytes = sniff_id3v2(head, sizeof(head));
		at += bytes;
	}
	read_blocks(in, at, out);
	tagdraft_next_tag(out);
	(void)read_front(in, out);
}

/* --- MP4 ---------------------------------------------------------------------------------- */

struct box {
	int64_t at, end; /* of what is in it */
};

/* Finds a box of that name in another one. */
static bool find_box(struct incoming *in, struct box outer, const char *name, struct box *out)
{
	uint8_t head[16] = {0};

	for (int i = 0; i < STEPS_MAX && outer.at + 8 <= outer.end; i++) {
		int64_t bytes, skip = 8;

		if (incoming_fill(in, head, sizeof(head), outer.at) < 8)
			return false;
		bytes = u32be(head);
		if (bytes == 1) {
			bytes = (int64_t)((uint64_t)(u32be(head + 8) & 0x7fffffff) << 32 |
					  u32be(head + 12));
			skip = 16;
		} else if (bytes == 0) {
			bytes = outer.end - outer.at;
		}
		if (bytes < skip || bytes > outer.end - outer.at)
			return false;
		if (memcmp(head + 4, name, 4) == 0) {
			*out = (struct box){outer.at + skip, outer.at + bytes};
			return true;
		}
		outer.at += bytes;
	}
	return false;
}

/* moov/udta/meta/ilst; meta has four bytes in front of what is in it. */
static bool read_boxes(struct incoming *in, struct tagdraft *out)
{
	struct box box = {0, in->bytes};

	if (!find_box(in, box, "moov", &box) || !find_box(in, box, "udta", &box) ||
	    !find_box(in, box, "meta", &box))
		return false;
	box.at += 4;
	if (!find_box(in, box, "ilst", &box))
		return false;
	read_with(ilst_read, in, box.at, box.end - box.at, out);
	tagdraft_next_tag(out);
	return out->count > 0;
}

/* --- WAV and AIFF --------------------------------------------------------------------------- */

/* The chunk in which programs put an ID3v2 tag. */
static void read_chunks(struct incoming *in, uint32_t (*u32)(const uint8_t *), struct tagdraft *out)
{
	uint8_t head[8];
	int64_t at = 12, bytes;

	for (int i = 0; i < STEPS_MAX && at < in->bytes; i++) {
		if (incoming_fill(in, head, sizeof(head), at) != sizeof(head))
			return;
		bytes = u32(head + 4);
		if (memcmp(head, "id3 ", 4) == 0 || memcmp(head, "ID3 ", 4) == 0) {
			read_with(id3v2_read, in, at + 8, bytes, out);
			tagdraft_next_tag(out);
		}
		at += 8 + bytes + (bytes & 1);
	}
}

bool tagfile_read(struct incoming *in, const struct sniff *is, struct tagdraft *out)
{
	const char *container = is->container;
	bool is_whole = incoming_is_whole(in);

	if (strcmp(container, "flac") == 0)
		read_flac(in, out);
	else
		(void)read_front(in, out);
	if (strcmp(container, "ogg") == 0)
		return oggcomment_read(in, 0, out);
	if (strcmp(container, "mp4") == 0)
		return is_whole && read_boxes(in, out);
	if (strcmp(container, "wav") == 0 && is_whole)
		read_chunks(in, u32le, out);
	if (strcmp(container, "matroska") == 0 && is_whole)
		mkvtags_read(in, out);
	if (strcmp(container, "aiff") == 0 && is_whole)
		read_chunks(in, u32be, out);
	if (strcmp(container, "mp3") != 0 && strcmp(container, "adts") != 0 &&
	    strcmp(container, "flac") != 0 && strcmp(container, "wavpack") != 0)
		return false;
	if (is_whole)
		read_end(in, out);
	return true;
}
