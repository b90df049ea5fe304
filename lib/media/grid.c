#include "media/grid.h"

int64_t grid_at(int64_t i, int32_t rate)
{
	static const int64_t first_ms[] = {0, 500, 1000, 2000, 4000, 9000};
	const int64_t count = sizeof(first_ms) / sizeof(first_ms[0]);

	if (i < count)
		return first_ms[i] * rate / 1000;
	return (first_ms[count - 1] / 1000 + (i - count + 1) * GRID_SECONDS) * rate;
}
