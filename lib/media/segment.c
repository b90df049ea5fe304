#include "media/segment.h"

#include "base/fnv.h"
#include "base/log.h"
#include "media/coldstart.h"

#include <assert.h>
#include <math.h>
#include <opus.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Raised when this file or the resampler changes what is made of the same source. */
#define REVISION 3

#define PRE_ROLL 4 /* frames encoded and dropped before the kept ones */
#define DC_SAMPLES 28800 /* 0.6 s: 11 time constants of the filter below */
#define DC_COEFFICIENT (6.3 * 3 / LAYOUT_RATE) /* libopus: dc_reject() at 3 Hz */
#define DC_BLOCK 16 /* samples that are summed up beside those of other blocks */
#define LEAD (DC_SAMPLES + PRE_ROLL * LAYOUT_PACKET_SAMPLES)

#define COMPLEXITY 10
#define COMPLEXITY_PLAIN 0 /* long blocks only: libopus looks for no transients */

struct segment_encoder {
	OpusEncoder *opus;
	void *saved; /* a copy of *opus at the start of a page */
	size_t opus_bytes; /* of each */
	struct coldstart *coldstart;
	struct layout_params params;
	const float *pcm; /* of the first pre-roll frame, during a call */
	uint8_t pre_roll[PRE_ROLL * LAYOUT_PACKET_MAX];
	struct coldstart_packet packets[PRE_ROLL + LAYOUT_SEGMENT_PACKETS];
};

/* A control that cannot fail with these arguments. */
static void set(OpusEncoder *opus, int request, opus_int32 value)
{
	int err = opus_encoder_ctl(opus, request, value);

	assert(err == OPUS_OK);
	(void)err;
}

static opus_int32 lookahead(OpusEncoder *opus)
{
	opus_int32 samples = 0;
	int err = opus_encoder_ctl(opus, OPUS_GET_LOOKAHEAD(&samples));

	return err == OPUS_OK ? samples : -1;
}

/*
 * Music keeps libopus in its MDCT mode at every bitrate we allow: the other
 * modes carry state over page borders. Fixed channels and bandwidth keep it
 * from deciding these by what it has heard.
 */
static void configure(OpusEncoder *opus, const struct layout_params *params)
{
	set(opus, OPUS_SET_BITRATE_REQUEST, layout_bitrate(params));
	set(opus, OPUS_SET_VBR_REQUEST, params->vbr);
	set(opus, OPUS_SET_VBR_CONSTRAINT_REQUEST, 0);
	set(opus, OPUS_SET_COMPLEXITY_REQUEST, COMPLEXITY);
	set(opus, OPUS_SET_SIGNAL_REQUEST, OPUS_SIGNAL_MUSIC);
	set(opus, OPUS_SET_BANDWIDTH_REQUEST, OPUS_BANDWIDTH_FULLBAND);
	set(opus, OPUS_SET_FORCE_CHANNELS_REQUEST, params->channels);
}

enum drift_err segment_encoder_new(const struct layout_params *params, struct segment_encoder **out)
{
	struct segment_encoder *e = calloc(1, sizeof(*e));
	int err;

	if (!e)
		return DRIFT_ENOMEM;
	e->params = *params;
	e->opus_bytes = (size_t)opus_encoder_get_size(params->channels);
	e->saved = malloc(e->opus_bytes);
	e->opus = opus_encoder_create(LAYOUT_RATE, params->channels, OPUS_APPLICATION_AUDIO, &err);
	if (!e->saved || !e->opus || coldstart_new(params->channels, &e->coldstart) != DRIFT_OK) {
		segment_encoder_free(e);
		return DRIFT_ENOMEM;
	}
	configure(e->opus, params);
	assert(lookahead(e->opus) == LAYOUT_PRE_SKIP);
	*out = e;
	return DRIFT_OK;
}

void segment_encoder_free(struct segment_encoder *e)
{
	if (!e)
		return;
	coldstart_free(e->coldstart);
	if (e->opus)
		opus_encoder_destroy(e->opus);
	free(e->saved);
	free(e);
}

