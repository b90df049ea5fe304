#include "parse/tagname.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct {
	const char *from, *to;
} names[] = {
	{"album artist", "ALBUMARTIST"},
	{"album_artist", "ALBUMARTIST"},
	{"track", "TRACKNUMBER"},
	{"disc", "DISCNUMBER"},
	{"TSRC", "ISRC"},
	{"TBPM", "BPM"},
	{"publisher", "ORGANIZATION"},
	{"description", "COMMENT"},
	{"year", "DATE"},
	{"TYER", "DATE"},
	{"record date", "DATE"},
	{"date_released", "DATE"},
	{"lyrics-eng", "LYRICS"},
	{"unsyncedlyrics", "LYRICS"},
	{"unsynced lyrics", "LYRICS"},
	{"MusicBrainz Album Id", "MUSICBRAINZ_ALBUMID"},
	{"MusicBrainz Artist Id", "MUSICBRAINZ_ARTISTID"},
	{"MusicBrainz Album Artist Id", "MUSICBRAINZ_ALBUMARTISTID"},
	{"MusicBrainz Track Id", "MUSICBRAINZ_TRACKID"},
	{"MusicBrainz Release Track Id", "MUSICBRAINZ_RELEASETRACKID"},
	{"MusicBrainz Release Group Id", "MUSICBRAINZ_RELEASEGROUPID"},
	{"MusicBrainz Work Id", "MUSICBRAINZ_WORKID"},
	{"MusicBrainz Disc Id", "MUSICBRAINZ_DISCID"},
	{"MusicBrainz Album Type", "RELEASETYPE"},
	{"MUSICBRAINZ_ALBUMTYPE", "RELEASETYPE"},
	{"MusicBrainz Album Status", "RELEASESTATUS"},
	{"MUSICBRAINZ_ALBUMSTATUS", "RELEASESTATUS"},
	{"MusicBrainz Album Release Country", "RELEASECOUNTRY"},
	{"Acoustid Id", "ACOUSTID_ID"},
	{"Acoustid Fingerprint", "ACOUSTID_FINGERPRINT"},
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
	"iTunPGAP",
	"METADATA_BLOCK_PICTURE",
	"COVERART",
	"COVERARTMIME",
	"waveformatextensible_channel_mask",
	"TOTAL_PARTS",
	"TSSE",
	"TLEN",
};

static const char *const technical_starts[] = {
	"id3v2_priv",
	"_STATISTICS",
	"MP3GAIN_",
	"Cover Art (",
};

/* In the order in which they are kept: what lists and searches need comes first. */
static const char *const known[] = {
	"TITLE",
	"ARTIST",
	"ALBUM",
	"ALBUMARTIST",
	"TRACKNUMBER",
	"DISCNUMBER",
	"DATE",
	"GENRE",
	"COMPOSER",
	"ISRC",
	"ORGANIZATION",
	"LABEL",
	"CATALOGNUMBER",
	"COPYRIGHT",
	"LICENSE",
	"BPM",
	"INITIALKEY",
	"KEY",
	"REPLAYGAIN_TRACK_GAIN",
	"REPLAYGAIN_TRACK_PEAK",
	"REPLAYGAIN_ALBUM_GAIN",
	"REPLAYGAIN_ALBUM_PEAK",
	"R128_TRACK_GAIN",
	"R128_ALBUM_GAIN",
	"ITUNNORM",
	"TRACKTOTAL",
	"DISCTOTAL",
	"COMPILATION",
	"ORIGINALDATE",
	"REMIXER",
	"CONDUCTOR",
	"LYRICIST",
	"PERFORMER",
	"BARCODE",
	"MUSICBRAINZ_TRACKID",
	"MUSICBRAINZ_ALBUMID",
	"MUSICBRAINZ_ARTISTID",
	"COMMENT",
};

static bool is_technical(const char *name)
{
	for (size_t i = 0; i < COUNT(technical); i++)
		if (strcasecmp(name, technical[i]) == 0)
			return true;
	for (size_t i = 0; i < COUNT(technical_starts); i++)
		if (strncasecmp(name, technical_starts[i], strlen(technical_starts[i])) == 0)
			return true;
	return false;
}

static const char *translate(const char *from)
{
	for (size_t i = 0; i < COUNT(names); i++)
		if (strcasecmp(from, names[i].from) == 0)
			return names[i].to;
	return from;
}

bool tagname_find(const char *from, char key[TAGSET_KEY_MAX])
{
	const char *to = translate(from);
	size_t len = strlen(to);

	if (!tagset_is_key(to) || is_technical(to))
		return false;
	for (size_t i = 0; i <= len; i++)
		key[i] = (char)toupper((unsigned char)to[i]);
	return true;
}

int tagname_rank(const char *key)
{
	for (size_t i = 0; i < COUNT(known); i++)
		if (strcmp(key, known[i]) == 0)
			return (int)i;
	return TAGNAME_UNKNOWN;
}
