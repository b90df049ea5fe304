/* Any pages or bytes of a rendition, encoded for a request from the source itself, against
   those of a batch: the decoder is the real one. */
#include "wall/sourcepcm.h"

#include "format/seekidx.h"
#include "make/pipeline.h"
#include "opus/opusbatch.h"
#include "opus/opuspages.h"
#include "opus/segment.h"

#include "strange.h"

#include "base/io.h"

#define SERIAL 99

struct made {
	const char *path; /* of the source */
	struct opusbatch_order order;
	struct pipeline_result result;
	char *file;
};

static enum drift_err go_on(void *context, double progress)
{
	(void)context, (void)progress;
	return DRIFT_OK;
}

static enum drift_err note(void *context, struct pipeline_result *result)
{
	(void)context, (void)result;
	return DRIFT_OK;
}

static void read_back(struct made *m, int fd)
{
	size_t bytes = (size_t)m->result.opus.bytes;

	m->file = malloc(bytes);
	assert_non_null(m->file);
	assert_int_equal(io_pread_all(fd, m->file, bytes, 0), DRIFT_OK);
}

/* The rendition as the transcoder makes it. */
static void make(struct made *m, const char *path, int32_t kbits, bool vbr)
{
	struct decoder *d = strange_open(path);
	char part[] = "/tmp/drift-sourcepcm-XXXXXX";
	int fd = mkstemp(part);
	int channels = decoder_pcm_channels(d);
	struct pipeline_order order = {
		.decoder = d,
		.samples = decoder_get_facts(d)->samples,
		.opus = &m->order,
		.tick = go_on,
		.analysed = note,
		.encoded = note,
	};

	*m = (struct made){
		.path = path,
		.order = {.fd = fd,
			  .params = layout_params(kbits, channels, vbr),
			  .setup = {.serial = SERIAL,
				    .channels = channels,
				    .sample_rate = decoder_get_facts(d)->sample_rate,
				    .vendor = segment_vendor(),
				    .has_gain = true}},
	};
	unlink(part);
	assert_int_equal(encoders_new(2, &m->order.encoders), DRIFT_OK);
	assert_int_equal(pipeline_run(&order, &m->result), DRIFT_OK);
	assert_int_equal(m->result.opus_err, DRIFT_OK);
	read_back(m, fd);
	encoders_free(m->order.encoders);
	decoder_free(d);
	close(fd);
}

static void clear(struct made *m)
{
	pipeline_clear(&m->result);
	free(m->file);
}

static enum drift_err collect(void *context, int64_t page, const void *data, size_t bytes)
{
	(void)page;
	buf_add(context, data, bytes);
	return DRIFT_OK;
}

/* A request: a decoder that has done nothing else. */
struct request {
	struct decoder *decoder;
	struct sourcepcm *source;
	struct opuspages *desk;
	struct opuspages_order order;
	struct buf got;
};

static void begin(struct request *r, struct made *m)
{
	*r = (struct request){.decoder = strange_open(m->path)};
	assert_int_equal(sourcepcm_new(r->decoder, &r->source), DRIFT_OK);
	assert_int_equal(opuspages_new(&r->desk), DRIFT_OK);
	r->order = (struct opuspages_order){
		.layout = &m->result.opus.layout,
		.serial = SERIAL,
		.pcm = sourcepcm_get,
		.pcm_context = r->source,
		.is_lossy = !decoder_get_facts(r->decoder)->lossless,
		.sink = collect,
		.sink_context = &r->got,
	};
}

static void end(struct request *r, const struct made *m, int64_t from, int64_t to)
{
	if ((int64_t)r->got.len != to - from ||
	    memcmp(r->got.data, m->file + from, r->got.len) != 0)
		fail_msg("%s: bytes %lld to %lld are others", m->path, (long long)from,
			 (long long)to);
	opuspages_free(r->desk);
	sourcepcm_free(r->source);
	decoder_free(r->decoder);
	buf_clear(&r->got);
}

/* Where page b begins in the file; pages: its end. */
static int64_t offset_of(const struct made *m, int64_t page)
{
	const struct buf *sidecar = &m->result.opus.sidecar;
	struct seekidx idx;

	assert_int_equal(seekidx_parse((const uint8_t *)sidecar->data, sidecar->len, &idx),
			 DRIFT_OK);
	if (page == m->result.opus.layout.pages)
		return m->result.opus.bytes;
	return (int64_t)seekidx_get(&idx, (uint32_t)page).offset;
}

static void check_pages(struct made *m, int64_t first, int64_t count)
{
	int64_t pages = m->result.opus.layout.pages;
	struct layout_pages want = {first, first + count < pages ? first + count : pages};
	struct request r;

	begin(&r, m);
	assert_int_equal(opuspages_make(r.desk, &r.order, want), DRIFT_OK);
	end(&r, m, offset_of(m, want.first), offset_of(m, want.end));
}

static void check_bytes(struct made *m, int64_t from, int64_t to)
{
	struct request r;

	begin(&r, m);
	assert_int_equal(opuspages_make_bytes(r.desk, &r.order, m->file, from, to, &r.got),
			 DRIFT_OK);
	end(&r, m, from, to);
}

static void check_ranges(const char *path, int32_t kbits, bool vbr)
{
	struct made m;

	make(&m, path, kbits, vbr);
	for (int i = 0; i < 4; i++)
		check_pages(&m, rand() % m.result.opus.layout.pages, 1 + rand() % 12);
	for (int i = 0; i < 4 && !vbr; i++) {
		int64_t from = rand() % m.result.opus.bytes;
		int64_t most = m.result.opus.bytes - from;

		check_bytes(&m, from, from + 1 + rand() % (most < 200000 ? most : 200000));
	}
	clear(&m);
}

static const struct {
	const char *path, *how; /* of ffmpeg */
} sources[] = {
	{"a.wav", "-ar 44100"},
	{"b.wav", "-ar 48000 -ac 1 -c:a pcm_s24le"},
	{"c.flac", "-ar 96000"},
	{"d.wav", "-ar 11025 -ac 1"},
	{"e.mp3", "-ar 44100 -c:a libmp3lame -q:a 4"},
	{"f.mp3", "-ar 22050 -ac 1 -c:a libmp3lame -b:a 64k"},
	{"g.m4a", "-ar 48000 -c:a aac -b:a 160k"},
	{"h.aac", "-ar 44100 -c:a aac -b:a 128k"},
	{"i.ogg", "-ar 44100 -c:a libvorbis -q:a 5"},
	{"j.opus", "-c:a libopus -b:a 96k"},
	{"k.mka", "-ar 44100 -c:a aac"},
};

static void any_pages_and_bytes_alone_are_those_of_the_batch(void **state)
{
	(void)state;
	srand(11);
	for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++) {
		strange_run("ffmpeg -v error -f lavfi -i"
			    " 'anoisesrc=d=23.7:c=pink:seed=%zu,tremolo=f=3:d=0.9'"
			    " -f lavfi -i 'sine=f=300:d=23.7' -filter_complex"
			    " '[0][1]amerge' %s %s",
			    i + 1, sources[i].how, sources[i].path);
		check_ranges(sources[i].path, i % 3 ? 320 : 97, false);
	}
	check_ranges("a.wav", 192, true);
	check_ranges("e.mp3", 128, true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_pages_and_bytes_alone_are_those_of_the_batch),
	};

	(void)strange_program(); /* before the folder changes */
	return cmocka_run_group_tests(tests, strange_setup, strange_teardown);
}
