/*
 * fragments.h - the fragments of an MP4 as they were written, and what is told of them:
 * sidecar, index box and playlists.
 *
 * Pure: compute on lengths. Memory grows by 16 bytes a fragment.
 */
#ifndef DRIFT_MP4_FRAGMENTS_H
#define DRIFT_MP4_FRAGMENTS_H

#include "base/buf.h"
#include "format/packing.h"
#include "format/seekidx.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fragments { /* all-zero: none, at 0 */
	struct buf entries; /* owned; as in a sidecar */
	uint32_t count;
	int64_t at; /* samples: where the next one starts, on the line of tfdt */
	int64_t offset; /* bytes: likewise, in the file */
};

void fragments_clear(struct fragments *f);
/* The next one has so many bytes, moof and mdat, and samples. */
void fragments_add(struct fragments *f, int64_t bytes, int64_t samples);

/* What sidecar and playlists say beside that. Texts are borrowed. */
struct fragments_file {
	const uint8_t *setup; /* ftyp and moov, borrowed */
	size_t setup_bytes;
	char codec[5]; /* of the sidecar */
	bool exact; /* every fragment decodes alone */
	int32_t rate; /* samples per second */
	int32_t target_seconds; /* that a fragment is meant to last at most */
	int64_t delay, samples; /* before the first heard one, and heard */
	const char *file, *playlist; /* names */
	const char *codecs; /* RFC 6381 */
	int width, height; /* of moving pictures, else 0 */
};

/* bit/s of the whole file, what is not heard left out. */
int64_t fragments_bitrate(const struct fragments *f, const struct fragments_file *file);

/* Adds the sidecar; see seekidx_write(). */
void fragments_add_sidecar(const struct fragments *f, const struct fragments_file *file,
			   struct buf *out);

/* Adds the index box of exactly room bytes; see fmp4_add_sidx(). False: out of memory. */
bool fragments_add_sidx(const struct fragments *f, const struct packing *packing, size_t room,
			struct buf *out);

/*
 * Adds both playlists. Times are those of the fragments, samples that are not heard
 * included: players that do not know edit lists (shaka-player) move each fragment to where
 * the playlist says. False: out of memory.
 */
bool fragments_add_playlists(const struct fragments *f, const struct fragments_file *file,
			     struct buf *media, struct buf *master);

/* --- while more will come ------------------------------------------------------------- */

/* Adds a sidecar whose last entry is where the next fragment will begin: all before it is there.
   False: out of memory. */
bool fragments_add_growing_sidecar(const struct fragments *f, const struct fragments_file *file,
				   struct buf *out);

/* A playlist of type EVENT, to which fragments are added until it is ended. False: out of
   memory. */
enum fragments_end { FRAGMENTS_GROW, FRAGMENTS_END };
bool fragments_add_event(const struct fragments *f, const struct fragments_file *file,
			 enum fragments_end end, struct buf *media);

#endif
