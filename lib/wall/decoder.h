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
#ifndef DRIFT_WALL_DECODER_H
#define DRIFT_WALL_DECODER_H

#include "base/err.h"
#include "format/facts.h"
#include "format/packing.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct decoder_limits {
	int64_t memory_mb; /* MiB of data */
	int64_t cpu_seconds_per_hour; /* of audio, for the life of the child */
	int64_t max_duration_hours; /* longer sources are refused */
};

/*
 * Has a child of program started ahead of time, for the next decoder that this process makes,
 * or one that forks from it. Called again after such a fork: there it was taken.
 */
void decoder_prepare(const char *program);
/* Leaves that child, and any other program's, to the process that this one was forked from. */
void decoder_forget(void);

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
 *   DRIFT_EIO     the child could not be started, or was ended by a fault of this host (logged);
 *                 reason is a sentence about that or untouched
 */
enum drift_err decoder_new(const char *program, const struct decoder_limits *limits, int source,
			   struct decoder **out, char *reason, size_t reason_max) MUST_CHECK;
/*
 * The same with what decoder_get_index() gave of this very file before, which spares a walk
 * through it: padding is 0 then. One that is damaged or of another file is not used.
 *
 * index  borrowed for the call
 */
enum drift_err decoder_new_indexed(const char *program, const struct decoder_limits *limits,
				   int source, const void *index, size_t index_bytes,
				   struct decoder **out, char *reason,
				   size_t reason_max) MUST_CHECK;
/*
 * The same, to repackage the source for MP4: as its packing says, decoder_ask_copy(),
 * decoder_ask_encode() or decoder_ask_film() instead of decoder_ask(). A source whose packets are
 * copied is not measured: samples, delay and padding of its facts are 0.
 *
 * hours  of audio that CPU time is granted for
 */
enum drift_err decoder_new_repackaging(const char *program, const struct decoder_limits *limits,
				       int source, int64_t hours, struct decoder **out,
				       char *reason, size_t reason_max) MUST_CHECK;

/* The same with an index as above, for who wants a few packets from somewhere inside. */
enum drift_err decoder_new_repackaging_indexed(const char *program,
					       const struct decoder_limits *limits, int source,
					       int64_t hours, const void *index, size_t index_bytes,
					       struct decoder **out, char *reason,
					       size_t reason_max) MUST_CHECK;

/*
 * Waits until the byte at offset at of an arriving source is there.
 *
 * at   0 to the source's bytes - 1
 * end  written on DRIFT_OK only: where what is there from at on ends
 *
 * Anything but DRIFT_OK ends the decoder, and is what the call that waited returns.
 */
typedef enum drift_err (*decoder_wait_bytes)(void *context, int64_t at, int64_t *end);

/* A source of which some bytes are still to come. */
struct decoder_arriving {
	int fd; /* as source above */
	int64_t bytes; /* that it will have */
	decoder_wait_bytes wait;
	void *context; /* of wait; borrowed for the decoder's life */
};

/*
 * As decoder_new() and decoder_new_repackaging(), of a source that still arrives: it is not
 * measured, so facts.samples is all that is allowed unless its head says exactly where each
 * sample is, and of what is repackaged facts.delay is what the head says. One slot only is
 * to be asked for at a time.
 */
enum drift_err decoder_new_arriving(const char *program, const struct decoder_limits *limits,
				    const struct decoder_arriving *source, int64_t hours,
				    struct decoder **out, char *reason,
				    size_t reason_max) MUST_CHECK;
enum drift_err decoder_new_repackaging_arriving(const char *program,
						const struct decoder_limits *limits,
						const struct decoder_arriving *source,
						int64_t hours, struct decoder **out, char *reason,
						size_t reason_max) MUST_CHECK;

void decoder_free(struct decoder *d); /* ends the child; NULL is fine */

/* Borrowed until decoder_free(). */
const struct decoder_facts *decoder_get_facts(const struct decoder *d);
/* cover_bytes of facts; NULL when there is none. Borrowed likewise. */
const uint8_t *decoder_get_cover(const struct decoder *d);
/* Where its packets are, a sidecar of codec "pkts" (packetidx.h); NULL where the file needs
   none. Borrowed likewise. */
const uint8_t *decoder_get_index(const struct decoder *d, size_t *bytes);
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
 * Returns DRIFT_EMEDIA when the source cannot be decoded or the child died of it, DRIFT_EIO
 * (logged) when it made a forbidden system call or the host ended it: decoder_get_reason() is a
 * sentence for the job's error. The decoder is of no more use then.
 */
enum drift_err decoder_wait(struct decoder *d, int slot, const float **out) MUST_CHECK;
const char *decoder_get_reason(const struct decoder *d);

/* --- repackaging ------------------------------------------------------------ */

/* How it is repackaged, if at all. Borrowed until decoder_free(). */
const struct packing *decoder_get_packing(const struct decoder *d);

/*
 * Asks, without waiting, for the packets that follow and start at sample from or later, as far
 * as they start before until, counted from the first packet; fewer where the slot is full.
 */
enum drift_err decoder_ask_copy(struct decoder *d, int slot, int64_t from,
				int64_t until) MUST_CHECK;

/*
 * Asks, without waiting, for [first, first + count) of what is heard, as FLAC
 * frames. Any child gives the same bytes for the same samples.
 *
 * first  a multiple of PACKING_BLOCK
 * count  likewise, but at the end; at most decoder_encode_max() samples
 */
enum drift_err decoder_ask_encode(struct decoder *d, int slot, int64_t first,
				  int32_t count) MUST_CHECK;

/*
 * Asks, without waiting, for the next piece of a film: first the init segment, then
 * fragments. It comes as one packet, whose samples say how much later the next one begins
 * (0: the init segment).
 */
enum drift_err decoder_ask_film(struct decoder *d, int slot) MUST_CHECK;

/* Samples, a multiple of PACKING_BLOCK, whose frames fit into a slot however
   noisy they are. */
int32_t decoder_encode_max(const struct packing *packing);

struct decoder_packets {
	const uint8_t *data; /* one after the other, in shared memory: borrowed until the
				next ask for that slot; NULL: in the source's file */
	int64_t at; /* bytes of that file, where they lie one after the other */
	int64_t start; /* samples between the first packet of all and these */
	size_t bytes;
	const struct packing_entry *entry; /* borrowed until the next wait; they
					      add up to bytes */
	uint32_t count; /* may be 0 */
	bool ended; /* no packet is left */
	int64_t rounded; /* samples of them that FLAC could not hold as they were */
};

/* Waits for the answer of slot. Errors as decoder_wait(). */
enum drift_err decoder_wait_packets(struct decoder *d, int slot,
				    struct decoder_packets *out) MUST_CHECK;

/* --- either ----------------------------------------------------------------- */

/* 1 for mono sources, else 2: more channels are mixed down in the child. */
int decoder_pcm_channels(const struct decoder *d);
/* That may be asked for at a time: DECODER_SLOTS, or one of a source that arrives. */
int decoder_slots(const struct decoder *d);
/* Packets that could not be decoded so far and are silence. */
int64_t decoder_get_damaged(const struct decoder *d);

#endif
