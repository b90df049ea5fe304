/* parse/tagfile and what it reads, through drift-decode: files as Picard, beets, mp3tag, Traktor
   and iTunes write them, the picture that is chosen, and every cut and flipped bit of their tags */
#include "catalogue/taglist.h"
#include "strange.h"

#include "parse/apetag.h"
#include "parse/id3v1.h"
#include "parse/id3v2.h"
#include "parse/ilst.h"
#include "parse/mkvtags.h"
#include "parse/tagdraft.h"
#include "parse/tagfile.h"
#include "parse/vorbiscomment.h"

#include <sys/mman.h>

#define MBID "11111111-2222-4333-8444-555555555555"
#define PICARD                                                                                     \
	"{\"TITLE\":\"Träume\",\"ARTIST\":[\"Alpha\",\"Beta\"],\"ALBUM\":\"日本 🎵\","        \
	"\"ALBUMARTIST\":\"Various\",\"TRACKNUMBER\":\"3/12\",\"DISCNUMBER\":\"1/2\","             \
	"\"DATE\":\"2004-05-01\",\"GENRE\":[\"Rock\",\"Synthpop\"],\"ISRC\":\"DEA000000001\","     \
	"\"ORGANIZATION\":\"Label\",\"REPLAYGAIN_TRACK_GAIN\":\"-7.25 dB\","                       \
	"\"ITUNNORM\":\"00000BE5 00000BE5\",%s\"MUSICBRAINZ_TRACKID\":\"" MBID "\","               \
	"\"MUSICBRAINZ_ALBUMID\":\"" MBID "\",\"COMMENT\":\"one two\",%s}"
#define TRAUME "{\"TITLE\":\"Träume\"}"

static int setup(void **state)
{
	char script[4096];

	strange_program();
	if (!realpath("tests/unit/tagged.py", script) || strange_setup(state) != 0)
		return -1;
	strange_wav("a.wav", 44100, 2, 16);
	strange_run(
		"ffmpeg -v error -y -i a.wav -map_metadata -1 -fflags +bitexact a.mp3 a.flac a.ogg "
		"a.opus a.m4a a.aiff a.wv a.mka && ffmpeg -v error -y -f lavfi -i testsrc=s=64x64 "
		"-frames:v 1 a.png && '%s'",
		script);
	return 0;
}

static const char *json_of(const struct tagset *tags)
{
	static struct buf json;

	buf_reset(&json);
	taglist_write(tags, &json);
	return buf_text(&json);
}

static void expect(const char *path, const char *json)
{
	struct decoder *d = strange_open(path);
	const char *is = json_of(&decoder_get_facts(d)->tags);

	if (strcmp(is, json) != 0)
		fail_msg("%s: %s\nand not: %s", path, is, json);
	decoder_free(d);
}

struct expected {
	const char *path, *json;
};

static void expect_each(const struct expected *e, size_t count)
{
	for (size_t i = 0; i < count; i++)
		expect(e[i].path, e[i].json);
}

#define EXPECT_EACH(list) expect_each(list, sizeof(list) / sizeof((list)[0]))

/* --- programs --------------------------------------------------------------------------- */

