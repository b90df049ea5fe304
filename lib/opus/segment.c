#include "opus/segment.h"

#include "base/fnv.h"
#include "base/log.h"
#include "opus/celthead.h"

#include <assert.h>
#include <math.h>
#include <opus.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Raised when this file or the resampler changes what is made of the same source. */
#define REVISION 5

#define PRE_ROLL SEGMENT_PRE_ROLL
/* 0.6 s: 11 time constants of the filter below */
#define DC_SAMPLES (SEGMENT_LEAD - PRE_ROLL * LAYOUT_PACKET_SAMPLES)
#define DC_COEFFICIENT (6.3 * 3 / LAYOUT_RATE) /* libopus: dc_reject() at 3 Hz */
#define DC_SETTLING (LAYOUT_PACKET_SAMPLES / 2) /* samples in which it is set */
#define DC_BLOCK 16 /* samples that are summed up beside those of other blocks */

#define COMPLEXITY 10
#define COMPLEXITY_PLAIN 0 /* libopus looks for no transients and no pitch */
#define HEAD_PACKETS 2 /* of a page, that must not lean on what was before it */
#define OVERLAP 120 /* samples that a packet shares with the one before it */

struct segment_encoder {
	OpusEncoder *opus;
	void *saved; /* a copy of *opus ahead of a packet of a page's head */
	size_t opus_bytes; /* of each */
	struct layout_params params;
	const float *pcm; /* of the segment's first packet, until the last page */
	const float *run; /* of this run's first packet */
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
	if (!e->saved || !e->opus) {
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
	if (e->opus)
		opus_encoder_destroy(e->opus);
	free(e->saved);
	free(e);
}

struct resample_range segment_needs(int64_t segment, int32_t first, int32_t end)
{
	int64_t start = segment * LAYOUT_SEGMENT_SAMPLES;

