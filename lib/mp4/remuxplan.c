#include "mp4/remuxplan.h"

#include "format/grid.h"
#include "wall/decoder.h"

#define ALONE 6 /* fragments that are copied one by one */
#define TOGETHER_MAX 12 /* and then so many at once, at most */

static int64_t grid(const struct remuxplan *p, int64_t i)
{
	return grid_at(i, p->rate, p->seconds);
}

int64_t remuxplan_end_of_heard(const struct remuxplan *p)
{
	return p->extent->delay + p->extent->samples;
}

int64_t remuxplan_total(const struct remuxplan *p)
{
	return remuxplan_end_of_heard(p) + p->extent->padding;
}

int64_t remuxplan_fragment_until(const struct remuxplan *p, int64_t i)
{
	int64_t until = p->extent->delay + grid(p, i + 1);

	return until < remuxplan_end_of_heard(p) ? until : INT64_MAX;
}

/* Fragments that fit into a slot however badly they are packed. */
static int64_t together(const struct remuxplan *p)
{
	struct packing packing = *p->packing;
	int64_t fit;

	packing.bits = packing.bits ? packing.bits : 16;
	fit = decoder_encode_max(&packing) / ((int64_t)p->seconds * packing.rate);
	if (fit < 1)
		return 1;
	return fit < TOGETHER_MAX ? fit : TOGETHER_MAX;
}

/* Copying costs less than taking turns: but for the first ones, that somebody may wait
   for, several fragments are asked for at once; not where all are waited for. */
int64_t remuxplan_run_until(const struct remuxplan *p, int64_t i)
{
	if (i < ALONE || p->seconds == GRID_SECONDS_ARRIVING)
		return remuxplan_fragment_until(p, i);
	return remuxplan_fragment_until(p, ALONE - 1 + (i - ALONE + 1) * together(p));
}

static int64_t round_up(int64_t v, int64_t step)
{
	return (v + step - 1) / step * step;
}

int32_t remuxplan_next(struct remuxplan *p)
{
	int64_t most = decoder_encode_max(p->packing), until, count;

	do {
		until = round_up(grid(p, p->step + 1), PACKING_BLOCK);
		if (until <= p->encoded)
			p->step++;
	} while (until <= p->encoded);
	if (until > p->extent->samples)
		until = p->extent->samples;
	count = until - p->encoded < most ? until - p->encoded : most;
	p->encoded += count;
	return (int32_t)count;
}

bool remuxplan_is_encoded(const struct remuxplan *p)
{
	return p->packing->way == PACKING_FLAC && p->encoded >= p->extent->samples;
}

uint32_t remuxplan_most_fragments(const struct remuxplan *p, int64_t samples)
{
	int64_t most = 16 + samples / ((int64_t)p->rate * p->seconds);

	if (p->packing->way == PACKING_FLAC)
		most += samples / decoder_encode_max(p->packing);
	return (uint32_t)(most < FMP4_SIDX_ENTRIES_MAX ? most : FMP4_SIDX_ENTRIES_MAX);
}
