/*
 * encoders.h - the encoding threads of a process, shared by all tracks at work.
 *
 * One queue: what has the lower rank goes first, within a rank what was posted first.
 * So several tracks keep every core busy, and each still ends as early as it can.
 */
#ifndef DRIFT_OPUS_ENCODERS_H
#define DRIFT_OPUS_ENCODERS_H

#include "base/err.h"
#include "opus/opuspages.h"

#include <stdint.h>

#define ENCODERS_MAX 256 /* threads */

struct encoders;

/* A piece of work; the caller's, untouched from post until run is called. */
struct encoders_task {
	void (*run)(struct encoders_task *task,
		    struct opuspages *desk); /* desk: the thread's own */
	int64_t rank;
	struct encoders_task *next; /* the queue's */
};

/*
 * threads  1 to ENCODERS_MAX; 0: as many as this process has cores
 * out      the caller's to encoders_free(), written on DRIFT_OK only
 *
 * Returns DRIFT_ENOMEM, also when a thread cannot be started.
 */
enum drift_err encoders_new(int threads, struct encoders **out) MUST_CHECK;
/* Nothing may be posted any more; what was is done first. NULL is fine. */
void encoders_free(struct encoders *e);

int encoders_threads(const struct encoders *e);

/* Any thread. task: borrowed until it runs, which may free it. */
void encoders_post(struct encoders *e, struct encoders_task *task);

#endif
