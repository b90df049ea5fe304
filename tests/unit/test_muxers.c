/* the walls against what other people's muxers write beside the sound: each file is taken, has its
   length and its sound in their place, and can be repackaged for a player */
#include "strange.h"

#include <inttypes.h>

#define RATE 44100
#define FROM 10000 /* samples that are compared */
#define COUNT 20000
#define MS 48 /* samples: edit lists and Matroska count in milliseconds */

struct made {
	const char *path;
	int32_t beyond; /* samples that may be there after the signal, where no end is told */
	int32_t before; /* samples before the signal: encoder delay that the file does not tell */
	const char *command; /* makes path of a.wav, a.m4a, v.mp4 and what stands before it */
};

static const struct made dated[] = {
	{"d.m4a", MS, 0, "$F a.m4a -c copy -metadata creation_time=2024-05-01T10:00:00Z d.m4a"},
	{"d.mov", MS, 0, "$F a.m4a -c copy -metadata creation_time=2024-05-01T10:00:00Z d.mov"},
	{"d.mkv", 2048, 1024,
	 "$F a.m4a -c copy -metadata creation_time=2024-05-01T10:00:00Z d.mkv"},
	{"d.webm", 960, 0,
	 "$F a.wav -c:a libopus -metadata creation_time=1999-12-31T23:59:59Z d.webm"},
	{"d.mp4", MS, 0, "$F v.mp4 -c copy -metadata creation_time=2038-05-01T10:00:00Z d.mp4"},
};

/* What FFmpeg's muxers write on request, as phones, cameras, recorders and shops do. */
static const struct made ffmpeg[] = {
	{"fast.m4a", MS, 0, "$F a.m4a -c copy -movflags +faststart fast.m4a"},
	{"lang.m4a", MS, 0, "$F a.m4a -c copy -metadata:s:a language=deu lang.m4a"},
	{"frag.m4a", 2048, 1024, "$F a.m4a -c copy -movflags +frag_keyframe+empty_moov frag.m4a"},
	{"dash.mp4", 2048, 1024,
	 "$F a.m4a -c copy -movflags +dash+global_sidx -frag_duration 300000 dash.mp4"},
	{"chap.m4a", MS, 0,
	 "$F a.m4a -f ffmetadata -i chapters.txt -map_metadata 1 -c copy chap.m4a"},
	{"chap.mka", 2048, 1024,
	 "$F a.m4a -f ffmetadata -i chapters.txt -map_metadata 1 -c copy chap.mka"},
	{"code.mov", MS, 0, "$F v.mp4 -c copy -timecode 01:02:03:04 code.mov"},
	{"place.mov", MS, 0, "$F v.mp4 -c copy -metadata location=+52.5200+013.4050/ place.mov"},
	{"place.mp4", MS, 0, "$F v.mp4 -c copy -metadata location=+52.5200+013.4050/ place.mp4"},
	{"apple.mov", MS, 0,
	 "$F v.mp4 -c copy -movflags use_metadata_tags "
	 "-metadata com.apple.quicktime.location.ISO6709=+52.5200+013.4050+034.000/ "
	 "-metadata com.apple.quicktime.creationdate=2024-05-01T12:00:00+0200 apple.mov"},
	{"turned.mp4", MS, 0, "$F v.mp4 -c copy -metadata:s:v rotate=90 turned.mp4"},
	{"phone.3gp", MS, 0, "$F a.m4a -c copy -f 3gp phone.3gp"},
	{"book.m4b", MS, 0,
	 "$F a.m4a -i c.jpg -map 0 -map 1 -c copy -disposition:v attached_pic -f ipod book.m4b"},
	{"lossless.mov", MS, 0,
	 "$F a.wav -c:a alac -metadata creation_time=2024-05-01T10:00:00Z lossless.mov"},
	{"front.mka", 0, 0, "$F a.wav -c:a flac -cues_to_front 1 front.mka"},
	{"live.webm", 960, 0, "$F a.wav -c:a libopus -live 1 live.webm"},
};

