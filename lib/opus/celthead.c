#include "opus/celthead.h"

#include <assert.h>

/* Section 4.1. Whole symbols come from the front, raw bits from the back. */
struct range_decoder {
	const uint8_t *next, *end;
	uint32_t range, value;
	uint32_t left_over; /* the last byte read; its lowest bit is not yet used */
	int raw_bits; /* taken from the back so far */
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

static struct range_decoder start_decoder(const uint8_t *frame, int32_t bytes)
{
	struct range_decoder d = {.next = frame, .end = frame + bytes, .range = 128};

	d.left_over = next_byte(&d);
	d.value = 127 - (d.left_over >> 1);
	renormalise(&d);
	return d;
}

/* A bit that is 1 with probability 2^-logp (section 4.1.3.2). */
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

/* One of count values that are all as likely (sections 4.1.2, 4.1.5). */
static uint32_t decode_uniform(struct range_decoder *d, uint32_t count)
{
	uint32_t unit = d->range / count;
	uint32_t from_top = d->value / unit + 1;
	uint32_t symbol = count - (from_top < count ? from_top : count);
	uint32_t above = unit * (count - symbol - 1);

	d->value -= above;
	d->range = symbol > 0 ? unit : d->range - above;
	renormalise(d);
	return symbol;
}

/* Section 4.1.4: packed from the last byte on, lowest bit first. */
static uint32_t decode_raw(struct range_decoder *d, const uint8_t *frame, int count)
{
	uint32_t bits = 0;

	for (int i = 0; i < count; i++, d->raw_bits++) {
		const uint8_t *byte = d->end - 1 - d->raw_bits / 8;

		if (byte >= frame)
			bits |= (uint32_t)(*byte >> d->raw_bits % 8 & 1) << i;
	}
	return bits;
}

/* Of the three tap sets the first has half of the probability: {2, 1, 1}/4. */
static void skip_tapset(struct range_decoder *d)
{
	uint32_t quarter = d->range >> 2;

	if (d->value >= 2 * quarter) {
		d->value -= 2 * quarter;
		d->range -= 2 * quarter;
	} else if (d->value >= quarter) {
		d->value -= quarter;
		d->range = quarter;
	} else {
		d->range = quarter;
	}
	renormalise(d);
}

static int32_t decode_period(struct range_decoder *d, const uint8_t *frame)
{
	uint32_t octave = decode_uniform(d, 6);
	uint32_t period = (16u << octave) + decode_raw(d, frame, 4 + (int)octave) - 1;

	decode_raw(d, frame, 3); /* gain */
	skip_tapset(d);
	return (int32_t)period;
}

struct celthead celthead_parse(const uint8_t *packet, int32_t bytes)
{
	const uint8_t *frame = packet + 1;
	struct celthead head = {0};
	struct range_decoder d;

	assert(bytes >= 2);
	d = start_decoder(frame, bytes - 1);
	head.silent = decode_bit(&d, 15);
	if (head.silent)
		return head;
	if (decode_bit(&d, 1))
		head.period = decode_period(&d, frame);
	head.transient = decode_bit(&d, 3);
	return head;
}
