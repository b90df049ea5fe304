#include "media/coldstart.h"

#include "media/layout.h"

#include <assert.h>
#include <math.h>
#include <opus.h>
#include <stdlib.h>

#define RESIDUE_MAX 1.6e-5f /* -96 dBFS */

struct coldstart {
	OpusDecoder *cold;
	OpusDecoder *warm;
	int32_t channels;
};

/* RFC 6716 section 4.1: the first symbols of a packet, behind its TOC byte. */
struct range_decoder {
	const uint8_t *next, *end;
	uint32_t range, value;
	uint32_t left_over; /* the last byte read; its lowest bit is not yet used */
};

static uint32_t next_byte(struct range_decoder *d)
{
	return d->next < d->end ? *d->next++ : 0;
}

static void renormalise(struct range_decoder *d)
{
	while (d->range <= 1u << 23) {
		uint32_t byte = next_byte(d);
		uint32_t symbol = (d->left_over << 7 | byte >> 1) & 0xff;

		d->value = (d->value << 8 | (255 - symbol)) & 0x7fffffff;
		d->range <<= 8;
		d->left_over = byte;
	}
}

static struct range_decoder start_decoder(const struct coldstart_packet *p)
{
	struct range_decoder d = {.next = p->data + 1, .end = p->data + p->bytes, .range = 128};

	d.left_over = next_byte(&d);
	d.value = 127 - (d.left_over >> 1);
	renormalise(&d);
	return d;
}

/* A bit that is 1 with probability 2^-logp. */
static bool decode_bit(struct range_decoder *d, int logp)
{
	uint32_t split = d->range >> logp;
	bool bit = d->value < split;

	if (!bit)
		d->value -= split;
	d->range = bit ? split : d->range - split;
	renormalise(d);
	return bit;
}

/* Section 4.3, table 56: silence, post-filter, transient come first. */
static bool leans_on_the_past(const struct coldstart_packet *p)
{
	struct range_decoder d = start_decoder(p);

	if (decode_bit(&d, 15))
		return false;
	if (decode_bit(&d, 1))
		return true;
	return decode_bit(&d, 3);
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

bool coldstart_is_exact(struct coldstart *c, const struct coldstart_packet *entry, int32_t before,
			int32_t after)
{
	float heard[LAYOUT_PACKET_SAMPLES * 2];
	bool suspect = false;

	assert(before >= 0 && before <= COLDSTART_BEFORE);
	assert(after >= 1 && after <= COLDSTART_AFTER);
	for (int32_t i = 0; i < COLDSTART_PLAIN && i < after; i++)
		suspect |= leans_on_the_past(&entry[i]);
	if (!suspect)
		return true;
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
