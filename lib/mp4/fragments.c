#include "mp4/fragments.h"

#include "mp4/fmp4.h"
#include "mp4/hls.h"

#include <stdlib.h>
#include <string.h>

#define PEAK_LEAST_MS 500 /* a shorter fragment says nothing about the bitrate */

void fragments_clear(struct fragments *f)
{
	buf_clear(&f->entries);
	*f = (struct fragments){0};
}

void fragments_add(struct fragments *f, int64_t bytes, int64_t samples)
{
	seekidx_add(&f->entries, (struct seekidx_entry){(uint64_t)f->at, (uint64_t)f->offset});
	f->count++;
	f->at += samples;
	f->offset += bytes;
}

/* Where fragment i starts; of the one behind the last: where all end. */
static struct seekidx_entry start_of(const struct fragments *f, uint32_t i)
{
	const struct seekidx index = {
		.entries = (const uint8_t *)f->entries.data,
		.entry_count = f->count,
	};

	if (i == f->count)
		return (struct seekidx_entry){(uint64_t)f->at, (uint64_t)f->offset};
	return seekidx_get(&index, i);
}

static struct hls_segment segment_of(const struct fragments *f, uint32_t i)
{
	struct seekidx_entry from = start_of(f, i), to = start_of(f, i + 1);

	return (struct hls_segment){
		.offset = (int64_t)from.offset,
		.bytes = (int64_t)(to.offset - from.offset),
		.samples = (int64_t)(to.sample - from.sample),
	};
}

static int64_t bits_per_second(int64_t bytes, int64_t samples, int32_t rate)
{
	return samples > 0 ? (int64_t)((double)bytes * 8 * rate / (double)samples) : 0;
}

int64_t fragments_bitrate(const struct fragments *f, const struct fragments_file *file)
{
	return bits_per_second(f->offset, file->samples, file->rate);
}

static struct seekidx index_of(const struct fragments *f, const struct fragments_file *file)
{
	struct seekidx index = {
		.flags = file->exact ? SEEKIDX_EXACT : 0,
		.timescale = (uint32_t)file->rate,
		.pre_skip = (uint32_t)file->delay,
		.samples = (uint64_t)file->samples,
		.bytes = (uint64_t)f->offset,
		.setup = file->setup,
		.setup_bytes = (uint32_t)file->setup_bytes,
		.entries = (const uint8_t *)f->entries.data,
		.entry_count = f->count,
	};

	memcpy(index.codec, file->codec, sizeof(index.codec));
	return index;
}

void fragments_add_sidecar(const struct fragments *f, const struct fragments_file *file,
			   struct buf *out)
{
	struct seekidx index = index_of(f, file);

	seekidx_write(&index, out);
}

bool fragments_add_sidx(const struct fragments *f, const struct packing *packing, size_t room,
			struct buf *out)
{
	struct fmp4_reference *reference = calloc(f->count + 1, sizeof(*reference));

	if (!reference)
		return false;
	for (uint32_t i = 0; i < f->count; i++) {
		struct hls_segment s = segment_of(f, i);

		reference[i] = (struct fmp4_reference){(uint32_t)s.bytes, (uint32_t)s.samples};
	}
	fmp4_add_sidx(out, packing, reference, f->count, room);
	free(reference);
	return buf_ok(out);
}

/* The longest one as the playlist rounds it, and the densest one's bitrate. */
static void measure(const struct hls_segment *s, struct hls_media *media,
		    struct hls_variant *variant)
{
	int64_t peak = bits_per_second(s->bytes, s->samples, media->rate);
	int64_t seconds = (s->samples + media->rate / 2) / media->rate;

	if (s->samples * 1000 >= (int64_t)media->rate * PEAK_LEAST_MS &&
	    peak > variant->peak_bitrate)
		variant->peak_bitrate = peak;
	if (seconds > media->target_seconds)
		media->target_seconds = (int32_t)seconds;
}

static bool add_media(const struct fragments *f, const struct fragments_file *file,
		      enum hls_state state, struct hls_variant *variant, struct buf *out)
{
	struct hls_segment *segment = calloc(f->count + 1, sizeof(*segment));
	struct hls_media list = {
		.state = state,
		.file = file->file,
		.init_bytes = (int64_t)file->setup_bytes,
		.rate = file->rate,
		.target_seconds = file->target_seconds,
		.segment = segment,
		.segments = f->count,
	};

	if (!segment)
		return false;
	for (uint32_t i = 0; i < f->count; i++) {
		segment[i] = segment_of(f, i);
		measure(&segment[i], &list, variant);
	}
	hls_add_media(out, &list);
	free(segment);
	return buf_ok(out);
}

static struct hls_variant variant_of(const struct fragments *f, const struct fragments_file *file)
{
	return (struct hls_variant){
		.playlist = file->playlist,
		.codecs = file->codecs,
		.width = file->width,
		.height = file->height,
		.peak_bitrate = fragments_bitrate(f, file),
		.average_bitrate = fragments_bitrate(f, file),
	};
}

bool fragments_add_playlists(const struct fragments *f, const struct fragments_file *file,
			     struct buf *media, struct buf *master)
{
	struct hls_variant variant = variant_of(f, file);

	if (!add_media(f, file, HLS_WHOLE, &variant, media))
		return false;
	hls_add_master(master, &variant);
	return buf_ok(master);
}

/* --- while more will come ------------------------------------------------------------- */

bool fragments_add_growing_sidecar(const struct fragments *f, const struct fragments_file *file,
				   struct buf *out)
{
	struct seekidx index = index_of(f, file);
	struct buf entries = {0};
	bool ok;

	buf_add(&entries, f->entries.data, f->entries.len);
	seekidx_add(&entries, start_of(f, f->count));
	index.flags |= SEEKIDX_GROWING;
	index.samples = index.bytes = 0;
	index.entries = (const uint8_t *)entries.data;
	index.entry_count = f->count + 1;
	ok = buf_ok(&entries);
	if (ok)
		seekidx_write(&index, out);
	buf_clear(&entries);
	return ok && buf_ok(out);
}

bool fragments_add_event(const struct fragments *f, const struct fragments_file *file,
			 enum fragments_end end, struct buf *media)
{
	struct hls_variant variant = {0};

	return add_media(f, file, end == FRAGMENTS_END ? HLS_GROWN : HLS_GROWING, &variant, media);
}
