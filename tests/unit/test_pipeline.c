/* The pass over a source, against a decoder of our own: one that computes its
   PCM from the position and writes down what it was asked. */
#include "media/pipeline.h"

#include "media/opusfile.h"
#include "media/resample.h"
#include "media/seekidx.h"
#include "media/segment.h"

#include <fcntl.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

struct ask {
	int64_t first;
	int32_t count;
	bool open; /* asked and not answered */
};

struct decoder {
	struct decoder_facts facts;
	int channels;
	struct ask slot[DECODER_SLOTS];
	float *pcm[DECODER_SLOTS];
	int asks;
	int64_t lowest, highest; /* of all that was asked */
	int fail_at; /* this many answers are good; -1: all */
};

static float sample_at(const struct decoder *d, int64_t at, int channel)
{
	double t = (double)at / d->facts.sample_rate;

	if (at < 0 || at >= d->facts.samples)
		return 0.0f;
	return (float)(0.4 * sin(2 * M_PI * (220 + 110 * channel) * t) +
		       0.2 * sin(2 * M_PI * 3001 * t * (1 + 0.01 * t)));
}

static void fill(const struct decoder *d, int64_t first, int64_t count, float *out)
{
	for (int64_t i = 0; i < count; i++)
		for (int c = 0; c < d->channels; c++)
			out[i * d->channels + c] = sample_at(d, first + i, c);
}

/* The decoder's contract, as far as the pipeline uses it. */

const struct decoder_facts *decoder_get_facts(const struct decoder *d)
{
	return &d->facts;
}

int decoder_pcm_channels(const struct decoder *d)
{
	return d->channels;
}

enum drift_err decoder_ask(struct decoder *d, int slot, int64_t first, int32_t count)
{
	assert_in_range(slot, 0, DECODER_SLOTS - 1);
	assert_in_range(count, 1, DECODER_READ_MAX);
	assert_false(d->slot[slot].open);
	d->slot[slot] = (struct ask){first, count, true};
	d->asks++;
	if (first < d->lowest)
		d->lowest = first;
	if (first + count > d->highest)
		d->highest = first + count;
	return DRIFT_OK;
}

enum drift_err decoder_wait(struct decoder *d, int slot, const float **out)
{
	struct ask *a = &d->slot[slot];

	assert_true(a->open);
	if (d->fail_at-- == 0)
		return DRIFT_EMEDIA;
	a->open = false;
	free(d->pcm[slot]);
	d->pcm[slot] = malloc((size_t)a->count * (size_t)d->channels * sizeof(float));
	assert_non_null(d->pcm[slot]);
	fill(d, a->first, a->count, d->pcm[slot]);
	*out = d->pcm[slot];
	return DRIFT_OK;
}

/* One order and what it needs. */
struct bench {
	struct decoder decoder;
	struct pipeline_opus opus;
	struct pipeline_order order;
	struct pipeline_result result;
	double progress;
	int ticks;
	int stop_at; /* ticks; 0: never */
};

static enum drift_err tick(void *context, double progress)
{
	struct bench *b = context;

	assert_true(progress >= b->progress && progress <= 1.0);
	b->progress = progress;
	return ++b->ticks == b->stop_at ? DRIFT_ELOCKED : DRIFT_OK;
}

static const struct oggopus_tag tags[] = {{"TITLE", "Test"}, {"ARTIST", "Nobody"}};

static void bench_init(struct bench *b, int32_t rate, int channels, double seconds)
{
	*b = (struct bench){
		.decoder = {.facts = {.sample_rate = rate,
				      .channels = channels,
				      .samples = (int64_t)(seconds * rate)},
			    .channels = channels,
			    .fail_at = -1},
		.opus = {.params = layout_params(320, channels, false),
			 .setup = {.serial = 77,
				   .channels = channels,
				   .sample_rate = rate,
				   .vendor = segment_vendor(),
				   .tags = tags,
				   .tag_count = 2}},
	};
	b->opus.fd = memfd_create("opus", MFD_CLOEXEC);
	assert_true(b->opus.fd >= 0);
	b->order = (struct pipeline_order){
		.decoder = &b->decoder,
		.samples = b->decoder.facts.samples,
		.opus = &b->opus,
		.analyse = true,
		.tick = tick,
		.context = b,
	};
}

