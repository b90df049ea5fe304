#include "format/mp4box.h"

#include <string.h>

uint32_t mp4box_u32(const uint8_t *data)
{
	return (uint32_t)data[0] << 24 | (uint32_t)data[1] << 16 | (uint32_t)data[2] << 8 | data[3];
}

bool mp4box_next(struct mp4box in, const char *type, size_t *at, struct mp4box *out)
{
	while (*at + MP4BOX_HEAD <= in.len) {
		const uint8_t *box = in.data + *at;
		size_t size = mp4box_u32(box);

		if (size < MP4BOX_HEAD || size > in.len - *at)
			return false;
		*at += size;
		if (memcmp(box + 4, type, 4) == 0) {
			*out = (struct mp4box){box + MP4BOX_HEAD, size - MP4BOX_HEAD};
			return true;
		}
	}
	return false;
}

bool mp4box_find(struct mp4box in, const char *type, struct mp4box *out)
{
	size_t at = 0;

	return mp4box_next(in, type, &at, out);
}
