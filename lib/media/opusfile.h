/*
 * opusfile.h - an Opus artifact: segments into a file, sidecar beside it.
 *
 * A driver with its own threads encodes segments as it likes and hands them
 * over in order:
 *
 *     resampler_needs(segment_needs(s, layout_segment_packets(&l, s)))
 *     -> PCM of the source -> resampler_run -> segment_encode -> opusfile_add_segment
 *
 * and opusfile_finish() puts the setup pages in front. Who needs a few pages
 * only asks opusfile_encode_pages(): the very bytes that stand in the file.
 */
#ifndef DRIFT_MEDIA_OPUSFILE_H
#define DRIFT_MEDIA_OPUSFILE_H

#include "base/buf.h"
#include "base/err.h"
#include "media/layout.h"
#include "media/segment.h"

#include <stddef.h>
#include <stdint.h>

struct opusfile_writer;

/*
 * fd      open for writing, an empty regular file; borrowed until free
 * layout  copied; setup_bytes is where the audio pages start
 * out     the caller's to opusfile_free(), written on DRIFT_OK only
 *
 * Returns DRIFT_ENOMEM.
 */
enum drift_err opusfile_new(int fd, const struct layout *layout, uint32_t serial,
			    struct opusfile_writer **out) MUST_CHECK;
void opusfile_free(struct opusfile_writer *w); /* NULL is fine; the file stays as it is */

/*
 * Writes the pages of the next segment (0, 1, 2 … whole: asserted) and records
 * their entries.
 *
 * segment  borrowed for the call
 *
 * Returns DRIFT_ENOSPC, DRIFT_EIO (errno kept, not logged: the caller knows the
 * name) or DRIFT_ENOMEM; the writer is of no more use then.
 */
enum drift_err opusfile_add_segment(struct opusfile_writer *w,
				    const struct segment *segment) MUST_CHECK;

/*
 * After the last segment: writes the setup pages at offset 0 and adds the
 * sidecar to sidecar. Neither is synced or renamed: io_publish() is next.
 *
 * setup  oggopus_setup() pages, exactly layout.setup_bytes long (asserted)
 *
 * Returns as opusfile_add_segment().
 */
enum drift_err opusfile_finish(struct opusfile_writer *w, const uint8_t *setup, size_t setup_bytes,
			       struct buf *sidecar) MUST_CHECK;

/* Of the file so far: setup and whole pages. */
int64_t opusfile_bytes(const struct opusfile_writer *w);

/*
 * Gives the 48 kHz samples of want, interleaved; silence where the source has none.
 * Any error of it becomes the caller's.
 */
typedef enum drift_err (*opusfile_pcm)(void *context, struct resample_range want, float *out);

/*
 * Adds the pages [first, end) of a stream to out, encoding what lies under
 * them: the segments that they belong to, each from its start to its last page wanted.
 *
 * e      made for layout's params
 * first  0 to end - 1; end at most layout's pages
 *
 * Returns DRIFT_ENOMEM, DRIFT_EIO or what pcm returned.
 */
enum drift_err opusfile_encode_pages(const struct layout *layout, uint32_t serial,
				     struct segment_encoder *e, opusfile_pcm pcm, void *context,
				     int64_t first, int64_t end, struct buf *out) MUST_CHECK;

#endif