static void bench_clear(struct bench *b)
{
	pipeline_clear(&b->result);
	close(b->opus.fd);
	for (int i = 0; i < DECODER_SLOTS; i++)
		free(b->decoder.pcm[i]);
}

static char *read_file(int fd, size_t *len)
{
	struct stat st;
	char *data;

	assert_int_equal(fstat(fd, &st), 0);
	*len = (size_t)st.st_size;
	data = malloc(*len);
	assert_non_null(data);
	assert_int_equal(pread(fd, data, *len, 0), st.st_size);
	return data;
}

static enum drift_err source48(void *context, struct resample_range want, float *out)
{
	const struct decoder *d = context;
	struct resampler *r;
	struct resample_range range;
	float *native;

	assert_int_equal(resampler_new(d->facts.sample_rate, d->channels, &r), DRIFT_OK);
	range = resampler_needs(r, want);
	native = malloc((size_t)(range.end - range.first) * (size_t)d->channels * sizeof(float));
	assert_non_null(native);
	fill(d, range.first, range.end - range.first, native);
	resampler_run(r, native, want, out);
	free(native);
	resampler_free(r);
	return DRIFT_OK;
}

static void writes_the_bytes_that_pages_encoded_alone_have(void **state)
{
	struct segment_encoder *e;
	struct buf pages = {0};
	struct bench b;
	size_t len, setup;
	char *file;

	(void)state;
	bench_init(&b, 44100, 2, 11.3);
	assert_int_equal(pipeline_run(&b.order, &b.result), DRIFT_OK);
	assert_int_equal(b.result.opus_err, DRIFT_OK);
	file = read_file(b.opus.fd, &len);
	assert_int_equal(len, layout_bytes(&b.result.layout));
	assert_int_equal(len, b.result.opus_bytes);
	setup = (size_t)b.result.layout.setup_bytes;
	assert_int_equal(segment_encoder_new(&b.opus.params, &e), DRIFT_OK);
	assert_int_equal(opusfile_encode_pages(&b.result.layout, 77, e, source48, &b.decoder, 0,
					       b.result.layout.pages, &pages),
			 DRIFT_OK);
	assert_int_equal(pages.len, len - setup);
	assert_memory_equal(pages.data, file + setup, pages.len);
	segment_encoder_free(e);
	buf_clear(&pages);
	free(file);
	bench_clear(&b);
}

static void reads_the_source_once_and_just_what_the_segments_need(void **state)
{
	struct bench b;

	(void)state;
	bench_init(&b, 48000, 1, 12.0);
	assert_int_equal(pipeline_run(&b.order, &b.result), DRIFT_OK);
	assert_int_equal(b.decoder.asks, 3);
	assert_int_equal(b.decoder.lowest, segment_needs(0, 250).first);
	assert_int_equal(b.decoder.highest, b.result.layout.packets * 960);
	assert_int_equal(b.ticks, 3);
	assert_true(b.progress == 1.0);
	bench_clear(&b);
}

static void reads_the_highest_rates_in_two_pieces_a_step(void **state)
{
	struct bench b;

	(void)state;
	bench_init(&b, 768000, 1, 5.5);
	assert_int_equal(pipeline_run(&b.order, &b.result), DRIFT_OK);
	assert_int_equal(b.result.opus_err, DRIFT_OK);
	assert_int_equal(b.decoder.asks, 3);
	assert_int_equal(b.result.opus_bytes, layout_bytes(&b.result.layout));
	bench_clear(&b);
}

static void measures_the_same_with_and_without_the_rendition(void **state)
{
	struct pipeline_result both;
	struct bench b;

	(void)state;
	bench_init(&b, 22050, 2, 13.7);
	assert_int_equal(pipeline_run(&b.order, &both), DRIFT_OK);
	b.order.opus = NULL;
	b.progress = 0;
	b.decoder.lowest = b.decoder.highest = 0;
	assert_int_equal(pipeline_run(&b.order, &b.result), DRIFT_OK);
	assert_int_equal(b.decoder.lowest, 0);
	assert_int_equal(b.decoder.highest, b.order.samples);
	assert_true(both.loudness.audible);
	assert_true(both.loudness.integrated == b.result.loudness.integrated);
	assert_true(both.loudness.true_peak == b.result.loudness.true_peak);
	assert_int_equal(both.waveform.len, b.result.waveform.len);
	assert_memory_equal(both.waveform.data, b.result.waveform.data, both.waveform.len);
	pipeline_clear(&both);
	bench_clear(&b);
}

