/*
 * film.h - moving pictures and their sound as one fragmented MP4, piece by piece.
 *
 * Edge (libavformat); runs behind the walls only. First comes the init segment (ftyp and
 * moov), then fragments that begin with a key frame: the first one at or behind 0, 0.5,
 * 1, 2, 4, 9, 19 s and every 10 s after that, or sooner where a slot is full.
 */
#ifndef DRIFT_WALLED_FILM_H
#define DRIFT_WALLED_FILM_H

#include "base/err.h"
#include "walled/packer.h"
#include "walled/source.h"

#define FILM_REASON_MAX 256 /* bytes, NUL included */

struct film;

/* Are there moving pictures in it? */
bool film_is_in(struct source *source);

/*
 * source  measured, borrowed for the film's life
 * out     the caller's to film_free(), written on DRIFT_OK only
 * reason  a sentence without subject, on DRIFT_EMEDIA
 */
enum drift_err film_new(struct source *source, struct film **out,
			char reason[FILM_REASON_MAX]) MUST_CHECK;
void film_free(struct film *f); /* NULL is fine */

/* way PACKING_FILM; codec is that of the pictures, rate that of the sound. Borrowed. */
const struct packing *film_get_packing(const struct film *f);

/*
 * The next piece as the one packet of the run; its samples say how much later the next
 * one begins (0 for the init segment), in samples of the sound's rate.
 *
 * Returns DRIFT_EMEDIA, DRIFT_ELARGE (a piece is larger than the room), DRIFT_ENOMEM.
 */
enum drift_err film_next(struct film *f, struct packer_run *run) MUST_CHECK;

#endif
