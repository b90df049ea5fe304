#include "media/sourcetags.h"

#include "media/sniff.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* libavformat's generic names and other people's, where they differ from the
   upper case of themselves. */
static const struct {
	const char *from, *to;
} names[] = {
	{"album_artist", "ALBUMARTIST"},
	{"ALBUM ARTIST", "ALBUMARTIST"},
	{"track", "TRACKNUMBER"},
	{"disc", "DISCNUMBER"},
	{"TSRC", "ISRC"},
	{"TBPM", "BPM"},
	{"publisher", "ORGANIZATION"},
	{"description", "COMMENT"},
	{"year", "DATE"},
	{"TYER", "DATE"},
	{"lyrics-eng", "LYRICS"},
};

static const char *const technical[] = {
	"encoder",
	"encoded_by",
	"encoder_options",
	"major_brand",
	"minor_version",
	"compatible_brands",
	"creation_time",
	"handler_name",
	"vendor_id",
	"language",
	"duration",
	"iTunSMPB",
	"iTunNORM",
	"METADATA_BLOCK_PICTURE",
	"R128_TRACK_GAIN",
	"R128_ALBUM_GAIN",
	"waveformatextensible_channel_mask",
	"TSSE",
	"TLEN",
};

static bool is_technical(const char *key)
{
	for (size_t i = 0; i < sizeof(technical) / sizeof(technical[0]); i++)
		if (strcasecmp(key, technical[i]) == 0)
			return true;
	return strncasecmp(key, "REPLAYGAIN_", 11) == 0 ||
	       strncasecmp(key, "id3v2_priv", 10) == 0 || strncasecmp(key, "_STATISTICS", 11) == 0;
}

/* Letters, digits, space, underscore and hyphen: enough for every field in
   use, and nothing that needs quoting anywhere. */
static bool set_key(char key[DECODER_TAG_KEY_MAX], const char *from)
{
	size_t len = strlen(from);

	if (len == 0 || len >= DECODER_TAG_KEY_MAX || is_technical(from))
		return false;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcasecmp(from, names[i].from) == 0) {
			strcpy(key, names[i].to);
			return true;
		}
	}
	for (size_t i = 0; i <= len; i++) {
		if (i < len && !isalnum((unsigned char)from[i]) && !strchr(" _-", from[i]))
			return false;
		key[i] = (char)toupper((unsigned char)from[i]);
	}
	return true;
}

static bool has_key(const struct decoder_facts *f, const char *key)
{
	for (int i = 0; i < f->tags; i++)
		if (strcmp(f->tag[i].key, key) == 0)
			return true;
	return false;
}

static void add_all(const AVDictionary *from, struct decoder_facts *f)
{
	const AVDictionaryEntry *e = NULL;

	while (f->tags < DECODER_TAGS_MAX &&
	       (e = av_dict_get(from, "", e, AV_DICT_IGNORE_SUFFIX))) {
		struct decoder_tag *tag = &f->tag[f->tags];

		if (!set_key(tag->key, e->key) || has_key(f, tag->key) || !*e->value)
			continue;
		snprintf(tag->text, sizeof(tag->text), "%s", e->value);
		f->tags++;
	}
}

void sourcetags_read(const AVFormatContext *format, const AVStream *stream,
		     struct decoder_facts *out)
{
	add_all(format->metadata, out);
	add_all(stream->metadata, out);
}

const AVPacket *sourcetags_cover(const AVFormatContext *format, const char **mime)
{
	for (unsigned i = 0; i < format->nb_streams; i++) {
		const AVStream *s = format->streams[i];
		const AVPacket *p = &s->attached_pic;

		if (!(s->disposition & AV_DISPOSITION_ATTACHED_PIC) || p->size < 64 ||
		    p->size > DECODER_COVER_MAX)
			continue;
		*mime = sniff_picture(p->data, (size_t)p->size);
		if (*mime)
			return p;
	}
	return NULL;
}
