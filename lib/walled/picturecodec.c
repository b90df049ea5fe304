#include "walled/picturecodec.h"

#include <stddef.h>
#include <stdio.h>

/* Found out for their parameters, where a container does not say; never encoded anew. */
static const char copied_decoders[] = "h264,hevc,vp9";

/* What no browser takes, or not out of MP4. */
static const struct {
	enum AVCodecID id;
	const char *decoder;
} encoded[] = {
	{AV_CODEC_ID_MPEG4, "mpeg4"},
	{AV_CODEC_ID_MPEG2VIDEO, "mpeg2video"},
	{AV_CODEC_ID_MPEG1VIDEO, "mpeg1video"},
	{AV_CODEC_ID_MSMPEG4V2, "msmpeg4v2"},
	{AV_CODEC_ID_MSMPEG4V3, "msmpeg4"},
	{AV_CODEC_ID_H263, "h263"},
	{AV_CODEC_ID_FLV1, "flv"},
	{AV_CODEC_ID_VP8, "vp8"},
	{AV_CODEC_ID_MJPEG, "mjpeg"},
};

#define ENCODED (sizeof(encoded) / sizeof(encoded[0]))

static const enum AVCodecID stills[] = {
	AV_CODEC_ID_PNG,      AV_CODEC_ID_APNG,	  AV_CODEC_ID_GIF,
	AV_CODEC_ID_BMP,      AV_CODEC_ID_TIFF,	  AV_CODEC_ID_WEBP,
	AV_CODEC_ID_JPEG2000, AV_CODEC_ID_JPEGLS, AV_CODEC_ID_LJPEG,
};

bool picturecodec_is_copied(enum AVCodecID id)
{
	return id == AV_CODEC_ID_H264 || id == AV_CODEC_ID_HEVC || id == AV_CODEC_ID_VP9 ||
	       id == AV_CODEC_ID_AV1;
}

const char *picturecodec_decoder(enum AVCodecID id)
{
	for (size_t i = 0; i < ENCODED; i++)
		if (encoded[i].id == id)
			return encoded[i].decoder;
	return NULL;
}

bool picturecodec_is_still(enum AVCodecID id)
{
	for (size_t i = 0; i < sizeof(stills) / sizeof(stills[0]); i++)
		if (stills[i] == id)
			return true;
	return false;
}

const char *picturecodec_names(void)
{
	static char names[256];
	size_t len = (size_t)snprintf(names, sizeof(names), "%s", copied_decoders);

	for (size_t i = 0; i < ENCODED && len < sizeof(names); i++)
		len += (size_t)snprintf(names + len, sizeof(names) - len, ",%s",
					encoded[i].decoder);
	return names;
}
