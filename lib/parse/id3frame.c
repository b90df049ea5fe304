#include "parse/id3frame.h"

#include "parse/id3v1.h"
#include "parse/tagtext.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum encoding { LATIN_1, UTF_16, UTF_16_BE, UTF_8 };

/* Frames of version 2.2 under their later names. */
static const struct {
	char old[4], id[5];
} renamed[] = {
	{"TT1", "TIT1"}, {"TT2", "TIT2"}, {"TT3", "TIT3"}, {"TP1", "TPE1"}, {"TP2", "TPE2"},
	{"TP3", "TPE3"}, {"TP4", "TPE4"}, {"TAL", "TALB"}, {"TRK", "TRCK"}, {"TPA", "TPOS"},
	{"TYE", "TYER"}, {"TDA", "TDAT"}, {"TCO", "TCON"}, {"TCM", "TCOM"}, {"TXT", "TEXT"},
	{"TPB", "TPUB"}, {"TCR", "TCOP"}, {"TBP", "TBPM"}, {"TKE", "TKEY"}, {"TRC", "TSRC"},
	{"TOR", "TORY"}, {"TCP", "TCMP"}, {"TS2", "TSO2"}, {"TSA", "TSOA"}, {"TSP", "TSOP"},
	{"TST", "TSOT"}, {"TSC", "TSOC"}, {"TXX", "TXXX"}, {"COM", "COMM"}, {"ULT", "USLT"},
	{"PIC", "APIC"}, {"UFI", "UFID"}, {"IPL", "IPLS"}, {"TEN", "TENC"}, {"TSS", "TSSE"},
	{"TLE", "TLEN"}, {"TOA", "TOPE"}, {"TLA", "TLAN"},
};

/* Of text frames; those that are not here keep their own. */
static const struct {
	char id[5];
	const char *name; /* "": nothing of the music */
} names[] = {
	{"TIT2", "TITLE"},
	{"TPE1", "ARTIST"},
	{"TALB", "ALBUM"},
	{"TPE2", "ALBUMARTIST"},
	{"TRCK", "TRACKNUMBER"},
	{"TPOS", "DISCNUMBER"},
	{"TDRC", "DATE"},
	{"TYER", "DATE"},
	{"TCOM", "COMPOSER"},
	{"TPUB", "ORGANIZATION"},
	{"TCOP", "COPYRIGHT"},
	{"TBPM", "BPM"},
	{"TKEY", "INITIALKEY"},
	{"TSRC", "ISRC"},
	{"TEXT", "LYRICIST"},
	{"TPE3", "CONDUCTOR"},
	{"TPE4", "REMIXER"},
	{"TIT1", "GROUPING"},
	{"TIT3", "SUBTITLE"},
	{"TMOO", "MOOD"},
	{"TMED", "MEDIA"},
	{"TDOR", "ORIGINALDATE"},
	{"TORY", "ORIGINALDATE"},
	{"TOPE", "ORIGINALARTIST"},
	{"TSOP", "ARTISTSORT"},
	{"TSOA", "ALBUMSORT"},
	{"TSOT", "TITLESORT"},
	{"TSO2", "ALBUMARTISTSORT"},
	{"TSOC", "COMPOSERSORT"},
	{"TSST", "DISCSUBTITLE"},
	{"TCMP", "COMPILATION"},
	{"TENC", ""},
	{"TSSE", ""},
	{"TLEN", ""},
	{"TLAN", ""},
	{"TDEN", ""},
	{"TDTG", ""},
	{"TFLT", ""},
	{"TDLY", ""},
	{"TSIZ", ""},
	{"TDAT", ""},
	{"TIME", ""},
};

/* What Picard calls people who are not among the frames. */
static const struct {
	const char *role, *name;
} roles[] = {
	{"arranger", "ARRANGER"}, {"engineer", "ENGINEER"}, {"producer", "PRODUCER"},
	{"dj-mix", "DJMIXER"},	  {"mix", "MIXER"},
};

/* --- texts ---------------------------------------------------------------------------- */

/* All texts from data on, parted by NULs, as UTF-8. */
static void decode(uint8_t encoding, const uint8_t *data, size_t len, struct buf *out)
{
	/* without a mark it is of whoever forgot to write one, most likely on Windows */
	if (encoding == UTF_16 || encoding == UTF_16_BE)
		tagtext_add_utf16(data, len, encoding == UTF_16_BE, out);
	else
		tagtext_add_bytes(data, len, out);
}

/* The text at *at, which steps behind it; "" at the end. */
static const char *next_text(const struct buf *texts, size_t *at)
{
	const char *text;

	if (*at >= texts->len)
		return "";
	text = texts->data + *at;
	*at += strlen(text) + 1;
	return text;
}

static void add(const char *name, const char *text, struct tagdraft *out)
{
	tagdraft_add(out, name, text, strlen(text));
}

/* What is left of the texts: values of one name. */
static void add_rest(const char *name, const struct buf *texts, size_t at, struct tagdraft *out)
{
	if (at < texts->len)
		tagdraft_add(out, name, texts->data + at, texts->len - at);
}

