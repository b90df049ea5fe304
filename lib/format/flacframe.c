#include "format/flacframe.h"

#include <string.h>

#define CRC8_POLYNOMIAL 0x07
#define CRC16_POLYNOMIAL 0x8005
#define CRC16_STRIDE 8 /* bytes taken at once */

/* --- checksums -------------------------------------------------------------- */

static uint8_t crc8(const uint8_t *data, size_t len)
{
	unsigned crc = 0;

	for (size_t i = 0; i < len; i++) {
		crc ^= data[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc & 0x80 ? (crc << 1 ^ CRC8_POLYNOMIAL) & 0xff : crc << 1;
	}
	return (uint8_t)crc;
}

/* table[k][b]: what byte b does to the CRC with k zero bytes behind it. Two
   threads that make it at once write the same values. */
static uint16_t crc16_table[CRC16_STRIDE][256];

static void make_crc16_table(void)
{
	for (unsigned b = 0; b < 256; b++) {
		unsigned crc = b << 8;

		for (int bit = 0; bit < 8; bit++)
			crc = crc & 0x8000 ? (crc << 1 ^ CRC16_POLYNOMIAL) & 0xffff : crc << 1;
		crc16_table[0][b] = (uint16_t)crc;
	}
	for (int k = 1; k < CRC16_STRIDE; k++)
		for (int b = 0; b < 256; b++) {
			uint16_t crc = crc16_table[k - 1][b];

			crc16_table[k][b] = (uint16_t)(crc << 8 ^ crc16_table[0][crc >> 8]);
		}
}

static uint16_t crc16(const uint8_t *d, size_t len)
{
	const uint16_t(*t)[256] = (const uint16_t(*)[256])crc16_table;
	uint16_t crc = 0;

	if (!crc16_table[0][1])
		make_crc16_table();
	for (; len >= CRC16_STRIDE; len -= CRC16_STRIDE, d += CRC16_STRIDE)
		crc = (uint16_t)(t[7][d[0] ^ crc >> 8] ^ t[6][d[1] ^ (crc & 0xff)] ^ t[5][d[2]] ^
				 t[4][d[3]] ^ t[3][d[4]] ^ t[2][d[5]] ^ t[1][d[6]] ^ t[0][d[7]]);
	for (; len > 0; len--, d++)
		crc = (uint16_t)(crc << 8 ^ t[0][crc >> 8 ^ *d]);
	return crc;
}

/* --- header ------------------------------------------------------------------ */

/* Bytes of a number coded like UTF-8, by its first one; 0: it cannot be one. */
static size_t number_bytes(uint8_t lead)
{
	size_t bytes = 0;

	if (lead < 0x80)
		return 1;
	while (bytes < 8 && lead & 0x80 >> bytes)
		bytes++;
	return bytes == 1 || bytes == 8 ? 0 : bytes;
}

static bool read_number(const uint8_t *d, size_t bytes, uint64_t *out)
{
	uint64_t v = bytes == 1 ? d[0] : d[0] & (0x7f >> bytes);

	for (size_t i = 1; i < bytes; i++) {
		if ((d[i] & 0xc0) != 0x80)
			return false;
		v = v << 6 | (d[i] & 0x3f);
	}
	*out = v;
	return true;
}

/* Bytes behind the number that state block size and rate (9.1.6, 9.1.7). */
static size_t extra_bytes(uint8_t block_code, uint8_t rate_code)
{
	return (block_code == 6	  ? 1u
		: block_code == 7 ? 2u
				  : 0u) +
	       (rate_code == 12			     ? 1u
		: rate_code == 13 || rate_code == 14 ? 2u
						     : 0u);
}

static int32_t block_samples(uint8_t code, const uint8_t *extra)
{
	switch (code) {
	case 1:
		return 192;
	case 2:
	case 3:
	case 4:
	case 5:
		return 576 << (code - 2);
	case 6:
		return extra[0] + 1;
	case 7:
		return (extra[0] << 8 | extra[1]) + 1;
	default:
		return 256 << (code - 8);
	}
}

static bool codes_are_known(const uint8_t *d)
{
	return d[0] == 0xff && (d[1] & 0xfe) == 0xf8 && d[2] >> 4 != 0 && (d[2] & 15) != 15 &&
	       d[3] >> 4 <= 10 && (d[3] >> 1 & 7) != 3 && (d[3] & 1) == 0;
}

enum drift_err flacframe_parse(const uint8_t *data, size_t len, struct flacframe *out)
{
	struct flacframe f;
	size_t coded, extra;

	if (len < 5)
		return DRIFT_EMORE;
	if (!codes_are_known(data))
		return DRIFT_EFORMAT;
	coded = number_bytes(data[4]);
	extra = extra_bytes(data[2] >> 4, data[2] & 15);
	if (coded == 0)
		return DRIFT_EFORMAT;
	if (len < 4 + coded + extra + 1)
		return DRIFT_EMORE;
	if (!read_number(data + 4, coded, &f.number) ||
	    crc8(data, 4 + coded + extra) != data[4 + coded + extra])
		return DRIFT_EFORMAT;
	f.variable = data[1] & 1;
	f.samples = block_samples(data[2] >> 4, data + 4 + coded);
	f.rate_code = data[2] & 15;
	f.channel_code = data[3] >> 4;
	f.bits_code = data[3] >> 1 & 7;
	f.head_bytes = (uint32_t)(4 + coded + extra + 1);
	*out = f;
	return DRIFT_OK;
}

bool flacframe_follows(const struct flacframe *frame, const struct flacframe *next)
{
	uint64_t step = frame->variable ? (uint64_t)frame->samples : 1;

	return next->variable == frame->variable && next->number == frame->number + step &&
	       next->rate_code == frame->rate_code && next->bits_code == frame->bits_code &&
	       next->samples <= (frame->variable ? 65536 : frame->samples);
}

bool flacframe_is_sound(const uint8_t *data, size_t len)
{
	return len >= FLACFRAME_BYTES_MIN && crc16(data, len) == 0;
}

/* --- another number ------------------------------------------------------------ */

static size_t write_number(uint32_t v, uint8_t *out)
{
	size_t bytes = v < 0x80 ? 1 : 2;

	if (bytes == 1) {
		out[0] = (uint8_t)v;
		return 1;
	}
	while (v >> (5 * bytes + 1))
		bytes++;
	for (size_t i = bytes - 1; i > 0; i--, v >>= 6)
		out[i] = (uint8_t)(0x80 | (v & 0x3f));
	out[0] = (uint8_t)(0xff00 >> bytes | v);
	return bytes;
}

size_t flacframe_renumber(const uint8_t *data, size_t len, uint32_t number, uint8_t *out)
{
	struct flacframe f;
	size_t coded, extra, at;
	uint16_t crc;

	if (flacframe_parse(data, len, &f) != DRIFT_OK || f.variable || len < f.head_bytes + 2)
		return 0;
	coded = number_bytes(data[4]);
	extra = f.head_bytes - 5 - coded;
	memcpy(out, data, 4);
	at = 4 + write_number(number, out + 4);
	memcpy(out + at, data + 4 + coded, extra);
	at += extra;
	out[at] = crc8(out, at);
	at++;
	memcpy(out + at, data + f.head_bytes, len - f.head_bytes - 2);
	at += len - f.head_bytes - 2;
	crc = crc16(out, at);
	out[at++] = (uint8_t)(crc >> 8);
	out[at++] = (uint8_t)crc;
	return at;
}

/* --- STREAMINFO ------------------------------------------------------------------ */

static void put_u24(uint8_t *to, uint32_t v)
{
	to[0] = (uint8_t)(v >> 16);
	to[1] = (uint8_t)(v >> 8);
	to[2] = (uint8_t)v;
}

void flacframe_complete(uint8_t streaminfo[FLACFRAME_STREAMINFO_BYTES], uint32_t smallest,
			uint32_t largest, int64_t samples)
{
	uint64_t total = samples >> 36 ? 0 : (uint64_t)samples;

	put_u24(streaminfo + 4, smallest);
	put_u24(streaminfo + 7, largest);
	streaminfo[13] = (uint8_t)((streaminfo[13] & 0xf0) | total >> 32);
	for (int i = 0; i < 4; i++)
		streaminfo[14 + i] = (uint8_t)(total >> (24 - 8 * i));
}

uint32_t flacframe_smallest(const uint8_t streaminfo[FLACFRAME_STREAMINFO_BYTES])
{
	return (uint32_t)(streaminfo[4] << 16 | streaminfo[5] << 8 | streaminfo[6]);
}
