#include "walled/change.h"

#include <stdlib.h>
#include <string.h>

#define SURE_PACKETS 3
#define LOOK_BYTES (64 << 10) /* behind the place that libavformat gives, which is coarse */
#define FLAC_LOOK_BYTES (16 << 20) /* of metadata, pictures among them */

bool change_is_possible(const struct demux_file *file)
{
	const char *container = file->sniff.container;

	return strcmp(container, "mp3") == 0 || strcmp(container, "adts") == 0 ||
	       strcmp(container, "flac") == 0;
}

/* What one of both leaves open does not differ. */
static bool differs(int a, int b)
{
	return a && b && a != b;
}

static bool is_other(const struct codec_sound *a, const struct codec_sound *b)
{
	return differs(a->rate, b->rate) || differs(a->channels, b->channels) ||
	       differs(a->bits, b->bits);
}

static void remember(struct change *c, const AVPacket *packet)
{
	c->near = packet->pos;
	c->head_bytes = packet->size < CHANGE_HEAD ? packet->size : CHANGE_HEAD;
	memcpy(c->head, packet->data, (size_t)c->head_bytes);
}

enum change_verdict change_look(struct change *c, const struct demux *d, const AVPacket *packet)
{
	struct codec_sound sound;

	if (!codec_sound(d->codec, packet->data, packet->size, &sound))
		return c->others ? CHANGE_GOES_ON : CHANGE_NONE;
	if (!c->known) {
		c->first = sound;
		c->known = true;
	}
	if (!is_other(&c->first, &sound)) {
		c->others = 0;
		c->before = packet->pos;
		return CHANGE_NONE;
	}
	if (c->others++ == 0) {
		remember(c, packet);
		return CHANGE_MAYBE;
	}
	return c->others == SURE_PACKETS ? CHANGE_SURE : CHANGE_GOES_ON;
}

/* The first place of bytes in [from, from + most) of the file, from file.start; -1: there is none.
 */
static int64_t find_bytes(const struct demux_file *file, int64_t from, int64_t most,
			  const void *bytes, size_t len)
{
	uint8_t *data = most > 0 ? malloc((size_t)most) : NULL;
	ssize_t got = data ? incoming_fill(file->in, data, (size_t)most, file->start + from) : -1;
	const uint8_t *at = got > 0 ? memmem(data, (size_t)got, bytes, len) : NULL;
	int64_t place = at ? from + (at - data) : -1;

	free(data);
	return place;
}

/* The last stream header of FLAC in [from, to); -1: there is none. */
static int64_t find_magic(const struct demux_file *file, int64_t from, int64_t to)
{
	static const uint8_t magic[] = {'f', 'L', 'a', 'C'};
	int64_t found = -1, next = from;

	if (to - from > FLAC_LOOK_BYTES)
		return -1;
	while ((next = find_bytes(file, next, to - next, magic, sizeof(magic))) >= 0)
		found = next++;
	return found;
}

int64_t change_find(const struct change *c, const struct demux *d, const struct demux_file *file)
{
	int64_t at = find_bytes(file, c->near, LOOK_BYTES, c->head, (size_t)c->head_bytes);

	if (at > 0 && d->codec->id == AV_CODEC_ID_FLAC)
		at = find_magic(file, c->before, at);
	return at > 0 ? file->start + at : -1;
}
