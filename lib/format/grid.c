#include "format/grid.h"

int64_t grid_at(int64_t i, int32_t rate, int32_t seconds)
{
	static const int64_t first_ms[] = {0, 500, 1000, 2000, 4000, 9000};
	int64_t last = sizeof(first_ms) / sizeof(first_ms[0]) - 1;

	while (first_ms[last] - first_ms[last - 1] > seconds * INT64_C(1000))
		last--;
	if (i <= last)
		return first_ms[i] * rate / 1000;
	return (first_ms[last] / 1000 + (i - last) * seconds) * rate;
}
