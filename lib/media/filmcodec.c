#include "media/filmcodec.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define ENTRY_HEAD 8 /* size and type of a box */
#define VISUAL_ENTRY 86 /* bytes of a VisualSampleEntry before its boxes */
#define AUDIO_ENTRY 36 /* likewise */

struct span {
	const uint8_t *data;
	size_t len;
};

static uint32_t u32(const uint8_t *d)
{
	return (uint32_t)d[0] << 24 | (uint32_t)d[1] << 16 | (uint32_t)d[2] << 8 | d[3];
}

static int u16(const uint8_t *d)
{
	return d[0] << 8 | d[1];
}

/* The box of that type which starts at or behind *at, its content without skip bytes;
 *at moves behind it. */
static bool next_box(struct span in, const char *type, size_t skip, size_t *at, struct span *out)
{
	while (*at + ENTRY_HEAD <= in.len) {
		const uint8_t *box = in.data + *at;
		size_t size = u32(box);

		if (size < ENTRY_HEAD || size > in.len - *at)
			return false;
		*at += size;
		if (memcmp(box + 4, type, 4) == 0 && size >= ENTRY_HEAD + skip) {
			*out = (struct span){box + ENTRY_HEAD + skip, size - ENTRY_HEAD - skip};
			return true;
		}
	}
	return false;
}

static bool find_box(struct span in, const char *type, size_t skip, struct span *out)
{
	size_t at = 0;

	return next_box(in, type, skip, &at, out);
}

/* --- pictures --------------------------------------------------------------------- */

static bool name_avc(struct span c, char *out)
{
	if (c.len < 4)
		return false;
	snprintf(out, FILMCODEC_TEXT_MAX, "avc1.%02x%02x%02x", c.data[1], c.data[2], c.data[3]);
	return true;
}

/* Compatibility flags go out with their bits reversed, constraints without the zero
   bytes at their end (14496-15 annex E.3). */
static bool name_hevc(struct span c, char *out)
{
	static const char spaces[4][2] = {"", "A", "B", "C"};
	uint32_t flags, reversed = 0;
	int last = 5, len;

	if (c.len < 13)
		return false;
	flags = u32(c.data + 2);
	for (int i = 0; i < 32; i++)
		reversed |= (flags >> i & 1) << (31 - i);
	len = snprintf(out, FILMCODEC_TEXT_MAX, "hvc1.%s%d.%" PRIX32 ".%c%d",
		       spaces[c.data[1] >> 6], c.data[1] & 31, reversed, c.data[1] & 32 ? 'H' : 'L',
		       c.data[12]);
	while (last >= 0 && c.data[6 + last] == 0)
		last--;
	for (int i = 0; i <= last && len < FILMCODEC_TEXT_MAX - 4; i++)
		len += snprintf(out + len, (size_t)(FILMCODEC_TEXT_MAX - len), ".%X",
				c.data[6 + i]);
	return true;
}

static bool name_vp9(struct span c, char *out)
{
	if (c.len < 7)
		return false;
	snprintf(out, FILMCODEC_TEXT_MAX, "vp09.%02d.%02d.%02d", c.data[4] % 100, c.data[5] % 100,
		 c.data[6] >> 4);
	return true;
}

static bool name_av1(struct span c, char *out)
{
	int depth;

	if (c.len < 3)
		return false;
	depth = !(c.data[2] & 0x40) ? 8 : c.data[2] & 0x20 ? 12 : 10;
	snprintf(out, FILMCODEC_TEXT_MAX, "av01.%d.%02d%c.%02d", c.data[1] >> 5, c.data[1] & 31,
		 c.data[2] & 0x80 ? 'H' : 'M', depth);
	return true;
}

static bool name_pictures(struct span stsd, struct filmcodec *out)
{
	static const struct {
		char entry[5], config[5];
		bool (*name)(struct span, char *);
	} kinds[] = {{"avc1", "avcC", name_avc},
		     {"hvc1", "hvcC", name_hevc},
		     {"vp09", "vpcC", name_vp9},
		     {"av01", "av1C", name_av1}};
	struct span entry, config;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (!find_box(stsd, kinds[i].entry, VISUAL_ENTRY - ENTRY_HEAD, &entry))
			continue;
		out->width = u16(entry.data - VISUAL_ENTRY + 32);
		out->height = u16(entry.data - VISUAL_ENTRY + 34);
		return find_box(entry, kinds[i].config, 0, &config) &&
		       kinds[i].name(config, out->pictures);
	}
	return false;
}

/* --- sound --------------------------------------------------------------------------- */

/* The audio object type follows the tag of DecoderSpecificInfo (14496-1 7.2.6.7). */
static bool name_aac(struct span entry, char *out)
{
	struct span esds;
	size_t at;

	if (!find_box(entry, "esds", 4, &esds))
		return false;
	for (at = 0; at + 6 < esds.len; at++)
		if (esds.data[at] == 5 && esds.data[at + 1] == 0x80) {
			snprintf(out, FILMCODEC_TEXT_MAX, "mp4a.40.%d", esds.data[at + 5] >> 3);
			return true;
		}
	return false;
}

static bool name_sound(struct span stsd, struct filmcodec *out)
{
	struct span entry;

	if (find_box(stsd, "mp4a", AUDIO_ENTRY - ENTRY_HEAD, &entry))
		return name_aac(entry, out->sound);
	if (find_box(stsd, "Opus", AUDIO_ENTRY - ENTRY_HEAD, &entry))
		snprintf(out->sound, sizeof(out->sound), "Opus");
	else if (find_box(stsd, "fLaC", AUDIO_ENTRY - ENTRY_HEAD, &entry))
		snprintf(out->sound, sizeof(out->sound), "fLaC");
	else
		return false;
	return true;
}

enum drift_err filmcodec_read(const uint8_t *init, size_t len, struct filmcodec *out)
{
	struct span file = {init, len}, moov, trak, mdia, minf, stbl, stsd;
	struct filmcodec found = {0};
	size_t at = 0;

	if (!find_box(file, "moov", 0, &moov))
		return DRIFT_EFORMAT;
	while (next_box(moov, "trak", 0, &at, &trak))
		if (find_box(trak, "mdia", 0, &mdia) && find_box(mdia, "minf", 0, &minf) &&
		    find_box(minf, "stbl", 0, &stbl) && find_box(stbl, "stsd", 8, &stsd) &&
		    !name_pictures(stsd, &found))
			(void)name_sound(stsd, &found);
	if (!*found.pictures || !*found.sound)
		return DRIFT_EFORMAT;
	*out = found;
	return DRIFT_OK;
}
