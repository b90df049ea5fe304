/*
 * decoder.h - one walled child and the source it reads.
 *
 * Whatever parses a stranger's media runs in drift-decode, a program of its
 * own: started here with nothing but a socket and a shared memory, it puts up
 * its walls (no files, no network, no new process; memory, CPU and file-size
 * limits; seccomp, Landlock) before it gets the source as a descriptor, and
 * gives back facts and PCM. Nothing it says is trusted: sizes are capped,
 * texts are cut and cleaned, and a child that lies, dies or dawdles ends as
 * an error with a sentence.
 *
 * Sample positions are native (the source's rate) and count from the first
 * sample that a listener hears: encoder delay and padding are already off.
 */
#ifndef DRIFT_MEDIA_DECODER_H
#define DRIFT_MEDIA_DECODER_H

#include "base/err.h"
#include "media/facts.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct decoder_limits {
	int64_t memory_mb; /* MiB of data */
	int64_t cpu_seconds_per_hour; /* of audio, for the life of the child */
	int64_t max_duration_hours; /* longer sources are refused */
};

struct decoder; /* one child; used by the thread that made it, with which it dies */

/*
 * Starts a child and lets it probe the source.
 *
 * program  path of drift-decode
 * source   open for reading, a regular file; borrowed for the call (the child
 *          has its own copy), its offset is not used
 * out      the caller's to decoder_free(), written on DRIFT_OK only
 *
 * Returns
 *   DRIFT_EMEDIA  not media that Drift takes, no audio in it, too long, or
 *                 broken: reason says which, for the person who sent it
 *   DRIFT_EIO     the child could not be started (logged)
 */
enum drift_err decoder_new(const char *program, const struct decoder_limits *limits, int source,
			   struct decoder **out, char *reason, size_t reason_max) MUST_CHECK;
void decoder_free(struct decoder *d); /* ends the child; NULL is fine */

/* Borrowed until decoder_free(). */
const struct decoder_facts *decoder_get_facts(const struct decoder *d);
/* cover_bytes of facts; NULL when there is none. Borrowed likewise. */
const uint8_t *decoder_get_cover(const struct decoder *d);
/* "seccomp, landlock 4" or what is missing: one line for log and --status. */
const char *decoder_get_walls(const struct decoder *d);

/*
 * Asks for the PCM of [first, first + count), without waiting: decoding runs
 * beside the caller's own work. Interleaved float, full scale ±1, channels as
 * decoder_pcm_channels() says; samples before 0 and at or past facts.samples
 * are silence. The samples depend on first, count and the source only, not
 * on what was asked before: the child decodes with a fresh decoder from a
 * fixed number of packets before first (FLAC, PCM, ALAC 0; AAC, Vorbis 2; MP3
 * 12; Opus 35; AAC with SBR 50). Ascending positions are quick.
 *
 * slot   0 to DECODER_SLOTS - 1, not asked for and unanswered already
 * count  1 to DECODER_READ_MAX
 */
enum drift_err decoder_ask(struct decoder *d, int slot, int64_t first, int32_t count) MUST_CHECK;

/*
 * Waits for the answer of slot, in the order they were asked for.
 *
 * out  count * channels floats in shared memory, borrowed until the next ask
 *      for that slot. The child could still write there: read it once.
 *
 * Returns DRIFT_EMEDIA when the source cannot be decoded or the child broke a
 * wall or died: decoder_get_reason() is a sentence for the job's error. The
 * decoder is of no more use then.
 */
enum drift_err decoder_wait(struct decoder *d, int slot, const float **out) MUST_CHECK;
const char *decoder_get_reason(const struct decoder *d);

/* 1 for mono sources, else 2: more channels are mixed down in the child. */
int decoder_pcm_channels(const struct decoder *d);
/* Packets that could not be decoded so far and are silence. */
int64_t decoder_get_damaged(const struct decoder *d);

#endif