static void it_reads_what_picard_writes_in_every_version(void **state)
{
	char v3[2048], v4[2048], dj[2048];
	const struct expected files[] = {
		{"picard-24.mp3", v4},
		{"picard-24-utf16.mp3", v4},
		{"picard-24-utf16be.mp3", v4},
		{"picard-23.mp3", v3},
		{"dj.aiff", dj},
		{"dj.wav", dj},
	};

	(void)state;
	snprintf(v3, sizeof(v3), PICARD, "",
		 "\"LYRICS\":\"la la\",\"ARTISTS\":[\"Alpha\",\"Beta\"]");
	snprintf(dj, sizeof(dj), "%s", v3);
	snprintf(v4, sizeof(v4), PICARD, "\"PERFORMER\":\"Gus (guitar)\",",
		 "\"LYRICS\":\"la la\",\"PRODUCER\":\"Paul\",\"ARTISTS\":[\"Alpha\",\"Beta\"]");
	EXPECT_EACH(files);
	expect("picard.m4a",
	       "{\"TITLE\":\"Träume\",\"ARTIST\":[\"Alpha\",\"Beta\"],\"ALBUMARTIST\":\"Various\","
	       "\"TRACKNUMBER\":\"3/12\",\"DISCNUMBER\":\"1\",\"BPM\":\"128\","
	       "\"REPLAYGAIN_TRACK_GAIN\":\"-7.25 dB\",\"ITUNNORM\":\"00000BE5\","
	       "\"COMPILATION\":\"1\",\"MUSICBRAINZ_ALBUMID\":\"" MBID "\",\"COMMENT\":\"one two\","
	       "\"ARTISTS\":[\"Alpha\",\"Beta\"]}");
}

static void it_reads_what_comes_behind_forty_comments(void **state)
{
	static const char first[] =
		"{\"TITLE\":\"Träume\",\"ARTIST\":[\"Alpha\",\"Beta\"],\"ALBUMARTIST\":"
		"\"Various\",\"REPLAYGAIN_TRACK_GAIN\":\"-7.25 dB\",\"R128_TRACK_GAIN\":\"256\","
		"\"COMMENT\":";
	static const char *const files[] = {"many.flac", "many.ogg", "many.opus"};

	(void)state;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		struct decoder *d = strange_open(files[i]);
		const struct tagset *tags = &decoder_get_facts(d)->tags;

		if (strncmp(json_of(tags), first, strlen(first)) != 0)
			fail_msg("%s: %s", files[i], json_of(tags));
		assert_string_equal(tagset_get(tags, "COMMENT"), i ? "W?lfe" : "Wölfe");
		assert_string_equal(tagset_get(tags, "X44"), "44");
		decoder_free(d);
	}
}

static void it_reads_comments_of_many_pages_and_its_own_before_id3(void **state)
{
	struct decoder *d = strange_open("long.ogg");

	(void)state;
	assert_string_equal(tagset_get(&decoder_get_facts(d)->tags, "TITLE"), "behind");
	assert_int_equal(strlen(tagset_get(&decoder_get_facts(d)->tags, "LYRICS")),
			 TAGSET_TEXT_MAX - 1);
	decoder_free(d);
	expect("id3.flac", "{\"TITLE\":\"Own\",\"ALBUM\":\"Album\"}");
}

#define APE_REST "\"REPLAYGAIN_TRACK_GAIN\":\"-7.25 dB\",\"MUSICBRAINZ_ALBUMID\":\"" MBID "\""
#define APE                                                                                        \
	"{\"TITLE\":\"Title of APE\",\"ARTIST\":[\"Alpha\",\"Beta\"],\"TRACKNUMBER\":\"3/12\","    \
	"\"DATE\":\"2004\"," APE_REST "}"
#define APE_V1(title)                                                                              \
	"{\"TITLE\":\"" title "\",\"ARTIST\":[\"Alpha\",\"Beta\"],\"ALBUM\":\"Album of v1\","      \
	"\"TRACKNUMBER\":\"3/12\",\"DATE\":\"2004\",\"GENRE\":\"Rock\"," APE_REST                  \
	",\"COMMENT\":\"“Quoted”\"}"