struct resample_range segment_needs(int64_t segment, int32_t packets)
{
	int64_t start = segment * LAYOUT_SEGMENT_SAMPLES;

	assert(segment >= 0);
	assert(packets >= 1 && packets <= LAYOUT_SEGMENT_PACKETS);
	return (struct resample_range){
		.first = start - LEAD,
		.end = start + (int64_t)packets * LAYOUT_PACKET_SAMPLES,
	};
}

/* What libopus' DC-reject filter remembers of one channel after DC_SAMPLES. */
static double dc_memory(const float *pcm, int32_t channels)
{
	const double kept = pow(1 - DC_COEFFICIENT, DC_BLOCK);
	double m = 0;

	for (int i = 0; i < DC_SAMPLES; i += DC_BLOCK) {
		double block = 0;

		for (int k = i; k < i + DC_BLOCK; k++)
			block = block * (1 - DC_COEFFICIENT) + (double)pcm[k * channels];
		m = m * kept + DC_COEFFICIENT * block;
	}
	return isfinite(m) ? m : 0;
}

/* The constant frame that leaves these memories behind in a reset encoder. */
static void fill_dc_frame(const float *pcm, int32_t channels, float *frame)
{
	double reached = 1 - pow(1 - DC_COEFFICIENT, LAYOUT_PACKET_SAMPLES);

	for (int32_t c = 0; c < channels; c++) {
		float level = (float)(dc_memory(pcm + c, channels) / reached);

		for (int i = 0; i < LAYOUT_PACKET_SAMPLES; i++)
			frame[i * channels + c] = level;
	}
}

enum prediction {
	PREDICTED,
	UNPREDICTED, /* needs nothing of other packets */
};

/* Returns the packet's bytes, or -1 (logged). */
static int32_t encode(struct segment_encoder *e, const float *frame, enum prediction prediction,
		      uint8_t *out)
{
	opus_int32 n;

	set(e->opus, OPUS_SET_PREDICTION_DISABLED_REQUEST, prediction == UNPREDICTED);
	n = opus_encode_float(e->opus, frame, LAYOUT_PACKET_SAMPLES, out, LAYOUT_PACKET_MAX);
	if (n > 0 && (e->params.vbr || n == e->params.packet_bytes))
		return n;
	log_error("segment: libopus: %s", n < 0 ? opus_strerror(n) : "a packet of another size");
	return -1;
}

/*
 * On both sides of a page's border: without prediction on one side only,
 * the pitch pre-filter of the other would still shape the overlap.
 */
static enum prediction prediction_of(int32_t packet)
{
	int32_t in_page = (packet + LAYOUT_PAGE_PACKETS) % LAYOUT_PAGE_PACKETS;

	return in_page == 0 || in_page == LAYOUT_PAGE_PACKETS - 1 ? UNPREDICTED : PREDICTED;
}

/* Encodes packets [first, end), counted from the segment's start, to out. */
static enum drift_err encode_run(struct segment_encoder *e, int32_t first, int32_t end,
				 uint8_t *out)
{
	for (int32_t k = first; k < end; k++) {
		const float *frame = e->pcm + (size_t)((k + PRE_ROLL) * LAYOUT_PACKET_SAMPLES *
						       e->params.channels);
		int32_t n = encode(e, frame, prediction_of(k), out);

		if (n < 0)
			return DRIFT_EIO;
		e->packets[PRE_ROLL + k] = (struct coldstart_packet){out, n};
		out += n;
	}
	return DRIFT_OK;
}

/* Where packet k goes: behind the one before it. */
static uint8_t *place_of(const struct segment_encoder *e, int32_t packet, struct segment *out)
{
	const struct coldstart_packet *before = &e->packets[PRE_ROLL + packet - 1];

	if (packet == 0)
		return out->data;
	return out->data + (before->data - out->data) + before->bytes;
}

/* The head of a page in long blocks, from the state before it. */
static enum drift_err encode_plain_head(struct segment_encoder *e, int32_t first, int32_t end,
					struct segment *out)
{
	int32_t plain_end = first + COLDSTART_PLAIN < end ? first + COLDSTART_PLAIN : end;
	enum drift_err err;

