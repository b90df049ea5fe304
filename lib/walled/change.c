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

/* Bytes [from, from + most) of the file, from file.start, as far as they are there; the caller's to
   free(). NULL when there are none. */
static uint8_t *load(const struct demux_file *file, int64_t from, int64_t most, size_t *got)
{
	uint8_t *data = most > 0 ? malloc((size_t)most) : NULL;
	ssize_t filled =
		data ? incoming_fill(file->in, data, (size_t)most, file->start + from) : -1;

	if (filled <= 0) {
		free(data);
		return NULL;
	}
	*got = (size_t)filled;
	return data;
}

/* Where the packet that differs is, from file.start; -1: not near the place that was given. */
static int64_t find_packet(const struct change *c, const struct demux_file *file)
{
	size_t got = 0;
	uint8_t *data = load(file, c->near, LOOK_BYTES, &got);
	const uint8_t *at = data ? memmem(data, got, c->head, (size_t)c->head_bytes) : NULL;
	int64_t place = at ? c->near + (at - data) : -1;

	free(data);
	return place;
}

/* The last stream header of FLAC in [from, to); -1: there is none. */
static int64_t find_magic(const struct demux_file *file, int64_t from, int64_t to)
{
	size_t got = 0;
	uint8_t *data = to - from <= FLAC_LOOK_BYTES ? load(file, from, to - from, &got) : NULL;
	int64_t found = -1;

	for (size_t at = 0; data && at + 4 <= got; at++)
		if (memcmp(data + at, "fLaC", 4) == 0)
			found = from + (int64_t)at;
	free(data);
	return found;
}

int64_t change_find(const struct change *c, const struct demux *d, const struct demux_file *file)
{
	int64_t at = find_packet(c, file);

	if (at > 0 && d->codec->id == AV_CODEC_ID_FLAC)
		at = find_magic(file, c->before, at);
	return at > 0 ? file->start + at : -1;
}