static void it_reads_the_tags_behind_the_sound_where_those_before_say_nothing(void **state)
{
	static const struct expected files[] = {
		{"v1.mp3", "{\"TITLE\":\"Title of v1\",\"ARTIST\":\"Wölfe\",\"ALBUM\":\"Album of "
			   "v1\",\"TRACKNUMBER\":\"7\",\"DATE\":\"1999\",\"GENRE\":\"Rock\","
			   "\"COMMENT\":\"“Quoted”\"}"},
		{"ape.mp3", APE},
		{"ape.wv", APE},
		{"ape-v1.mp3", APE_V1("Title of APE")},
		{"ape-lyrics-v1.mp3", APE_V1("Title of APE")},
		{"all.mp3", APE_V1("Title of v2")},
		{"footer.mp3", "{\"TITLE\":\"Träume\",\"ARTIST\":\"Wölfe\",\"ALBUM\":\"Album of "
			       "v1\",\"TRACKNUMBER\":\"7\",\"DATE\":\"1999\",\"GENRE\":\"Rock\","
			       "\"COMMENT\":\"“Quoted”\"}"},
	};

	(void)state;
	EXPECT_EACH(files);
}

static void it_reads_what_dj_programs_and_windows_write(void **state)
{
	static const struct expected files[] = {
		{"traktor.mp3", "{\"TITLE\":\"Träume\",\"ARTIST\":\"Alpha\",\"CATALOGNUMBER\":"
				"\"CAT 1\",\"BPM\":\"128.00\",\"INITIALKEY\":\"8A\"}"},
		{"info.wav", "{\"TITLE\":\"A B\",\"ARTIST\":\"Wölfe\"}"},
	};

	(void)state;
	EXPECT_EACH(files);
}

static void it_tells_a_tracks_tags_in_matroska_from_its_albums(void **state)
{
	static const struct expected files[] = {
		{"levels.mka", "{\"TITLE\":\"Träume\",\"ARTIST\":[\"Alpha\",\"Beta\"],\"ALBUM\":"
			       "\"The Album\",\"ALBUMARTIST\":\"Various\",\"TRACKNUMBER\":\"3\","
			       "\"DATE\":\"2004\",\"TRACKTOTAL\":\"12\"}"},
		{"film.mka", "{\"TITLE\":\"The Album\",\"ARTIST\":\"Various\",\"DATE\":\"2004\"}"},
	};

	(void)state;
	EXPECT_EACH(files);
}

/* --- ID3v2 byte by byte ------------------------------------------------------------------- */

static void it_unpacks_every_form_of_id3v2(void **state)
{
	static const struct expected files[] = {
		{"v22.mp3", "{\"TITLE\":\"Träume\",\"ARTIST\":\"Wölfe\",\"GENRE\":\"Rock\",\"A\":"
			    "\"B\"}"},
		{"unsync-v3.mp3", TRAUME},
		{"unsync-v4.mp3", TRAUME},
		{"unsync-tag-v4.mp3", TRAUME},
		{"extended-v3.mp3", TRAUME},
		{"extended-v4.mp3", TRAUME},
		{"packed-v3.mp3", TRAUME},
		{"packed-v4.mp3", TRAUME},
		{"grouped.mp3", TRAUME},
		{"two.mp3", "{\"TITLE\":\"Träume\",\"ALBUM\":\"Album\"}"},
		{"genres.mp3", "{\"GENRE\":[\"Disco\",\"Rock\",\"Eurodisco\"]}"},
		{"day.mp3", "{\"DATE\":\"2004-05-01\"}"},
	};

	(void)state;
	EXPECT_EACH(files);
}

static void it_reads_on_behind_what_is_odd_in_id3v2(void **state)
{
	static const char both[] = "{\"TITLE\":\"Träume\",\"ARTIST\":\"Alpha\"}";
	static const struct expected files[] = {
		{"bomb.mp3", TRAUME},
		{"odd-size.mp3", both},
		{"odd-id.mp3", both},
		{"odd-empty.mp3", TRAUME},
		{"odd-cut.mp3", TRAUME},
		{"plain-v4.mp3", "{\"TITLE\":\"Träume\",\"LONG\":\"x\"}"},
		{"short-v3.mp3", both},
		{"no-mark.mp3", TRAUME},
		{"utf8-as-latin1.mp3", "{\"TITLE\":\"Träume\",\"ARTIST\":\"„Wölfe“\"}"},
	};

	(void)state;
	EXPECT_EACH(files);
}

