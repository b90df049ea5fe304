#include "make/pipeline.h"

#include "dsp/resample.h"
#include "fakedecoder.h"
#include "format/seekidx.h"
#include "opus/opuspages.h"
#include "opus/segment.h"
#include "wall/sourcepcm.h"

#include <fcntl.h>
#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

/* One order and what it needs. */
struct bench {
	struct decoder decoder;
	struct opusbatch_order opus;
	struct pipeline_order order;
	struct pipeline_result result;
	char path[64]; /* of the rendition */
	double progress;
	int ticks;
	int stop_at; /* ticks; 0: never */
	int analysed, encoded; /* times told */
};

static enum drift_err note_analysed(void *context, struct pipeline_result *result)
{
	struct bench *b = context;

	assert_ptr_equal(result, &b->result);
	b->analysed++;
	return DRIFT_OK;
}

static enum drift_err note_encoded(void *context, struct pipeline_result *result)
{
	struct bench *b = context;

	assert_ptr_equal(result, &b->result);
	b->encoded++;
	return DRIFT_OK;
}

static enum drift_err tick(void *context, double progress)
{
	struct bench *b = context;

	assert_true(progress >= b->progress && progress <= 1.0);
	b->progress = progress;
	return ++b->ticks == b->stop_at ? DRIFT_ELOCKED : DRIFT_OK;
}

/* Somebody is there from the first moment on. */
static int64_t listened(void *context)
{
	(void)context;
	return 8;
}

static struct encoders *encoders; /* two threads */

static const struct oggopus_tag tags[] = {{"TITLE", "Test"}, {"ARTIST", "Nobody"}};

static void bench_init(struct bench *b, int32_t rate, int channels, double seconds)
{
	*b = (struct bench){
		.decoder = {.facts = {.sample_rate = rate,
				      .channels = channels,
				      .samples = (int64_t)(seconds * rate)},
			    .channels = channels,
			    .fail_at = -1},
		.opus = {.encoders = encoders,
			 .params = layout_params(320, channels, false),
			 .setup = {.serial = 77,
				   .channels = channels,
				   .sample_rate = rate,
				   .vendor = segment_vendor(),
				   .tags = tags,
				   .tag_count = 2}},
	};
	strcpy(b->path, "/tmp/drift-pipeline-XXXXXX");
	b->opus.fd = mkstemp(b->path);
	assert_true(b->opus.fd >= 0);
	b->order = (struct pipeline_order){
		.decoder = &b->decoder,
		.samples = b->decoder.facts.samples,
		.opus = &b->opus,
		.analyse = true,
		.context = b,
		.tick = tick,
		.analysed = note_analysed,
		.encoded = note_encoded,
	};
}

static void bench_clear(struct bench *b)
{
	pipeline_clear(&b->result);
	close(b->opus.fd);
	unlink(b->path);
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

/* What the pass would read anyway, read again for another purpose. */
static void bench_rewind(struct bench *b)
{
	pipeline_clear(&b->result);
	b->progress = 0;
	b->ticks = b->stop_at = 0;
	b->analysed = b->encoded = 0;
	b->decoder.asks = 0;
	b->decoder.fail_at = -1;
	b->decoder.ask_fails_at = 0;
	b->decoder.lowest = b->decoder.highest = 0;
	for (int i = 0; i < DECODER_SLOTS; i++)
		b->decoder.slot[i].open = false;
}

static enum drift_err collect(void *context, int64_t page, const void *data, size_t bytes)
{
	(void)page;
	buf_add(context, data, bytes);
	return DRIFT_OK;
}

/* Pages as a request gets them. */
static struct buf pages_alone(struct bench *b, struct layout_pages want)
{
	struct buf out = {0};
	struct sourcepcm *source;
	struct opuspages *desk;
	struct opuspages_order order = {
		.layout = &b->result.opus.layout,
		.serial = b->opus.setup.serial,
		.pcm = sourcepcm_get,
		.sink = collect,
		.sink_context = &out,
	};

	assert_int_equal(sourcepcm_new(&b->decoder, &source), DRIFT_OK);
	assert_int_equal(opuspages_new(&desk), DRIFT_OK);
	order.pcm_context = source;
	assert_int_equal(opuspages_make(desk, &order, want), DRIFT_OK);
	opuspages_free(desk);
	sourcepcm_free(source);
	return out;
}

static void writes_the_bytes_that_pages_encoded_alone_have(void **state)
{
	static const int32_t rates[] = {44100, 96000};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct buf pages;
		struct bench b;
		size_t len, setup;
		char *file;

		bench_init(&b, rates[i], 2, 11.3);
		assert_int_equal(pipeline_run(&b.order, &b.result), DRIFT_OK);
		assert_int_equal(b.result.opus_err, DRIFT_OK);
		file = read_file(b.opus.fd, &len);
		assert_int_equal(len, layout_bytes(&b.result.opus.layout));
		assert_int_equal(len, b.result.opus.bytes);
		setup = (size_t)b.result.opus.layout.setup_bytes;
		pages = pages_alone(&b, (struct layout_pages){0, b.result.opus.layout.pages});
		assert_int_equal(pages.len, len - setup);
		assert_memory_equal(pages.data, file + setup, pages.len);
		buf_clear(&pages);
		free(file);
		bench_clear(&b);
	}
}