/* What mkvmerge writes: always a date, EBML lacing, and on request all else. */
static const struct made mkvmerge[] = {
	{"m.mka", 0, 0, "$M m.mka a.flac"},
	{"m.webm", 960, 0, "$M m.webm --webm a.opus"},
	{"m.mkv", 2048, 1024, "$M m.mkv v.mp4"},
	{"mchap.mka", 0, 0, "$M mchap.mka --chapters chapters.xml --global-tags tags.xml a.flac"},
	{"mfile.mka", 0, 0,
	 "$M mfile.mka --attachment-mime-type image/jpeg --attach-file c.jpg --language 0:de-AT "
	 "a.flac"},
	{"mzlib.mka", 0, 0, "$M mzlib.mka --compression 0:zlib a.flac"},
	{"mcues.mka", 0, 0, "$M mcues.mka --cues 0:all --cluster-length 100ms a.flac"},
	{"mlace.mka", 960, 0, "$M mlace.mka --enable-durations a.opus"},
	{"msingle.mka", 0, 0, "$M msingle.mka --disable-lacing --no-date a.flac"},
	{"mvorbis.mka", 2048, 0, "$M mvorbis.mka a.ogg"},
};

static void make(const struct made *m)
{
	strange_run("F='ffmpeg -v error -y -nostdin -i'; M='mkvmerge -q -o'; %s", m->command);
}

/* How well pcm is the signal at its place, in the first channel: 1 is perfect. */
static double likeness(const float *pcm, int32_t first, int rate, int sides)
{
	double both = 0, mine = 1e-9, theirs = 1e-9;

	for (int32_t i = 0; i < COUNT; i++) {
		double want = strange_signal((double)(first + i) / rate, 0);
		double got = pcm[i * sides];

		both += want * got;
		mine += want * want;
		theirs += got * got;
	}
	return both / sqrt(mine * theirs);
}

static void expect_sound(const struct made *m)
{
	struct decoder *d = strange_open(m->path);
	const struct decoder_facts *f = decoder_get_facts(d);
	int64_t beyond = f->samples - strange_samples(f->sample_rate);
	float *pcm = strange_read(d, FROM, COUNT);
	double like = likeness(pcm, FROM - m->before, f->sample_rate, decoder_pcm_channels(d));

	if (beyond < -MS || beyond > m->beyond)
		fail_msg("%s: %" PRId64 " samples beyond the signal", m->path, beyond);
	if (like < 0.9)
		fail_msg("%s: another sound is in this place (%.3f)", m->path, like);
	assert_int_equal(decoder_get_damaged(d), 0);
	free(pcm);
	decoder_free(d);
}

static enum drift_err ask(struct decoder *d, const struct packing *p, int64_t from)
{
	int64_t samples = decoder_get_facts(d)->samples, most = decoder_encode_max(p);

	if (p->way == PACKING_FILM)
		return decoder_ask_film(d, 0);
	if (p->way == PACKING_COPY)
		return decoder_ask_copy(d, 0, from, INT64_MAX);
	return decoder_ask_encode(d, 0, from,
				  (int32_t)(samples - from < most ? samples - from : most));
}

