/*
 * remux.h - a source as one fragmented MP4, its sidecar and its playlists.
 *
 * FLAC, AAC, MP3 and Opus packets go in as they are; PCM and what else is lossless
 * becomes FLAC. Walled children take the source apart and encode; here are
 * only lengths, so nothing in a stranger's file can bend the boxes. Memory does
 * not grow with the track but for 16 bytes a fragment.
 *
 * Fragments start on a grid (grid.h) that counts from the first sample heard, each at the
 * first packet from there on. FLAC blocks know nothing of each other: fragments are
 * encoded by as many children as there are processors, to the same bytes however many
 * they are.
 *
 * Where there are moving pictures too, a child makes the boxes as well (film.h), and here
 * they are only told apart and indexed.
 *
 * A source may still be arriving: then one child takes it apart as it comes, and fragments stay
 * short (grid.h). What its packets amount to is known, and checked, at the end.
 */
#ifndef DRIFT_MP4_REMUX_H
#define DRIFT_MP4_REMUX_H

#include "base/buf.h"
#include "base/err.h"
#include "format/packing.h"
#include "mp4/fmp4.h"
#include "mp4/fragments.h"
#include "wall/decoder.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define REMUX_CHILDREN_MAX 16
#define REMUX_REASON_MAX 320 /* bytes, NUL included */
#define REMUX_CODEC_MAX 72 /* likewise */

/* Told after each fragment how far it is, 0 to 1. Anything but DRIFT_OK ends
   the work with that error. */
typedef enum drift_err (*remux_tick)(void *context, double progress);

/*
 * Told after each fragment, and once more at the end, what the file holds: all before
 * fragments->offset is written.
 *
 * file   what its setup and the index say of it; of a source that arrives samples is 0 before
 *        the end. All borrowed for the call
 *
 * Anything but DRIFT_OK ends the work with that error.
 */
enum remux_growth { REMUX_GROWS, REMUX_ENDED };
typedef enum drift_err (*remux_grown)(void *context, enum remux_growth growth,
				      const struct fragments *fragments,
				      const struct fragments_file *file);

/*
 * Asked once, at the end of a source that arrived: waits until all of it was measured.
 *
 * out  its packets' extent, written on DRIFT_OK only; anything else ends the work with that
 *      error
 */
typedef enum drift_err (*remux_settled)(void *context, struct fmp4_extent *out);

struct remux_order {
	const char *program; /* path of drift-decode */
	struct decoder_limits limits; /* of each child */
	int source; /* borrowed; not used where it arrives */
	const struct decoder_arriving *arriving; /* NULL: the source is whole */
	int children; /* that may encode at once: 1 to REMUX_CHILDREN_MAX */
	int32_t rate; /* of the source, Hz, as the catalogue has it */
	struct fmp4_extent extent; /* of the source's packets, likewise; where it arrives
				      samples alone counts, a guess or 0 */
	int fd; /* open for writing, an empty file; borrowed */
	const char *file; /* names under which the files will lie together */
	const char *playlist;
	remux_tick tick;
	remux_grown grown; /* NULL: nobody hears it meanwhile */
	remux_settled settled; /* where the source arrives */
	void *context; /* of all three */
};

struct remux_result {
	struct packing packing; /* as it went in, STREAMINFO complete */
	struct fmp4_extent extent; /* of the artifact: FLAC that was encoded has no ends to cut */
	char codec[REMUX_CODEC_MAX]; /* as a MIME type has it: flac, avc1.64001f,mp4a.40.2 … */
	bool is_film; /* with moving pictures */
	int width, height; /* of them, pixels */
	int64_t bytes; /* written to fd */
	int64_t bitrate; /* bit/s, on average */
	int64_t rounded; /* samples that FLAC could not hold as they were */
	struct buf sidecar;
	struct buf media; /* the playlist of byte ranges */
	struct buf master;
};

/*
 * Makes all of it, start to end.
 *
 * out     all-zero before; the caller's to remux_clear() after DRIFT_OK
 * reason  written on DRIFT_EMEDIA: a sentence without subject and full stop
 *
 * Returns
 *   DRIFT_EMEDIA   no browser takes the codec in MP4, or the source cannot be
 *                  read, or is not what the catalogue says
 *   DRIFT_ENOSPC, DRIFT_EIO (logged), DRIFT_ENOMEM, and what tick returned
 */
enum drift_err remux_run(const struct remux_order *order, struct remux_result *out,
			 char reason[REMUX_REASON_MAX]) MUST_CHECK;
void remux_clear(struct remux_result *r);

#endif
