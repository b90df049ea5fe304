#include "media/pipeline.h"

#include "media/analysis.h"
#include "media/opusfile.h"
#include "media/resample.h"
#include "media/segment.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define SEGMENT_SECONDS (LAYOUT_SEGMENT_SAMPLES / LAYOUT_RATE)

/* One pass: steps of 5 s, each read in one piece or, at the highest rates, two. */
struct pass {
	const struct pipeline_order *order;
	struct pipeline_result *result;
	int channels;
	int32_t rate;
	int64_t step_samples; /* native samples in 5 s */
	int64_t steps;
	int64_t pieces; /* of each step */
	float *native[2]; /* one is encoded while the analysis still has the other */
	struct buf setup; /* with a gain of 0 dB until it is known */
	struct resampler *resampler;
	struct segment_encoder *encoder;
	struct opusfile_writer *writer;
	struct segment *segment;
	float *pcm48;
	struct analysis *analysis;
};

static int64_t min64(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static struct resample_range segment_range(const struct pass *p, int64_t segment, int32_t packets)
{
	return resampler_needs(p->resampler, segment_needs(segment, packets));
}

/* The native samples that step reads. */
static struct resample_range step_range(const struct pass *p, int64_t step)
{
	struct resample_range range = {step * p->step_samples, 0};

	if (p->order->opus)
		return segment_range(p, step, layout_segment_packets(&p->result->layout, step));
	range.end = min64(range.first + p->step_samples, p->order->samples);
	return range;
}

/* Samples per channel of a whole step: the same for each, because 5 s are a
   whole number of native samples. */
static int64_t step_room(const struct pass *p)
{
	struct resample_range range;

	if (!p->order->opus)
		return p->step_samples;
	range = segment_range(p, 0, LAYOUT_SEGMENT_PACKETS);
	return range.end - range.first;
}

/* Piece i of the pass: of step i / pieces. Empty past a short last step. */
static struct resample_range piece_range(const struct pass *p, int64_t i)
{
	struct resample_range range = {0, 0};

	if (i / p->pieces >= p->steps)
		return range;
	range = step_range(p, i / p->pieces);
	range.first = min64(range.first + i % p->pieces * DECODER_READ_MAX, range.end);
	range.end = min64(range.first + DECODER_READ_MAX, range.end);
	return range;
}

static enum drift_err ask(const struct pass *p, int64_t i)
{
	struct resample_range range = piece_range(p, i);

	if (range.first == range.end)
		return DRIFT_OK;
	return decoder_ask(p->order->decoder, (int)(i % DECODER_SLOTS), range.first,
			   (int32_t)(range.end - range.first));
}

/* Copies piece i out of the memory shared with the child, which could still
   write there, and asks for the one after the next. */
static enum drift_err load_piece(const struct pass *p, int64_t i, float *to)
{
	struct resample_range range = piece_range(p, i);
	const float *pcm;
	enum drift_err err;

	if (range.first < range.end) {
		err = decoder_wait(p->order->decoder, (int)(i % DECODER_SLOTS), &pcm);
		if (err)
			return err;
		memcpy(to, pcm,
		       (size_t)(range.end - range.first) * (size_t)p->channels * sizeof(*to));
	}
	return ask(p, i + DECODER_SLOTS);
}

static enum drift_err load(const struct pass *p, int64_t step)
{
	enum drift_err err = DRIFT_OK;

	for (int64_t k = 0; !err && k < p->pieces; k++)
		err = load_piece(p, step * p->pieces + k,
				 p->native[step % 2] + k * DECODER_READ_MAX * p->channels);
	return err;
}

static void analyse(const struct pass *p, int64_t step)
{
	int64_t from = step * p->step_samples;
	int64_t end = min64(from + p->step_samples, p->order->samples);
	int64_t skip = from - step_range(p, step).first;

	if (p->analysis && end > from)
		analysis_give(p->analysis, p->native[step % 2] + skip * p->channels,
			      (size_t)(end - from));
}

static enum drift_err encode(const struct pass *p, int64_t step)
{
	int32_t packets = layout_segment_packets(&p->result->layout, step);
	struct resample_range want = segment_needs(step, packets);
	enum drift_err err;

	resampler_run(p->resampler, p->native[step % 2], want, p->pcm48);
	err = segment_encode(p->encoder, step, packets, p->pcm48, p->segment);
	return err ? err : opusfile_add_segment(p->writer, p->segment);
}

static double progress_after(const struct pass *p, int64_t step)
{
	int64_t done = min64((step + 1) * p->step_samples, p->order->samples);

	return p->order->samples ? (double)done / (double)p->order->samples : 1.0;
}

static enum drift_err run_steps(struct pass *p)
{
	enum drift_err err = DRIFT_OK;

	for (int64_t i = 0; !err && i < DECODER_SLOTS; i++)
		err = ask(p, i);
	for (int64_t step = 0; !err && step < p->steps; step++) {
		err = load(p, step);
		if (err)
			break;
		analyse(p, step);
		if (p->writer && !p->result->opus_err)
			p->result->opus_err = encode(p, step);
		err = p->order->tick(p->order->context, progress_after(p, step));
	}
	return err;
}

/* The version's own setup pages, or new ones with the gain. */
static enum drift_err compose_setup(const struct pass *p, double gain, struct buf *out)
{
	const struct pipeline_opus *opus = p->order->opus;
	struct oggopus_setup setup = opus->setup;

	buf_reset(out);
	if (opus->setup_pages) {
		buf_add(out, opus->setup_pages, opus->setup_bytes);
		return buf_ok(out) ? DRIFT_OK : DRIFT_ENOMEM;
	}
	if (!setup.has_gain) {
		setup.has_gain = true;
		setup.track_gain = gain;
	}
	return oggopus_setup(&setup, out);
}

static enum drift_err start_opus(struct pass *p)
{
	const struct pipeline_opus *opus = p->order->opus;
	struct layout *layout = &p->result->layout;
	enum drift_err err;

	err = compose_setup(p, 0, &p->setup);
	if (err)
		return err;
	layout_init(layout, &opus->params, resample_length(p->order->samples, p->rate),
		    (int32_t)p->setup.len);
	p->steps = layout->segments;
	p->segment = malloc(sizeof(*p->segment));
	p->pcm48 = malloc((size_t)SEGMENT_NEEDS_MAX * (size_t)p->channels * sizeof(*p->pcm48));
	if (!p->segment || !p->pcm48)
		return DRIFT_ENOMEM;
	err = resampler_new(p->rate, p->channels, &p->resampler);
	if (!err)
		err = segment_encoder_new(&opus->params, &p->encoder);
	if (!err)
		err = opusfile_new(opus->fd, layout, opus->setup.serial, &p->writer);
	return err;
}

static enum drift_err start(struct pass *p)
{
	const struct pipeline_order *order = p->order;
	enum drift_err err;
	size_t room;

	p->rate = decoder_get_facts(order->decoder)->sample_rate;
	p->channels = decoder_pcm_channels(order->decoder);
	p->step_samples = SEGMENT_SECONDS * (int64_t)p->rate;
	p->steps = (order->samples + p->step_samples - 1) / p->step_samples;
	if (order->opus) {
		err = start_opus(p);
		if (err)
			return err;
	}
	p->pieces = (step_room(p) + DECODER_READ_MAX - 1) / DECODER_READ_MAX;
	room = (size_t)step_room(p) * (size_t)p->channels * sizeof(float);
	p->native[0] = malloc(room);
	p->native[1] = malloc(room);
	if (!p->native[0] || !p->native[1])
		return DRIFT_ENOMEM;
	if (!order->analyse)
		return DRIFT_OK;
	return analysis_new(p->rate, p->channels, order->samples, &p->analysis);
}

/* The analysis is over before this: the setup pages may carry its gain. */
static enum drift_err finish_opus(struct pass *p)
{
	const struct pipeline_opus *opus = p->order->opus;
	const struct loudness_result *loudness = &p->result->loudness;
	double gain = loudness->audible ? -23.0 - loudness->integrated : 0.0;
	size_t length = p->setup.len;
	enum drift_err err;

	if (!opus->setup_pages && !opus->setup.has_gain && p->result->analysis_err)
		return p->result->analysis_err;
	err = compose_setup(p, gain, &p->setup);
	if (err)
		return err;
	assert(p->setup.len == length);
	err = opusfile_finish(p->writer, (const uint8_t *)p->setup.data, p->setup.len,
			      &p->result->sidecar);
	p->result->opus_bytes = opusfile_bytes(p->writer);
	return err;
}

static void finish(struct pass *p)
{
	if (p->analysis)
		p->result->analysis_err =
			analysis_finish(p->analysis, &p->result->loudness, &p->result->waveform);
	if (p->writer && !p->result->opus_err)
		p->result->opus_err = finish_opus(p);
}

static void pass_clear(struct pass *p)
{
	analysis_free(p->analysis); /* first: it reads native */
	free(p->native[0]);
	free(p->native[1]);
	buf_clear(&p->setup);
	opusfile_free(p->writer);
	segment_encoder_free(p->encoder);
	resampler_free(p->resampler);
	free(p->segment);
	free(p->pcm48);
}

enum drift_err pipeline_run(const struct pipeline_order *order, struct pipeline_result *out)
{
	struct pipeline_result result = {0};
	struct pass p = {.order = order, .result = &result};
	enum drift_err err;

	assert(!order->opus || order->opus->setup_pages || order->opus->setup.has_gain ||
	       order->analyse);
	err = start(&p);
	if (!err)
		err = run_steps(&p);
	if (!err)
		finish(&p);
	pass_clear(&p);
	if (err) {
		pipeline_clear(&result);
		return err;
	}
	*out = result;
	return DRIFT_OK;
}

void pipeline_clear(struct pipeline_result *r)
{
	buf_clear(&r->sidecar);
	buf_clear(&r->waveform);
	*r = (struct pipeline_result){0};
}