/* "(17)" and "17" are numbers of genres, "((" is a bracket; "RX" and "CR" are words. */
static void add_genre(const char *text, struct tagdraft *out)
{
	char *end;
	unsigned long number;
	const char *genre;

	while (*text == '(' && isdigit((unsigned char)text[1])) {
		number = strtoul(text + 1, &end, 10);
		genre = *end == ')' && number < 256 ? id3v1_genre((unsigned)number) : NULL;
		if (!genre)
			break;
		add("GENRE", genre, out);
		text = end + 1;
	}
	number = strtoul(text, &end, 10);
	genre = *text && !*end && number < 256 ? id3v1_genre((unsigned)number) : NULL;
	add("GENRE", genre ? genre : text + (strncmp(text, "((", 2) == 0), out);
}

static void add_genres(const struct buf *texts, struct tagdraft *out)
{
	for (size_t at = 0; at < texts->len;)
		add_genre(next_text(texts, &at), out);
}

static const char *name_of(const char *id)
{
	for (size_t i = 0; i < COUNT(names); i++)
		if (strcmp(names[i].id, id) == 0)
			return names[i].name;
	return id;
}

/* Role, person, role, person … */
static void add_people(const struct buf *texts, struct tagdraft *out)
{
	for (size_t at = 0; at < texts->len;) {
		const char *role = next_text(texts, &at), *person = next_text(texts, &at);

		for (size_t i = 0; i < COUNT(roles); i++)
			if (strcasecmp(role, roles[i].role) == 0)
				add(roles[i].name, person, out);
	}
}

/* Instrument, person, instrument, person …: "Person (instrument)", as Picard writes elsewhere. */
static void add_performers(const struct buf *texts, struct tagdraft *out)
{
	struct buf text = {0};

	for (size_t at = 0; at < texts->len;) {
		const char *instrument = next_text(texts, &at), *person = next_text(texts, &at);

		if (!*person)
			continue;
		buf_reset(&text);
		buf_addf(&text, *instrument ? "%s (%s)" : "%s", person, instrument);
		add("PERFORMER", buf_text(&text), out);
	}
	buf_clear(&text);
}

/* A description, then values: its own name where it is none of those that mean a comment. */
static void add_described(const char *fallback, const struct buf *texts, struct tagdraft *out)
{
	size_t at = 0;
	const char *description = next_text(texts, &at);

	if (!*description || strncasecmp(description, "ID3v1 ", 6) == 0)
		description = fallback;
	if (*description)
		add_rest(description, texts, at, out);
}

/* --- frames ------------------------------------------------------------------------------ */

typedef void (*reader)(const char *id, const struct buf *texts, struct tagdraft *out);

static void read_plain(const char *id, const struct buf *texts, struct tagdraft *out)
{
	if (strcmp(id, "TCON") == 0)
		add_genres(texts, out);
	else if (strcmp(id, "TXXX") == 0)
		add_described("", texts, out);
	else if (strcmp(id, "TIPL") == 0 || strcmp(id, "IPLS") == 0)
		add_people(texts, out);
	else if (strcmp(id, "TMCL") == 0)
		add_performers(texts, out);
	else if (*name_of(id))
		add_rest(name_of(id), texts, 0, out);
}

static void read_with_language(const char *id, const struct buf *texts, struct tagdraft *out)
{
	if (strcmp(id, "USLT") == 0)
		add_rest("LYRICS", texts, strlen(buf_text(texts)) + 1, out);
	else
		add_described("COMMENT", texts, out);
}

/* skip: bytes between the encoding and the first text */
static void read_texts(const char *id, const uint8_t *data, size_t len, size_t skip, reader read,
		       struct tagdraft *out)
{
	struct buf texts = {0};

	if (len <= 1 + skip)
		return;
	decode(data[0], data + 1 + skip, len - 1 - skip, &texts);
	if (buf_ok(&texts))
		read(id, &texts, out);
	else
		out->failed = true;
	buf_clear(&texts);
}

/* An encoding, a MIME type (of three letters in 2.2), the picture's type, a description. */
static void read_picture(const uint8_t *data, size_t len, size_t mime_bytes, struct tagdraft *out)
{
	if (mime_bytes == 0 && len > 1)
		mime_bytes = strnlen((const char *)data + 1, len - 1) + 1;
	if (len > mime_bytes + 2)
		tagdraft_offer_inside(out, data[1 + mime_bytes], data + mime_bytes + 2,
				      len - mime_bytes - 2);
}

/* Of MusicBrainz alone; others name shops and files. */
static void read_id(const uint8_t *data, size_t len, struct tagdraft *out)
{
	static const char owner[] = "http://musicbrainz.org";

	if (len > sizeof(owner) && memcmp(data, owner, sizeof(owner)) == 0)
		tagdraft_add(out, "MUSICBRAINZ_TRACKID", data + sizeof(owner), len - sizeof(owner));
}

static const char *rename_old(const char *id)
{
	for (size_t i = 0; i < COUNT(renamed); i++)
		if (strcmp(renamed[i].old, id) == 0)
			return renamed[i].id;
	return id;
}

void id3frame_read(const char id[5], const uint8_t *data, size_t len, struct tagdraft *out)
{
	const char *name = rename_old(id);

	if (strcmp(name, "APIC") == 0)
		read_picture(data, len, id[3] ? 0 : 3, out);
	else if (strcmp(name, "COMM") == 0 || strcmp(name, "USLT") == 0)
		read_texts(name, data, len, 3, read_with_language, out);
	else if (strcmp(name, "UFID") == 0)
		read_id(data, len, out);
	else if (name[0] == 'T' || strcmp(name, "IPLS") == 0)
		read_texts(name, data, len, 0, read_plain, out);
}