static void reads_the_source_once_and_just_what_the_segments_need(void **state)
{
	struct bench b;

	(void)state;
	bench_init(&b, 48000, 1, 12.0);
	assert_int_equal(pipeline_run(&b.order, &b.result), DRIFT_OK);
	assert_int_equal(b.decoder.asks, 3);
	assert_int_equal(b.decoder.lowest, segment_needs(0, 0, 250).first);
	assert_int_equal(b.decoder.highest, b.result.opus.layout.packets * 960);
	assert_int_equal(b.result.opus.segments_made, 3);
	assert_true(b.progress == 1.0);
	bench_clear(&b);
}

static void reads_the_highest_rates_in_pieces(void **state)
{
	struct bench b;

	(void)state;
	bench_init(&b, 768000, 1, 5.5);
	assert_int_equal(pipeline_run(&b.order, &b.result), DRIFT_OK);
	assert_int_equal(b.result.opus_err, DRIFT_OK);
	/* 5.62 s of 768 kHz and the filter's ends, then 1.12 s */
	assert_int_equal(b.decoder.asks, 16 + 3);
	assert_int_equal(b.result.opus.bytes, layout_bytes(&b.result.opus.layout));
	bench_clear(&b);
}

static void measures_the_same_with_and_without_the_rendition(void **state)
{
	struct pipeline_result both;
	struct bench b;

	(void)state;
	bench_init(&b, 22050, 2, 13.7);
	assert_int_equal(pipeline_run(&b.order, &b.result), DRIFT_OK);
	assert_int_equal(b.analysed, 1);
	assert_int_equal(b.encoded, 1);
	both = b.result;
	b.result = (struct pipeline_result){0};
	b.order.opus = NULL;
	bench_rewind(&b);
	assert_int_equal(pipeline_run(&b.order, &b.result), DRIFT_OK);
	assert_int_equal(b.decoder.lowest, 0);
	assert_int_equal(b.decoder.highest, b.order.samples);
	assert_true(both.analysis.loudness.audible);
	assert_true(both.analysis.loudness.integrated == b.result.analysis.loudness.integrated);
	assert_true(both.analysis.loudness.true_peak == b.result.analysis.loudness.true_peak);
	assert_int_equal(both.analysis.waveform.len, b.result.analysis.waveform.len);
	assert_memory_equal(both.analysis.waveform.data, b.result.analysis.waveform.data,
			    both.analysis.waveform.len);
	assert_int_equal(both.analysis.zoom.len, 24 + 2 * ((int64_t)(13.7 * 22050) / 256 + 1));
	assert_memory_equal(both.analysis.blocks, b.result.analysis.blocks,
			    sizeof(both.analysis.blocks));
	assert_memory_equal(both.analysis.spectrum, b.result.analysis.spectrum,
			    sizeof(both.analysis.spectrum));
	pipeline_clear(&both);
	bench_clear(&b);
}

static void makes_first_what_somebody_listens_to(void **state)
{
	struct bench b;

	(void)state;
	bench_init(&b, 48000, 1, 60.0);
	b.order.listened = listened;
	b.decoder.lowest = INT64_MAX;
	b.stop_at = 2;
	assert_int_equal(pipeline_run(&b.order, &b.result), DRIFT_ELOCKED);
	assert_int_equal(b.decoder.lowest, segment_needs(8, 0, 250).first);
	bench_rewind(&b);
	assert_int_equal(pipeline_run(&b.order, &b.result), DRIFT_OK);
	assert_int_equal(b.result.opus_err, DRIFT_OK);
	assert_int_equal(b.analysed, 1);
	assert_int_equal(b.result.opus.bytes, layout_bytes(&b.result.opus.layout));
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
		 lround(256 * (-23.0 - b.result.analysis.loudness.integrated)));
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
	assert_int_equal(seekidx_parse((const uint8_t *)b.result.opus.sidecar.data,
				       b.result.opus.sidecar.len, &idx),
			 DRIFT_OK);
	assert_int_equal(idx.setup_bytes, sizeof(old));
	assert_memory_equal(idx.setup, old, sizeof(old));
	assert_int_equal(b.result.analysis.waveform.len, 0);
	free(file);
	bench_clear(&b);
}