/* --- pictures ------------------------------------------------------------------------------- */

/* The last byte of each picture in the files is its type. */
static void expect_picture(const char *path, uint8_t type)
{
	struct decoder *d = strange_open(path);
	const uint8_t *cover = decoder_get_cover(d);

	if (!cover || cover[decoder_get_facts(d)->cover_bytes - 1] != type)
		fail_msg("%s: its picture is not the one of type %d", path, type);
	decoder_free(d);
}

static void it_chooses_the_front_cover_then_other_and_an_icon_last(void **state)
{
	static const char *const front[] = {
		"picard-24.mp3", "picard-24-utf16.mp3", "picard-23.mp3", "many.flac",
		"many.ogg",	 "many.opus",		"ape.mp3",	 "ape.wv",
		"v22.mp3",	 "picard.m4a",		"levels.mka",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(front) / sizeof(front[0]); i++)
		expect_picture(front[i], 3);
	expect_picture("other.flac", 0);
	expect_picture("icon.flac", 4);
}

/* --- what is pure, on broken bytes --------------------------------------------------------- */

typedef void (*reader)(const uint8_t *data, size_t len, struct tagdraft *out);

/* Has them read where the byte behind the last one cannot be. */
static void read_guarded(reader read, const uint8_t *data, size_t len)
{
	static struct tagdraft draft;
	static struct tagset tags;
	size_t page = (size_t)sysconf(_SC_PAGESIZE), room = (len + page - 1) / page * page;
	uint8_t *memory =
		mmap(NULL, room + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct tagset_pair pair = {0};

	assert_true(memory != MAP_FAILED);
	assert_int_equal(mprotect(memory + room, page, PROT_NONE), 0);
	memcpy(memory + room - len, data, len);
	read(memory + room - len, len, &draft);
	assert_false(draft.failed);
	tags.bytes = 0;
	tagdraft_keep(&draft, &tags);
	while (tagset_next(&tags, &pair))
		assert_true(tagset_is_key(pair.key) && *pair.text);
	tagdraft_clear(&draft);
	munmap(memory, room + page);
}

static void break_bytes(reader read, uint8_t *data, size_t len)
{
	for (size_t cut = 0; cut <= len; cut++)
		read_guarded(read, data, cut);
	for (size_t bit = 0; bit < len * 8; bit++) {
		data[bit / 8] ^= (uint8_t)(1 << bit % 8);
		read_guarded(read, data, len);
		data[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
}

/* Breaks the part of a file that begins with those bytes. */
static void break_file(reader read, const char *path, const char *from, size_t from_bytes,
		       size_t skip, size_t max)
{
	static uint8_t data[1 << 20];
	size_t len = strange_bytes(path, data, sizeof(data));
	uint8_t *at = memmem(data, len, from, from_bytes);

	assert_non_null(at);
	at += skip;
	len -= (size_t)(at - data);
	break_bytes(read, at, len < max ? len : max);
}

static void it_survives_every_short_length_and_flipped_bit(void **state)
{
	static const char *const id3[] = {"v22.mp3",	     "unsync-v3.mp3",	"unsync-v4.mp3",
					  "extended-v3.mp3", "extended-v4.mp3", "packed-v3.mp3",
					  "packed-v4.mp3",   "odd-size.mp3",	"day.mp3",
					  "picard-23.mp3"};

	(void)state;
	for (size_t i = 0; i < sizeof(id3) / sizeof(id3[0]); i++)
		break_file(id3v2_read, id3[i], "ID3", 3, 0, 400);
	break_file(apetag_read, "ape.mp3", "APETAGEX", 8, 32, 300);
	break_file(vorbiscomment_read, "many.ogg", "\3vorbis", 7, 7, 600);
	break_file(ilst_read, "picard.m4a", "ilst", 4, 4, 600);
	break_file(mkvtags_read_bytes, "levels.mka", "\x12\x54\xc3\x67\x40", 5, 6, 300);
}

/* What finds them reads the file itself: every bit of the places that it goes by. */
static void it_finds_its_way_through_broken_files(void **state)
{
	static const struct {
		const char *path;
		struct sniff is;
	} files[] = {
		{"ape-lyrics-v1.mp3", {.container = "mp3"}},
		{"many.flac", {.container = "flac"}},
		{"many.ogg", {.container = "ogg"}},
		{"picard.m4a", {.container = "mp4"}},
		{"dj.wav", {.container = "wav"}},
		{"dj.aiff", {.container = "aiff"}},
		{"levels.mka", {.container = "matroska"}},
		{"footer.mp3", {.container = "mp3"}},
	};
	static struct tagdraft draft;

	(void)state;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		int fd = open(files[i].path, O_RDWR | O_CLOEXEC);
		struct incoming in = incoming_whole(fd);
		uint8_t byte, flipped;

		assert_true(fd >= 0);
		for (int64_t at = 0; at < in.bytes;
		     at += at < 200 || at > in.bytes - 250 ? 1 : 97) {
			assert_int_equal(pread(fd, &byte, 1, at), 1);
			flipped = byte ^ (uint8_t)(1 << at % 8);
			assert_int_equal(pwrite(fd, &flipped, 1, at), 1);
			(void)tagfile_read(&in, &files[i].is, &draft);
			assert_false(draft.failed);
			tagdraft_clear(&draft);
			assert_int_equal(pwrite(fd, &byte, 1, at), 1);
		}
		assert_true(tagfile_read(&in, &files[i].is, &draft) || draft.count > 0);
		tagdraft_clear(&draft);
		close(fd);
	}
}

static void it_keeps_to_its_limits_and_what_is_known_first(void **state)
{
	static struct tagdraft draft;
	static struct tagset tags;
	char name[32], text[1000];

	(void)state;
	memset(text, 'x', sizeof(text));
	for (int i = 0; i < 20000; i++) {
		snprintf(name, sizeof(name), "NAME%d", i);
		tagdraft_add(&draft, name, text, (size_t)(i % 1000));
	}
	tagdraft_add(&draft, "title", "Träume", strlen("Träume"));
	tagdraft_add(&draft, "SHORT", "s", 1);
	tagdraft_keep(&draft, &tags);
	assert_false(draft.failed);
	assert_true(strncmp(tags.data, "TITLE\0Träume", 14) == 0);
	assert_string_equal(tagset_get(&tags, "TITLE"), "Träume");
	assert_true(tags.bytes > TAGSET_BYTES - 1000 && tags.bytes <= TAGSET_BYTES);
	tagdraft_clear(&draft);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_reads_what_picard_writes_in_every_version),
		cmocka_unit_test(it_reads_what_comes_behind_forty_comments),
		cmocka_unit_test(it_reads_comments_of_many_pages_and_its_own_before_id3),
		cmocka_unit_test(it_reads_the_tags_behind_the_sound_where_those_before_say_nothing),
		cmocka_unit_test(it_reads_what_dj_programs_and_windows_write),
		cmocka_unit_test(it_tells_a_tracks_tags_in_matroska_from_its_albums),
		cmocka_unit_test(it_unpacks_every_form_of_id3v2),
		cmocka_unit_test(it_reads_on_behind_what_is_odd_in_id3v2),
		cmocka_unit_test(it_chooses_the_front_cover_then_other_and_an_icon_last),
		cmocka_unit_test(it_survives_every_short_length_and_flipped_bit),
		cmocka_unit_test(it_finds_its_way_through_broken_files),
		cmocka_unit_test(it_keeps_to_its_limits_and_what_is_known_first),
	};

	return cmocka_run_group_tests(tests, setup, strange_teardown);
}
