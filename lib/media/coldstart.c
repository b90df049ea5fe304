#include "media/coldstart.h"

#include "media/celthead.h"
#include "media/layout.h"

#include <assert.h>
#include <math.h>
#include <opus.h>
#include <stdlib.h>

#define OVERLAP 120 /* samples a packet shares with the one before it */
#define RESIDUE_MAX 1.6e-5f /* -96 dBFS */

struct coldstart {
	OpusDecoder *cold;
	OpusDecoder *warm;
	int32_t channels;
};

/*
 * Packet i of an entry. A fresh decoder's output is right behind the first
 * overlap; the post-filter of the second packet reaches back a period and two taps.
 */
static bool leans_on_the_past(const struct coldstart_packet *p, int32_t i)
{
	struct celthead head = celthead_parse(p->data, p->bytes);
	int32_t right_behind_us = i * LAYOUT_PACKET_SAMPLES - OVERLAP;

	return head.transient || (head.period && head.period + 2 > right_behind_us);
}

enum drift_err coldstart_new(int32_t channels, struct coldstart **out)
{
	struct coldstart *c = calloc(1, sizeof(*c));
	int err;

	if (!c)
		return DRIFT_ENOMEM;
	assert(channels == 1 || channels == 2);
	c->channels = channels;
	c->cold = opus_decoder_create(LAYOUT_RATE, channels, &err);
	c->warm = opus_decoder_create(LAYOUT_RATE, channels, &err);
	if (!c->cold || !c->warm) {
		coldstart_free(c);
		return DRIFT_ENOMEM;
	}
	*out = c;
	return DRIFT_OK;
}

void coldstart_free(struct coldstart *c)
{
	if (!c)
		return;
	opus_decoder_destroy(c->cold);
	opus_decoder_destroy(c->warm);
	free(c);
}

/* Decodes one of our own packets; false only if libopus is at odds with itself. */
static bool decode(OpusDecoder *opus, const struct coldstart_packet *p, float *pcm)
{
	return opus_decode_float(opus, p->data, p->bytes, pcm, LAYOUT_PACKET_SAMPLES, 0) ==
	       LAYOUT_PACKET_SAMPLES;
}

static bool packets_agree(struct coldstart *c, const struct coldstart_packet *p, int32_t from)
{
	float cold[LAYOUT_PACKET_SAMPLES * 2], warm[LAYOUT_PACKET_SAMPLES * 2];

	if (!decode(c->cold, p, cold) || !decode(c->warm, p, warm))
		return false;
	for (int32_t i = from * c->channels; i < LAYOUT_PACKET_SAMPLES * c->channels; i++)
		if (!(fabsf(cold[i] - warm[i]) <= RESIDUE_MAX))
			return false;
	return true;
}

static bool is_long(const struct coldstart_packet *p)
{
	return !celthead_parse(p->data, p->bytes).transient;
}

int32_t coldstart_reach(const struct coldstart_packet *entry, int32_t count)
{
	int32_t i = 0;

	for (int32_t longs = 0; longs < COLDSTART_PLAIN; i++) {
		if (i == count)
			return 0;
		longs += is_long(&entry[i]);
	}
	if (i < COLDSTART_AFTER)
		i = COLDSTART_AFTER;
	return i <= count ? i : 0;
}

/* How far back a decoder has to start to know all that it needs at entry[0]; 0 when that
   is further than before. */
static int32_t warm_up(const struct coldstart_packet *entry, int32_t before)
{
	int32_t n = 0, longs = 0;

	while (n < before && (n < COLDSTART_BEFORE || longs < COLDSTART_PLAIN))
		longs += is_long(&entry[-++n]);
	return longs < COLDSTART_PLAIN ? 0 : n;
}

static bool decoders_agree(struct coldstart *c, const struct coldstart_packet *entry,
			   int32_t before, int32_t after)
{
	float heard[LAYOUT_PACKET_SAMPLES * 2];

	opus_decoder_ctl(c->cold, OPUS_RESET_STATE);
	opus_decoder_ctl(c->warm, OPUS_RESET_STATE);
	for (int32_t i = -before; i < 0; i++)
		if (!decode(c->warm, &entry[i], heard))
			return false;
	for (int32_t i = 0; i < after; i++)
		if (!packets_agree(c, &entry[i], i == 0 ? LAYOUT_PRE_SKIP : 0))
			return false;
	return true;
}

bool coldstart_is_exact(struct coldstart *c, const struct coldstart_packet *entry, int32_t before,
			int32_t after)
{
	bool suspect = false;
	int32_t start, reach;

	assert(before >= 0);
	assert(after >= 1);
	for (int32_t i = 0; i < COLDSTART_PLAIN && i < after; i++)
		suspect |= leans_on_the_past(&entry[i], i);
	if (!suspect)
		return true;
	start = warm_up(entry, before);
	reach = coldstart_reach(entry, after);
	return start && reach && decoders_agree(c, entry, start, reach);
}