static void keeps_the_waveform_when_the_disk_is_full(void **state)
{
	struct bench b;

	(void)state;
	bench_init(&b, 48000, 2, 7.0);
	close(b.opus.fd);
	b.opus.fd = open("/dev/full", O_RDWR | O_CLOEXEC);
	assert_int_equal(pipeline_run(&b.order, &b.result), DRIFT_OK);
	assert_int_equal(b.result.opus_err, DRIFT_ENOSPC);
	assert_int_equal(b.result.analysis_err, DRIFT_OK);
	assert_true(b.result.analysis.waveform.len > 0);
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
	assert_null(b.result.analysis.waveform.data);
	bench_clear(&b);
}

static void stops_when_the_source_cannot_be_decoded(void **state)
{
	struct bench b;

	(void)state;
	bench_init(&b, 48000, 2, 30.0);
	for (int answers = 0; answers < 6; answers++) {
		b.decoder.fail_at = answers;
		assert_int_equal(pipeline_run(&b.order, &b.result), DRIFT_EMEDIA);
		bench_rewind(&b);
		/* or asking fails first */
		b.decoder.ask_fails_at = answers + 1;
		assert_int_equal(pipeline_run(&b.order, &b.result), DRIFT_EMEDIA);
		bench_rewind(&b);
	}
	bench_clear(&b);
}

/* --- threads, kills and company ------------------------------------------- */

/* The bytes of a file that an undisturbed pass makes. */
static char *whole_file(struct bench *b, size_t *len)
{
	char *file;

	assert_int_equal(pipeline_run(&b->order, &b->result), DRIFT_OK);
	assert_int_equal(b->result.opus_err, DRIFT_OK);
	file = read_file(b->opus.fd, len);
	bench_rewind(b);
	return file;
}

static void check_file(struct bench *b, const char *want, size_t want_len)
{
	size_t len;
	char *file = read_file(b->opus.fd, &len);

	assert_int_equal(len, want_len);
	assert_memory_equal(file, want, len);
	free(file);
}

static void empty_file(struct bench *b)
{
	assert_int_equal(ftruncate(b->opus.fd, 0), 0);
}

static void gives_the_same_bytes_with_any_number_of_threads(void **state)
{
	static const int threads[] = {1, 2, 3, 8, 8};

	(void)state;
	for (int vbr = 0; vbr < 2; vbr++) {
		struct bench b;
		size_t len;
		char *want;

		bench_init(&b, 44100, 2, 41.7);
		b.opus.params = layout_params(320, 2, vbr);
		want = whole_file(&b, &len);
		for (size_t i = 0; i < sizeof(threads) / sizeof(threads[0]); i++) {
			empty_file(&b);
			assert_int_equal(encoders_new(threads[i], &b.opus.encoders), DRIFT_OK);
			assert_int_equal(encoders_threads(b.opus.encoders), threads[i]);
			assert_int_equal(pipeline_run(&b.order, &b.result), DRIFT_OK);
			check_file(&b, want, len);
			encoders_free(b.opus.encoders);
			bench_rewind(&b);
		}
		free(want);
		bench_clear(&b);
	}
}

/* In a process of its own, as encoding threads do not survive a fork. */
static pid_t start_process(struct bench *b)
{
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	b->opus.fd = open(b->path, O_RDWR | O_CLOEXEC);
	if (encoders_new(2, &b->opus.encoders) != DRIFT_OK ||
	    pipeline_run(&b->order, &b->result) != DRIFT_OK || b->result.opus_err)
		_exit(255);
	_exit((int)b->result.opus.segments_made);
}

/* Until so many bytes of the file are written, wherever, or nobody writes any more. */
static void wait_for_bytes(const struct bench *b, pid_t writer, int64_t bytes)
{
	const struct timespec pause = {.tv_nsec = 2000000};
	siginfo_t ended = {0};
	struct stat st;

	while (fstat(b->opus.fd, &st) == 0 && st.st_blocks * 512 < bytes &&
	       waitid(P_PID, (id_t)writer, &ended, WEXITED | WNOHANG | WNOWAIT) == 0 &&
	       ended.si_pid == 0)
		nanosleep(&pause, NULL);
}