	/* opus.h: a state is one block, and a shallow copy of it is a whole one */
	memcpy(e->opus, e->saved, e->opus_bytes);
	set(e->opus, OPUS_SET_COMPLEXITY_REQUEST, COMPLEXITY_PLAIN);
	err = encode_run(e, first, plain_end, place_of(e, first, out));
	set(e->opus, OPUS_SET_COMPLEXITY_REQUEST, COMPLEXITY);
	if (err == DRIFT_OK)
		err = encode_run(e, plain_end, end, place_of(e, plain_end, out));
	return err;
}

/* Encodes from first until it can be told how a fresh decoder fares; *head_end is where
   that is, at most end. */
static enum drift_err encode_head(struct segment_encoder *e, int32_t first, int32_t end,
				  struct segment *out, int32_t *head_end)
{
	const struct coldstart_packet *entry = &e->packets[PRE_ROLL + first];
	enum drift_err err = DRIFT_OK;
	int32_t k = first;

	while (err == DRIFT_OK && k < end && !coldstart_reach(entry, k - first)) {
		err = encode_run(e, k, k + 1, place_of(e, k, out));
		k++;
	}
	*head_end = k;
	return err;
}

static enum drift_err encode_page(struct segment_encoder *e, int32_t first, int32_t end,
				  struct segment *out)
{
	int32_t head_end;
	enum drift_err err;

	memcpy(e->saved, e->opus, e->opus_bytes);
	err = encode_head(e, first, end, out, &head_end);
	if (err == DRIFT_OK && !coldstart_is_exact(e->coldstart, &e->packets[PRE_ROLL + first],
						   first + PRE_ROLL, head_end - first))
		err = encode_plain_head(e, first, head_end, out);
	if (err != DRIFT_OK)
		return err;
	return encode_run(e, head_end, end, place_of(e, head_end, out));
}

/* Brings a reset encoder to where the serial one would be. */
static enum drift_err warm_up(struct segment_encoder *e, const float *pcm)
{
	float dc_frame[LAYOUT_PACKET_SAMPLES * 2];
	int err = opus_encoder_ctl(e->opus, OPUS_RESET_STATE);

	assert(err == OPUS_OK);
	(void)err;
	fill_dc_frame(pcm, e->params.channels, dc_frame);
	if (encode(e, dc_frame, PREDICTED, e->pre_roll) < 0)
		return DRIFT_EIO;
	e->pcm = pcm + DC_SAMPLES * e->params.channels;
	return encode_run(e, -PRE_ROLL, 0, e->pre_roll);
}

enum drift_err segment_start(struct segment_encoder *e, int64_t segment, const float *pcm,
			     struct segment *out)
{
	out->index = segment;
	out->packets = 0;
	return warm_up(e, pcm);
}

enum drift_err segment_add_page(struct segment_encoder *e, int32_t packets, struct segment *out)
{
	int32_t first = out->packets, end = first + packets;
	enum drift_err err;

	assert(packets >= 1 && packets <= LAYOUT_PAGE_PACKETS);
	assert(first % LAYOUT_PAGE_PACKETS == 0 && end <= LAYOUT_SEGMENT_PACKETS);
	err = encode_page(e, first, end, out);
	if (err != DRIFT_OK)
		return err;
	for (int32_t k = first; k < end; k++)
		out->bytes[k] = (uint16_t)e->packets[PRE_ROLL + k].bytes;
	out->packets = end;
	return DRIFT_OK;
}

const char *segment_vendor(void)
{
	return opus_get_version_string();
}

int32_t segment_fingerprint(const struct layout_params *params)
{
	char text[128];

	snprintf(text, sizeof(text), "%s/%d/%d/%d/%s", opus_get_version_string(), REVISION,
		 params->channels, params->packet_bytes, params->vbr ? "vbr" : "cbr");
	return (int32_t)(fnv_text(text) % 1000000);
}
