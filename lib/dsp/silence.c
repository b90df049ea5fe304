#include "dsp/silence.h"

#include <math.h>
#include <stdbool.h>

#define QUIET 0.001f /* -60 dBFS */

static bool is_silent(const struct silence *s, const float *pcm)
{
	for (int32_t c = 0; c < s->channels; c++)
		if (fabsf(pcm[c]) >= QUIET)
			return false;
	return true;
}

void silence_add(struct silence *s, const float *pcm, size_t count)
{
	const float *last = pcm + count * (size_t)s->channels;
	size_t start = 0, end = 0;

	/* looks from both ends and no further than the first sound */
	if (s->start == s->samples)
		while (start < count && is_silent(s, pcm + start * (size_t)s->channels))
			start++;
	while (end < count && is_silent(s, last - (end + 1) * (size_t)s->channels))
		end++;
	s->start += (int64_t)start;
	s->end = end == count ? s->end + (int64_t)end : (int64_t)end;
	s->samples += (int64_t)count;
}