/* All packets of a player's MP4, to the end. */
static void expect_packets(const struct made *m)
{
	struct decoder *d = NULL;
	int fd = open(m->path, O_RDONLY | O_CLOEXEC);
	const struct packing *p;
	struct decoder_packets got = {0};
	int64_t from = 0;

	if (decoder_new_repackaging(strange_program(), &strange_limits, fd, 1, &d, strange_reason,
				    sizeof(strange_reason)) != DRIFT_OK)
		fail_msg("%s: %s", m->path, strange_reason);
	close(fd);
	p = decoder_get_packing(d);
	while (p->way != PACKING_NONE && !got.ended &&
	       (p->way != PACKING_FLAC || from < decoder_get_facts(d)->samples)) {
		if (ask(d, p, from) != DRIFT_OK)
			fail_msg("%s: nothing can be asked at %" PRId64, m->path, from);
		if (decoder_wait_packets(d, 0, &got) != DRIFT_OK)
			fail_msg("%s: %s", m->path, decoder_get_reason(d));
		for (uint32_t i = 0; i < got.count; i++)
			from += got.entry[i].samples;
	}
	if (p->way != PACKING_FILM && p->way != PACKING_NONE && from < strange_samples(RATE) - 2048)
		fail_msg("%s: its packets hold %" PRId64 " samples", m->path, from);
	decoder_free(d);
}

static void expect_all(const struct made *m, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		make(&m[i]);
		expect_sound(&m[i]);
		expect_packets(&m[i]);
	}
}

#define EXPECT_ALL(table) expect_all(table, sizeof(table) / sizeof((table)[0]))

/* --- MP4 as other encoders shape it, byte by byte ------------------------------- */

struct bytes {
	size_t len;
	uint8_t data[1 << 18];
};

static void put(struct bytes *b, const void *data, size_t len)
{
	assert_true(b->len + len <= sizeof(b->data));
	memcpy(b->data + b->len, data, len);
	b->len += len;
}

static void put32(struct bytes *b, uint32_t v)
{
	const uint8_t big[4] = {(uint8_t)(v >> 24), (uint8_t)(v >> 16), (uint8_t)(v >> 8),
				(uint8_t)v};

	put(b, big, sizeof(big));
}

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* Begins an atom; its place, for atom_end(). */
static size_t atom(struct bytes *b, const char *type)
{
	size_t at = b->len;

	put32(b, 0);
	put(b, type, 4);
	return at;
}

static void atom_end(struct bytes *b, size_t at)
{
	struct bytes size = {0};

	put32(&size, (uint32_t)(b->len - at));
	memcpy(b->data + at, size.data, 4);
}

/* type: 1 UTF-8, 13 JPEG, 0 binary (QuickTime File Format, Well-Known Types). */
static void put_data(struct bytes *b, uint32_t type, const void *data, size_t len)
{
	size_t at = atom(b, "data");

	put32(b, type);
	put32(b, 0);
	put(b, data, len);
	atom_end(b, at);
}

static void put_tag(struct bytes *b, const char *name, uint32_t type, const void *data, size_t len)
{
	size_t at = atom(b, name);

	put_data(b, type, data, len);
	atom_end(b, at);
}

static void put_full(struct bytes *b, const char *type, const char *text)
{
	size_t at = atom(b, type);

	put32(b, 0);
	put(b, text, strlen(text));
	atom_end(b, at);
}

static void put_free_form(struct bytes *b, const char *name, const char *text)
{
	size_t at = atom(b, "----");

	put_full(b, "mean", "com.apple.iTunes");
	put_full(b, "name", name);
	put_data(b, 1, text, strlen(text));
	atom_end(b, at);
}

static void put_hdlr(struct bytes *b)
{
	size_t at = atom(b, "hdlr");

	put32(b, 0);
	put32(b, 0);
	put(b, "mdirappl", 8);
	put(b, "\0\0\0\0\0\0\0\0\0", 9);
	atom_end(b, at);
}

/* iTunSMPB: delay, padding and samples in hexadecimal, as iTunes, qaac and fdkaac write it. */
static void put_smpb(struct bytes *b)
{
	uint32_t samples = (uint32_t)strange_samples(RATE),
		 packets = (samples + 1024 + 1023) / 1024;
	char text[256];

	snprintf(text, sizeof(text),
		 " 00000000 00000400 %08X %016X 00000000 00000000 00000000 00000000 00000000 "
		 "00000000 00000000 00000000",
		 packets * 1024 - 1024 - samples, samples);
	put_free_form(b, "iTunSMPB", text);
}