	assert(segment >= 0);
	assert(first >= 0 && first % LAYOUT_RUN_PACKETS == 0);
	assert(end > first && end <= LAYOUT_SEGMENT_PACKETS);
	return (struct resample_range){
		.first = start + (int64_t)first * LAYOUT_PACKET_SAMPLES - SEGMENT_LEAD,
		.end = start + (int64_t)end * LAYOUT_PACKET_SAMPLES,
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

/*
 * A pre-roll frame, with a constant on its first part that brings a reset encoder's
 * filter to where it would be: from there on, what it lets through is the same.
 */
static void fill_first_frame(const float *pcm, int32_t channels, float *frame)
{
	const double kept = pow(1 - DC_COEFFICIENT, DC_SETTLING);

	memcpy(frame, pcm, (size_t)(LAYOUT_PACKET_SAMPLES * channels) * sizeof(*frame));
	for (int32_t c = 0; c < channels; c++) {
		double memory = dc_memory(pcm - DC_SAMPLES * channels + c, channels);
		float level = (float)(memory * kept / (1 - kept));

		for (int i = 0; i < DC_SETTLING; i++)
			frame[i * channels + c] += level;
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

/* Packets are counted from the run's start; those before it are pre-roll. */
static const float *frame_of(const struct segment_encoder *e, int32_t packet)
{
	return e->run + packet * LAYOUT_PACKET_SAMPLES * e->params.channels;
}

/*
 * Encodes packet k of that sound, behind the one before it; LAYOUT_PACKET_MAX bytes of room
 * at out. Returns the packet's bytes, or -1 (logged).
 */
static int32_t encode_packet(struct segment_encoder *e, int32_t k, uint8_t *out)
{
	return encode(e, frame_of(e, k), prediction_of(k), out);
}

/*
 * Does packet i of a page's head need what a decoder that starts with the page does not have?
 * In short blocks the decoder fills holes with noise as loud as the last two packets in long
 * blocks were (RFC 6716 section 4.3.5); the post-filter reaches back a period and two taps
 * (4.3.7.1), and such a decoder's output is right behind its first overlap.
 */
static bool leans_back(const uint8_t *packet, int32_t bytes, int32_t i)
{
	struct celthead head = celthead_parse(packet, bytes);
	int32_t known = i * LAYOUT_PACKET_SAMPLES - OVERLAP;

	return head.transient || (head.period && head.period + 2 > known);
}

/* Packet k in long blocks and without a post-filter. */
static int32_t encode_plain(struct segment_encoder *e, int32_t k, uint8_t *out)
{
	int32_t n;

	set(e->opus, OPUS_SET_COMPLEXITY_REQUEST, COMPLEXITY_PLAIN);
	n = encode_packet(e, k, out);
	set(e->opus, OPUS_SET_COMPLEXITY_REQUEST, COMPLEXITY);
	return n;
}

/*
 * Packet k, the i-th of a page's head: it leans on nothing before the page. Behind a plain
 * packet comes a plain one: transients seldom come alone, and so at most one packet of a page
 * is encoded twice.
 */
static int32_t encode_head_packet(struct segment_encoder *e, int32_t k, int32_t i, bool *is_plain,
				  uint8_t *out)
{
	int32_t n;

	if (*is_plain)
		return encode_plain(e, k, out);
	memcpy(e->saved, e->opus, e->opus_bytes);
	n = encode_packet(e, k, out);
	if (n < 0 || !leans_back(out, n, i))
		return n;
	*is_plain = true;
	/* opus.h: a state is one block, and a shallow copy of it is a whole one */
	memcpy(e->opus, e->saved, e->opus_bytes);
	return encode_plain(e, k, out);
}

/* Brings a reset encoder to where the serial one would be ahead of the run's first packet. */
static enum drift_err warm_up(struct segment_encoder *e)
{
	float frame[LAYOUT_PACKET_SAMPLES * 2];
	uint8_t dropped[LAYOUT_PACKET_MAX];
	int err = opus_encoder_ctl(e->opus, OPUS_RESET_STATE);

	assert(err == OPUS_OK);
	(void)err;
	fill_first_frame(frame_of(e, -PRE_ROLL), e->params.channels, frame);
	return encode(e, frame, prediction_of(-PRE_ROLL), dropped) < 0 ? DRIFT_EIO : DRIFT_OK;
}

/* Encodes packets [first, end) of this run, which are a page. */
static enum drift_err encode_page(struct segment_encoder *e, int32_t first, int32_t end,
				  struct segment *out)
{
	/* ahead of the track's first page there is nothing that a decoder could lack */
	int32_t head_packets = out->index == 0 && out->end == 0 ? 0 : HEAD_PACKETS;
	bool is_plain = false;

	for (int32_t k = first; k < end; k++) {
		uint8_t *at = out->data + out->bytes_in_all;
		int32_t i = k - first;
		int32_t n = i < head_packets ? encode_head_packet(e, k, i, &is_plain, at)
					     : encode_packet(e, k, at);

		if (n < 0)
			return DRIFT_EIO;
		out->bytes[out->end++] = (uint16_t)n;
		out->bytes_in_all += n;
	}
	return DRIFT_OK;
}

void segment_start(struct segment_encoder *e, int64_t segment, int32_t first, const float *pcm,
		   struct segment *out)
{
	assert(first % LAYOUT_RUN_PACKETS == 0);
	out->index = segment;
	out->first = out->end = first;
	out->bytes_in_all = 0;
	e->pcm = pcm + SEGMENT_LEAD * e->params.channels;
}

enum drift_err segment_add_page(struct segment_encoder *e, int32_t packets, struct segment *out)
{
	int32_t first = out->end % LAYOUT_RUN_PACKETS, end = first + packets;

	assert(packets >= 1 && packets <= LAYOUT_PAGE_PACKETS);
	assert(first % LAYOUT_PAGE_PACKETS == 0 && out->end < LAYOUT_SEGMENT_PACKETS);
	if (first == 0) {
		e->run = e->pcm +
			 (out->end - out->first) * LAYOUT_PACKET_SAMPLES * e->params.channels;
		if (warm_up(e) != DRIFT_OK)
			return DRIFT_EIO;
	}
	return encode_page(e, first, end, out);
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
