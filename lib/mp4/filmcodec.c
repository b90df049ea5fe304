#include "mp4/filmcodec.h"

#include "format/mp4box.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define VISUAL_ENTRY 86 /* bytes of a VisualSampleEntry before its boxes */
#define AUDIO_ENTRY 36 /* likewise */

static int u16(const uint8_t *d)
{
	return d[0] << 8 | d[1];
}

/* The first box of that type that has skip bytes, without them. */
static bool find_box(struct mp4box in, const char *type, size_t skip, struct mp4box *out)
{
	struct mp4box box;
	size_t at = 0;

	while (mp4box_next(in, type, &at, &box))
		if (box.len >= skip) {
			*out = (struct mp4box){box.data + skip, box.len - skip};
			return true;
		}
	return false;
}

/* --- pictures --------------------------------------------------------------------- */

static bool name_avc(struct mp4box c, char *out)
{
	if (c.len < 4)
		return false;
	snprintf(out, FILMCODEC_TEXT_MAX, "avc1.%02x%02x%02x", c.data[1], c.data[2], c.data[3]);
	return true;
}

/* Compatibility flags go out with their bits reversed, constraints without the zero
   bytes at their end (14496-15 annex E.3). */
static bool name_hevc(struct mp4box c, char *out)
{
	static const char spaces[4][2] = {"", "A", "B", "C"};
	uint32_t flags, reversed = 0;
	int last = 5, len;

	if (c.len < 13)
		return false;
	flags = mp4box_u32(c.data + 2);
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

static bool name_vp9(struct mp4box c, char *out)
{
	if (c.len < 7)
		return false;
	snprintf(out, FILMCODEC_TEXT_MAX, "vp09.%02d.%02d.%02d", c.data[4] % 100, c.data[5] % 100,
		 c.data[6] >> 4);
	return true;
}

static bool name_av1(struct mp4box c, char *out)
{
	int depth;

	if (c.len < 3)
		return false;
	depth = !(c.data[2] & 0x40) ? 8 : c.data[2] & 0x20 ? 12 : 10;
	snprintf(out, FILMCODEC_TEXT_MAX, "av01.%d.%02d%c.%02d", c.data[1] >> 5, c.data[1] & 31,
		 c.data[2] & 0x80 ? 'H' : 'M', depth);
	return true;
}

static bool name_pictures(struct mp4box stsd, struct filmcodec *out)
{
	static const struct {
		char entry[5], config[5];
		bool (*name)(struct mp4box, char *);
	} kinds[] = {{"avc1", "avcC", name_avc},
		     {"hvc1", "hvcC", name_hevc},
		     {"vp09", "vpcC", name_vp9},
		     {"av01", "av1C", name_av1}};
	struct mp4box entry, config;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (!find_box(stsd, kinds[i].entry, VISUAL_ENTRY - MP4BOX_HEAD, &entry))
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
static bool name_aac(struct mp4box entry, char *out)
{
	struct mp4box esds;
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

static bool name_sound(struct mp4box stsd, struct filmcodec *out)
{
	struct mp4box entry;

	if (find_box(stsd, "mp4a", AUDIO_ENTRY - MP4BOX_HEAD, &entry))
		return name_aac(entry, out->sound);
	if (find_box(stsd, "Opus", AUDIO_ENTRY - MP4BOX_HEAD, &entry))
		snprintf(out->sound, sizeof(out->sound), "Opus");
	else if (find_box(stsd, "fLaC", AUDIO_ENTRY - MP4BOX_HEAD, &entry))
		snprintf(out->sound, sizeof(out->sound), "fLaC");
	else
		return false;
	return true;
}

enum drift_err filmcodec_read(const uint8_t *init, size_t len, struct filmcodec *out)
{
	struct mp4box file = {init, len}, moov, trak, mdia, minf, stbl, stsd;
	struct filmcodec found = {0};
	size_t at = 0;

	if (!find_box(file, "moov", 0, &moov))
		return DRIFT_EFORMAT;
	while (mp4box_next(moov, "trak", &at, &trak))
		if (find_box(trak, "mdia", 0, &mdia) && find_box(mdia, "minf", 0, &minf) &&
		    find_box(minf, "stbl", 0, &stbl) && find_box(stbl, "stsd", 8, &stsd) &&
		    !name_pictures(stsd, &found))
			(void)name_sound(stsd, &found);
	if (!*found.pictures || !*found.sound)
		return DRIFT_EFORMAT;
	*out = found;
	return DRIFT_OK;
}