static void tags_the_gain_that_this_pass_measured(void **state)
{
	char want[64];
	struct bench b;
	size_t len;
	char *file;

	(void)state;
	bench_init(&b, 48000, 2, 6.0);
	assert_int_equal(pipeline_run(&b.order, &b.result), DRIFT_OK);
	snprintf(want, sizeof(want), "R128_TRACK_GAIN=%+06ld",
		 lround(256 * (-23.0 - b.result.loudness.integrated)));
	file = read_file(b.opus.fd, &len);
	assert_non_null(memmem(file, len, want, strlen(want)));
	free(file);
	bench_clear(&b);
}

static void keeps_setup_pages_that_were_published_before(void **state)
{
	struct seekidx idx;
	struct bench b;
	char old[300];
	size_t len;
	char *file;

	(void)state;
	memset(old, 'x', sizeof(old));
	memcpy(old, "OggS", 4);
	bench_init(&b, 48000, 2, 1.0);
	b.opus.setup_pages = old;
	b.opus.setup_bytes = sizeof(old);
	b.order.analyse = false;
	assert_int_equal(pipeline_run(&b.order, &b.result), DRIFT_OK);
	file = read_file(b.opus.fd, &len);
	assert_memory_equal(file, old, sizeof(old));
	assert_int_equal(
		seekidx_parse((const uint8_t *)b.result.sidecar.data, b.result.sidecar.len, &idx),
		DRIFT_OK);
	assert_int_equal(idx.setup_bytes, sizeof(old));
	assert_memory_equal(idx.setup, old, sizeof(old));
	assert_int_equal(b.result.waveform.len, 0);
	free(file);
	bench_clear(&b);
}

static void keeps_the_waveform_when_the_disk_is_full(void **state)
{
	struct bench b;

	(void)state;
	bench_init(&b, 48000, 2, 7.0);
	close(b.opus.fd);
	b.opus.fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
	assert_int_equal(pipeline_run(&b.order, &b.result), DRIFT_OK);
	assert_int_equal(b.result.opus_err, DRIFT_ENOSPC);
	assert_int_equal(b.result.analysis_err, DRIFT_OK);
	assert_true(b.result.waveform.len > 0);
	bench_clear(&b);
}

static void stops_when_the_lease_is_lost(void **state)
{
	struct bench b;

	(void)state;
	bench_init(&b, 48000, 2, 30.0);
	b.stop_at = 2;
	assert_int_equal(pipeline_run(&b.order, &b.result), DRIFT_ELOCKED);
	assert_int_equal(b.ticks, 2);
	assert_null(b.result.waveform.data);
	bench_clear(&b);
}

static void stops_when_the_source_cannot_be_decoded(void **state)
{
	struct bench b;

	(void)state;
	bench_init(&b, 48000, 2, 30.0);
	b.decoder.fail_at = 1;
	assert_int_equal(pipeline_run(&b.order, &b.result), DRIFT_EMEDIA);
	assert_int_equal(b.ticks, 1);
	bench_clear(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_the_bytes_that_pages_encoded_alone_have),
		cmocka_unit_test(reads_the_source_once_and_just_what_the_segments_need),
		cmocka_unit_test(reads_the_highest_rates_in_two_pieces_a_step),
		cmocka_unit_test(measures_the_same_with_and_without_the_rendition),
		cmocka_unit_test(tags_the_gain_that_this_pass_measured),
		cmocka_unit_test(keeps_setup_pages_that_were_published_before),
		cmocka_unit_test(keeps_the_waveform_when_the_disk_is_full),
		cmocka_unit_test(stops_when_the_lease_is_lost),
		cmocka_unit_test(stops_when_the_source_cannot_be_decoded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
