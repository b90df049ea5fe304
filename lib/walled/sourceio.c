#include "walled/sourceio.h"

#include <errno.h>

#define BUFFER_BYTES (128 << 10)

static int on_read(void *user, uint8_t *data, int max)
{
	struct sourceio *s = user;
	int64_t left = s->in->bytes - s->at;
	ssize_t got;

	if (left <= 0)
		return AVERROR_EOF;
	got = incoming_read(s->in, data, (size_t)(left < max ? left : max), s->at);
	if (got < 0)
		return AVERROR(errno);
	s->at += got;
	return got ? (int)got : AVERROR_EOF;
}

static int64_t on_seek(void *user, int64_t offset, int whence)
{
	struct sourceio *s = user;
	int64_t size = s->in->bytes - s->start;

	if (whence & AVSEEK_SIZE)
		return size;
	switch (whence & ~AVSEEK_FORCE) {
	case SEEK_CUR:
		offset += s->at - s->start;
		break;
	case SEEK_END:
		offset += size;
		break;
	}
	if (offset < 0 || offset > INT64_MAX - s->start)
		return AVERROR(EINVAL);
	s->at = s->start + offset;
	return offset;
}

bool sourceio_init(struct sourceio *s, struct incoming *in, int64_t start)
{
	uint8_t *buffer = av_malloc(BUFFER_BYTES);

	*s = (struct sourceio){.in = in, .start = start, .at = start};
	if (buffer)
		s->avio = avio_alloc_context(buffer, BUFFER_BYTES, 0, s, on_read, NULL, on_seek);
	if (!s->avio)
		av_free(buffer);
	return s->avio != NULL;
}

void sourceio_clear(struct sourceio *s)
{
	if (s->avio)
		av_freep(&s->avio->buffer);
	avio_context_free(&s->avio);
}
