#include "mp4/pieces.h"

#define REST_SECONDS 2 /* a shorter one is of the piece before it: no packet may start there */

int64_t pieces_count(const struct pieces *p)
{
	int64_t step = (int64_t)PIECES_SECONDS * p->rate;
	int64_t rest = (int64_t)REST_SECONDS * p->rate;
	int64_t count = (p->samples + step - 1 - rest) / step;

	return count > 0 ? count : 1;
}

/* Where piece n starts, n up to the count of pieces, where all end. */
static int64_t start_of(const struct pieces *p, int64_t n)
{
	int64_t at = n * PIECES_SECONDS * p->rate;

	if (n == 0)
		return 0;
	if (n == pieces_count(p))
		return p->delay + p->samples;
	return p->delay + (at + p->block - 1) / p->block * p->block;
}

struct pieces_window pieces_window(const struct pieces *p, int64_t n)
{
	return (struct pieces_window){start_of(p, n), start_of(p, n + 1)};
}
