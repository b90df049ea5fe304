#include "dsp/waveform.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#define VERSION 2
#define FLAG_8_BIT 1u
#define SCALE_MIN 256 /* samples a pair, as audiowaveform's default */
#define SCALE_MAX (1 << 30)

struct waveform {
	int32_t rate;
	int32_t channels;
	int32_t scale; /* samples a pair */
	int32_t filled; /* samples in the pair at work */
	float low, high; /* of them; full scale ±1 */
	struct buf pairs;
};

static int32_t scale_for(int64_t samples, int32_t pairs)
{
	int32_t scale = SCALE_MIN;

	while (scale < SCALE_MAX && (samples + scale - 1) / scale > pairs)
		scale *= 2;
	return scale;
}

enum drift_err waveform_new(int32_t rate, int32_t channels, int64_t samples, int32_t pairs,
			    struct waveform **out)
{
	struct waveform *w;

	assert(rate > 0 && samples >= 0 && pairs > 0);
	assert(channels == 1 || channels == 2);
	w = calloc(1, sizeof(*w));
	if (!w)
		return DRIFT_ENOMEM;
	w->rate = rate;
	w->channels = channels;
	w->scale = scale_for(samples, pairs);
	*out = w;
	return DRIFT_OK;
}

void waveform_free(struct waveform *w)
{
	if (!w)
		return;
	buf_clear(&w->pairs);
	free(w);
}

/* Towards zero, as audiowaveform's division of 16-bit values. */
static uint8_t eight_bits(float v)
{
	return (uint8_t)(int8_t)fminf(fmaxf(v * 128, -128), 127);
}

static void add_pair(const struct waveform *w, struct buf *out)
{
	buf_add_byte(out, eight_bits(w->low));
	buf_add_byte(out, eight_bits(w->high));
}

static void add_sample(struct waveform *w, float v)
{
	if (isnan(v))
		v = 0;
	if (w->filled == 0)
		w->low = w->high = v;
	if (v < w->low)
		w->low = v;
	if (v > w->high)
		w->high = v;
	if (++w->filled < w->scale)
		return;
	add_pair(w, &w->pairs);
	w->filled = 0;
}

void waveform_add(struct waveform *w, const float *pcm, size_t count)
{
	for (size_t i = 0; i < count; i++, pcm += w->channels)
		add_sample(w, w->channels == 1 ? pcm[0] : (pcm[0] + pcm[1]) / 2);
}

enum drift_err waveform_write(const struct waveform *w, struct buf *out)
{
	uint32_t length = (uint32_t)(w->pairs.len / 2) + (w->filled > 0);

	buf_add_u32le(out, VERSION);
	buf_add_u32le(out, FLAG_8_BIT);
	buf_add_u32le(out, (uint32_t)w->rate);
	buf_add_u32le(out, (uint32_t)w->scale);
	buf_add_u32le(out, length);
	buf_add_u32le(out, 1); /* channels */
	buf_add(out, w->pairs.data, w->pairs.len);
	if (w->filled > 0)
		add_pair(w, out);
	return buf_ok(&w->pairs) && buf_ok(out) ? DRIFT_OK : DRIFT_ENOMEM;
}