static void put_cover(struct bytes *b)
{
	static uint8_t picture[1 << 16];

	put_tag(b, "covr", 13, picture, strange_bytes("c.jpg", picture, sizeof(picture)));
}

static void put_meta(struct bytes *b, void (*items)(struct bytes *b))
{
	size_t meta = atom(b, "meta"), list, room;

	put32(b, 0);
	put_hdlr(b);
	list = atom(b, "ilst");
	items(b);
	atom_end(b, list);
	room = atom(b, "free");
	memset(b->data + b->len, 0, 2048);
	b->len += 2048;
	atom_end(b, room);
	atom_end(b, meta);
}

static void itunes_items(struct bytes *b)
{
	put_tag(b, "\xa9nam", 1, "Song", 4);
	put_tag(b,
		"\xa9"
		"day",
		1, "2024-05-01T07:00:00Z", 20);
	put_tag(b, "trkn", 0, "\0\0\0\1\0\12\0\0", 8);
	put_tag(b, "cpil", 21, "\0", 1);
	put_tag(b, "stik", 21, "\1", 1);
	put_cover(b);
	put_free_form(b, "iTunNORM",
		      " 00000A2C 00000A2C 00003F3F 00003F3F 00024CA8 00024CA8 00007FFF "
		      "00007FFF 00024CA8 00024CA8");
	put_smpb(b);
}

static void qaac_items(struct bytes *b)
{
	put_smpb(b);
	put_tag(b, "\xa9too", 1, "qaac 2.80, CoreAudioToolbox 7.10.9.0, AAC-LC Encoder", 51);
	put_free_form(b, "Encoding Params", "\0");
}

static void fdkaac_items(struct bytes *b)
{
	put_tag(b, "\xa9too", 1, "fdkaac 1.0.0, libfdk-aac 4.0.1, CBR 128kbps", 43);
	put_smpb(b);
}

/* A phone's place: the length and language of QuickTime's text in 16 bits each. */
static void put_place(struct bytes *b)
{
	size_t at = atom(b, "\xa9xyz");

	put(b, "\0\x12\x15\xc7+52.5200+013.4050/", 22);
	atom_end(b, at);
}

/* Puts udta at the end of plain.m4a's moov, which is the last of the file. */
static void write_shape(const char *path, void (*items)(struct bytes *b), bool placed)
{
	static struct bytes file;
	size_t moov = 0, udta;
	FILE *f;

	file.len = strange_bytes("plain.m4a", file.data, sizeof(file.data));
	while (moov + 8 < file.len && memcmp(file.data + moov + 4, "moov", 4) != 0)
		moov += get32(file.data + moov);
	assert_true(moov + get32(file.data + moov) == file.len);
	udta = atom(&file, "udta");
	if (placed)
		put_place(&file);
	if (items)
		put_meta(&file, items);
	atom_end(&file, udta);
	atom_end(&file, moov);
	f = fopen(path, "wb");
	assert_non_null(f);
	assert_int_equal(fwrite(file.data, 1, file.len, f), file.len);
	fclose(f);
}

/* "free" of 8 bytes and the head of mdat become one head with a length of 64 bits. */
static void widen_mdat(const char *from, const char *to)
{
	static struct bytes file;
	size_t at = 0;
	uint32_t len;
	FILE *f;

	file.len = strange_bytes(from, file.data, sizeof(file.data));
	while (at + 8 < file.len && memcmp(file.data + at + 4, "free", 4) != 0)
		at += get32(file.data + at);
	assert_int_equal(get32(file.data + at), 8);
	assert_memory_equal(file.data + at + 12, "mdat", 4);
	len = get32(file.data + at + 8) + 8;
	memcpy(file.data + at, "\0\0\0\1mdat\0\0\0\0", 12);
	for (int i = 0; i < 4; i++)
		file.data[at + 12 + (size_t)i] = (uint8_t)(len >> (24 - 8 * i));
	f = fopen(to, "wb");
	assert_non_null(f);
	assert_int_equal(fwrite(file.data, 1, file.len, f), file.len);
	fclose(f);
}

