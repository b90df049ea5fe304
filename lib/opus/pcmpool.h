/*
 * pcmpool.h - a few rooms for PCM that go round: filled by one thread, read by others,
 * free again when the last of them leaves.
 */
#ifndef DRIFT_OPUS_PCMPOOL_H
#define DRIFT_OPUS_PCMPOOL_H

#include "base/err.h"

#include <stddef.h>

struct pcmpool; /* any thread */

struct pcmslot {
	float *pcm; /* as many as the pool was made for */
	struct pcmpool *pool;
	int users; /* the pool's */
};

/*
 * count   slots, 1 or more; memory is taken when one is first used
 * floats  room in each
 * out     the caller's to pcmpool_free(), written on DRIFT_OK only
 *
 * Returns DRIFT_ENOMEM.
 */
enum drift_err pcmpool_new(int count, size_t floats, struct pcmpool **out) MUST_CHECK;
void pcmpool_free(struct pcmpool *p); /* nobody is in a slot any more; NULL is fine */

/*
 * A free slot, with one user.
 *
 * Returns DRIFT_ENOENT when there is none, DRIFT_ENOMEM.
 */
enum drift_err pcmpool_take(struct pcmpool *p, struct pcmslot **out) MUST_CHECK;
/* Waits until a slot is free, at most so long. */
void pcmpool_wait(struct pcmpool *p, int milliseconds);

/* From one user to so many, before any of the others comes. */
void pcmslot_share(struct pcmslot *slot, int users);
void pcmslot_leave(struct pcmslot *slot);

#endif