static void ends_with_the_same_bytes_after_any_number_of_kills(void **state)
{
	(void)state;
	for (int vbr = 0; vbr < 2; vbr++) {
		struct bench b;
		size_t len;
		char *want;

		bench_init(&b, 44100, 2, 67.3);
		b.opus.params = layout_params(320, 2, vbr);
		want = whole_file(&b, &len);
		empty_file(&b);
		srand(5);
		for (int i = 0; i < 6; i++) {
			pid_t pid = start_process(&b);
			int status;

			wait_for_bytes(&b, pid, (int64_t)len * i / 7 + rand() % 200000);
			kill(pid, SIGKILL);
			assert_int_equal(waitpid(pid, &status, 0), pid);
			assert_false(WIFEXITED(status) && WEXITSTATUS(status) == 255);
		}
		assert_int_equal(pipeline_run(&b.order, &b.result), DRIFT_OK);
		assert_true(b.result.opus.segments_made < b.result.opus.layout.segments);
		check_file(&b, want, len);
		free(want);
		bench_clear(&b);
	}
}

static void reads_only_what_the_missing_segments_need(void **state)
{
	static const char nothing[40000];
	struct bench b;
	size_t len;
	char *want;

	(void)state;
	bench_init(&b, 48000, 2, 60);
	b.order.analyse = false;
	b.opus.setup.has_gain = true;
	want = whole_file(&b, &len);
	/* pages 33 and 34 */
	assert_int_equal(pwrite(b.opus.fd, nothing, sizeof(nothing), 20127 * 34), sizeof(nothing));
	b.decoder.lowest = INT64_MAX;
	assert_int_equal(pipeline_run(&b.order, &b.result), DRIFT_OK);
	assert_int_equal(b.result.opus.segments_made, 1);
	assert_int_equal(b.decoder.asks, 1);
	assert_int_equal(b.decoder.lowest, segment_needs(3, 0, 250).first);
	assert_int_equal(b.decoder.highest, segment_needs(3, 0, 250).end);
	assert_true(b.progress == 1.0);
	check_file(&b, want, len);
	bench_rewind(&b);
	assert_int_equal(pipeline_run(&b.order, &b.result), DRIFT_OK);
	assert_int_equal(b.result.opus.segments_made + b.decoder.asks, 0);
	free(want);
	bench_clear(&b);
}

static void shares_a_file_with_other_processes(void **state)
{
	struct bench b;
	pid_t pids[3];
	int made = 0;
	size_t len;
	char *want;

	(void)state;
	bench_init(&b, 44100, 2, 60);
	want = whole_file(&b, &len);
	empty_file(&b);
	for (int i = 0; i < 3; i++)
		pids[i] = start_process(&b);
	for (int i = 0; i < 3; i++) {
		int status = 0;

		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_true(WIFEXITED(status) && WEXITSTATUS(status) != 255);
		made += WEXITSTATUS(status);
	}
	assert_int_equal(made, 13); /* 60 s and the look-ahead: each segment by one of them */
	check_file(&b, want, len);
	free(want);
	bench_clear(&b);
}

static int make_encoders(void **state)
{
	(void)state;
	return encoders_new(2, &encoders) == DRIFT_OK ? 0 : -1;
}

static int free_encoders(void **state)
{
	(void)state;
	encoders_free(encoders);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_the_bytes_that_pages_encoded_alone_have),
		cmocka_unit_test(reads_the_source_once_and_just_what_the_segments_need),
		cmocka_unit_test(reads_the_highest_rates_in_pieces),
		cmocka_unit_test(measures_the_same_with_and_without_the_rendition),
		cmocka_unit_test(makes_first_what_somebody_listens_to),
		cmocka_unit_test(tags_the_gain_that_this_pass_measured),
		cmocka_unit_test(keeps_setup_pages_that_were_published_before),
		cmocka_unit_test(keeps_the_waveform_when_the_disk_is_full),
		cmocka_unit_test(stops_when_the_lease_is_lost),
		cmocka_unit_test(stops_when_the_source_cannot_be_decoded),
		cmocka_unit_test(gives_the_same_bytes_with_any_number_of_threads),
		cmocka_unit_test(ends_with_the_same_bytes_after_any_number_of_kills),
		cmocka_unit_test(reads_only_what_the_missing_segments_need),
		cmocka_unit_test(shares_a_file_with_other_processes),
	};

	return cmocka_run_group_tests(tests, make_encoders, free_encoders);
}