static void it_takes_mp4_in_the_shapes_of_itunes_qaac_fdkaac_and_phones(void **state)
{
	static const struct made shapes[] = {
		{"itunes.m4a", 0, 0, ":"},	{"qaac.m4a", 0, 0, ":"}, {"fdkaac.m4a", 0, 0, ":"},
		{"place.m4a", 2048, 1024, ":"}, {"wide.m4a", 0, 0, ":"},
	};

	(void)state;
	strange_run("ffmpeg -v error -y -i a.m4a -c copy -fflags +bitexact -map_metadata -1 "
		    "-use_editlist 0 "
		    "-brand 3gp4 plain.m4a");
	write_shape("itunes.m4a", itunes_items, false);
	write_shape("qaac.m4a", qaac_items, false);
	write_shape("fdkaac.m4a", fdkaac_items, true);
	write_shape("place.m4a", NULL, true);
	widen_mdat("fdkaac.m4a", "wide.m4a");
	EXPECT_ALL(shapes);
}

static void it_takes_files_that_are_dated(void **state)
{
	(void)state;
	EXPECT_ALL(dated);
}

static void it_takes_what_ffmpeg_writes_on_request(void **state)
{
	(void)state;
	strange_text("chapters.txt",
		     ";FFMETADATA1\ntitle=Book\n"
		     "[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=600\ntitle=One\n"
		     "[CHAPTER]\nTIMEBASE=1/1000\nSTART=600\nEND=1200\ntitle=Zwei \xc3\xbc\n");
	EXPECT_ALL(ffmpeg);
}

static void it_takes_what_mkvmerge_writes(void **state)
{
	(void)state;
	strange_text("chapters.xml",
		     "<?xml version=\"1.0\"?><Chapters><EditionEntry><ChapterAtom>"
		     "<ChapterTimeStart>00:00:00.500</ChapterTimeStart><ChapterDisplay>"
		     "<ChapterString>One</ChapterString><ChapLanguageIETF>de-AT</ChapLanguageIETF>"
		     "</ChapterDisplay></ChapterAtom></EditionEntry></Chapters>");
	strange_text("tags.xml", "<?xml version=\"1.0\"?><Tags><Tag><Simple><Name>TITLE</Name>"
				 "<String>Zwei</String></Simple></Tag></Tags>");
	EXPECT_ALL(mkvmerge);
}

static int setup(void **state)
{
	if (strange_setup(state) != 0)
		return -1;
	strange_wav("a.wav", RATE, 2, 16);
	strange_run("ffmpeg -v error -y -i a.wav -c:a aac -b:a 192k a.m4a -c:a flac a.flac -c:a "
		    "libopus "
		    "a.opus -c:a libvorbis -q:a 6 a.ogg -c:a libmp3lame a.mp3");
	strange_run("ffmpeg -v error -y -f lavfi -i testsrc=s=64x64 -frames:v 1 c.jpg");
	strange_run("ffmpeg -v error -y -f lavfi -i testsrc=s=64x64:r=25:d=1.24 -i a.m4a "
		    "-c:v libx264 -preset ultrafast -pix_fmt yuv420p -c:a copy v.mp4");
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_takes_files_that_are_dated),
		cmocka_unit_test(it_takes_what_ffmpeg_writes_on_request),
		cmocka_unit_test(it_takes_what_mkvmerge_writes),
		cmocka_unit_test(it_takes_mp4_in_the_shapes_of_itunes_qaac_fdkaac_and_phones),
	};

	(void)strange_program(); /* while the working folder is still the caller's */
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, setup, strange_teardown);
}
