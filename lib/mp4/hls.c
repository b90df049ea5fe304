#include "mp4/hls.h"

#include <inttypes.h>
#include <string.h>

/* Nine places: what rounding adds up to over a day is less than a sample. */
static void add_segment(struct buf *out, const struct hls_media *m, const struct hls_segment *s)
{
	int64_t whole = s->samples / m->rate;
	int64_t part = (s->samples % m->rate * 1000000000 + m->rate / 2) / m->rate;

	if (part == 1000000000) {
		whole++;
		part = 0;
	}
	buf_addf(out,
		 "#EXTINF:%" PRId64 ".%09" PRId64 ",\n#EXT-X-BYTERANGE:%" PRId64 "@%" PRId64
		 "\n%s\n",
		 whole, part, s->bytes, s->offset, m->file);
}

void hls_add_media(struct buf *out, const struct hls_media *media)
{
	buf_addf(out,
		 "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:%d\n#EXT-X-MEDIA-SEQUENCE:0\n"
		 "#EXT-X-PLAYLIST-TYPE:%s\n#EXT-X-INDEPENDENT-SEGMENTS\n"
		 "#EXT-X-MAP:URI=\"%s\",BYTERANGE=\"%" PRId64 "@0\"\n",
		 media->target_seconds, media->state == HLS_WHOLE ? "VOD" : "EVENT", media->file,
		 media->init_bytes);
	for (size_t i = 0; i < media->segments; i++)
		add_segment(out, media, &media->segment[i]);
	if (media->state != HLS_GROWING)
		buf_add_text(out, "#EXT-X-ENDLIST\n");
}

void hls_add_moved(struct buf *out, const char *text, const char *file, const char *folder)
{
	const char *hit;

	for (; (hit = strstr(text, file)); text = hit + strlen(file)) {
		buf_add(out, text, (size_t)(hit - text));
		buf_addf(out, "%s%s", folder, file);
	}
	buf_add_text(out, text);
}

void hls_add_master(struct buf *out, const struct hls_variant *variant)
{
	buf_addf(out,
		 "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-INDEPENDENT-SEGMENTS\n"
		 "#EXT-X-STREAM-INF:BANDWIDTH=%" PRId64 ",AVERAGE-BANDWIDTH=%" PRId64
		 ",CODECS=\"%s\"",
		 variant->peak_bitrate, variant->average_bitrate, variant->codecs);
	if (variant->width)
		buf_addf(out, ",RESOLUTION=%dx%d", variant->width, variant->height);
	buf_addf(out, "\n%s\n", variant->playlist);
}
