#include "walled/stills.h"

#include "format/sniff.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COVER_MIN 64 /* bytes */

/* NULL for what is unfit for a cover. */
static const char *type_of(const AVPacket *p)
{
	if (p->size < COVER_MIN || p->size > DECODER_COVER_MAX)
		return NULL;
	return sniff_picture(p->data, (size_t)p->size);
}

static enum drift_err keep(const AVPacket *picture, struct decoder_facts *facts, uint8_t **cover)
{
	const char *mime = type_of(picture);

	if (!mime)
		return DRIFT_OK;
	*cover = malloc((size_t)picture->size);
	if (!*cover)
		return DRIFT_ENOMEM;
	memcpy(*cover, picture->data, (size_t)picture->size);
	facts->cover_bytes = (size_t)picture->size;
	snprintf(facts->cover_mime, sizeof(facts->cover_mime), "%s", mime);
	return DRIFT_OK;
}

enum drift_err stills_read(struct demux *d, struct decoder_facts *facts, uint8_t **cover)
{
	AVPacket *picture = av_packet_alloc();
	enum drift_err err = picture ? demux_read_still(d, picture) : DRIFT_ENOMEM;

	if (err == DRIFT_OK)
		err = keep(picture, facts, cover);
	av_packet_free(&picture);
	return err == DRIFT_EMORE ? DRIFT_OK : err;
}
