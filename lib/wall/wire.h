/*
 * wire.h - what decoder.c and its child say to each other.
 *
 * Messages are whole packets of a SOCK_SEQPACKET pair; both ends are the same
 * build on the same machine, so they are plain structs. The child:
 *
 *     LIMITS   ->            sent first: the child walls itself in
 *              <- HELLO      text: the walls that hold
 *     OPEN     ->            with the source as a descriptor (SCM_RIGHTS); bytes of an
 *                            index in the slots' memory, 0: there is none
 *              <- FACTS      a struct wire_facts, bytes of an index likewise; or
 *                            REFUSED with text
 *     READ     ->            slot, first, count; several may be under way
 *              <- PCM        slot, damaged; or FAILED with text
 *              <- BUSY       at any time: still at work
 *              <- NEED       first: at work, and waits for that byte of a source that still
 *                            arrives; nothing else is asked meanwhile
 *     THERE    ->            first: where what is there from it on ends
 *
 * A source that is repackaged is opened with REPACK instead, and then:
 *
 *     COPY     ->            slot, from, first: packets that start from that sample to this
 *     ENCODE   ->            slot, first, count: those samples as FLAC
 *     FILM     ->            slot: the init segment, then a fragment
 *              <- PACKETS    slot, count, bytes, ended, rounded, first: where they lie in
 *                            the source, -1: in the slot; or FAILED
 *
 * PCM, packets (see packing.h) and the cover lie in a memfd whose size is sealed. Behind them is
 * the number of a system call that the walls forbade, see walls_raise().
 */
#ifndef DRIFT_WALL_WIRE_H
#define DRIFT_WALL_WIRE_H

#include "base/err.h"
#include "format/facts.h"
#include "format/packing.h"
#include "wall/walls.h"

#include <stdint.h>

#define WIRE_SOCKET 0 /* descriptors of the child; 2 is /dev/null */
#define WIRE_MEMORY 1
#define WIRE_SOURCE 3 /* where the source arrives */
#define WIRE_TEXT_MAX 256 /* bytes, NUL included */

#define WIRE_SLOT_FLOATS ((size_t)DECODER_READ_MAX * 2)
#define WIRE_SLOT_BYTES (WIRE_SLOT_FLOATS * sizeof(float))
#define WIRE_PACKETS_AT (PACKING_PACKETS_MAX * sizeof(struct packing_entry)) /* in a slot */
#define WIRE_PACKETS_ROOM (WIRE_SLOT_BYTES - WIRE_PACKETS_AT)
#define WIRE_COVER_AT (DECODER_SLOTS * WIRE_SLOT_BYTES)
#define WIRE_INDEX_MAX WIRE_COVER_AT /* bytes */
#define WIRE_FORBIDDEN_AT (WIRE_COVER_AT + DECODER_COVER_MAX) /* an int32_t */
#define WIRE_MEMORY_BYTES (WIRE_FORBIDDEN_AT + sizeof(int32_t))

enum wire_type {
	WIRE_LIMITS = 1,
	WIRE_HELLO,
	WIRE_OPEN,
	WIRE_REPACK,
	WIRE_FACTS,
	WIRE_REFUSED,
	WIRE_READ,
	WIRE_PCM,
	WIRE_COPY,
	WIRE_ENCODE,
	WIRE_FILM,
	WIRE_PACKETS,
	WIRE_FAILED,
	WIRE_BUSY,
	WIRE_NEED,
	WIRE_THERE,
};

struct wire {
	enum wire_type type;
	int32_t slot;
	int64_t first; /* READ, COPY, ENCODE: samples; NEED, THERE, PACKETS: a place in
			  the source */
	int64_t from; /* COPY: samples; PACKETS: before them */
	int32_t count; /* READ, ENCODE: samples; PACKETS: of them */
	int32_t no_memory; /* REFUSED, FAILED: it was memory, text is empty */
	int64_t damaged; /* PCM */
	int64_t bytes; /* PACKETS; OPEN, FACTS: of an index, see packetidx.h */
	int64_t length; /* OPEN, REPACK: bytes that the source will have; 0: all are there */
	int64_t rounded; /* PACKETS: samples */
	int32_t ended; /* PACKETS: nothing is left */
	int64_t max_hours; /* LIMITS */
	struct walls_limits limits; /* LIMITS */
	char text[WIRE_TEXT_MAX]; /* HELLO, REFUSED, FAILED */
};

struct wire_facts {
	struct wire head;
	struct decoder_facts facts;
	struct packing packing; /* after REPACK */
};

/* Sends size bytes as one message; fd goes along unless it is -1. */
enum drift_err wire_send(int socket, const void *message, size_t size, int fd) MUST_CHECK;

/*
 * Receives one message of at most max bytes.
 *
 * got  its bytes
 * fd   a descriptor that came along, else -1; NULL: none is taken
 *
 * Returns DRIFT_ECLOSED at the end, DRIFT_EIO for an error or one that was cut.
 */
enum drift_err wire_receive(int socket, void *message, size_t max, size_t *got, int *fd) MUST_CHECK;

/* Keeps what is UTF-8, in place; control characters between words become one space. text has max
   bytes, of which the last one is the NUL, and need not end. */
void wire_clean(char *text, size_t max);

/* Where walls_raise() leaves its number, in memory that is mapped. */
int32_t *wire_forbidden(uint8_t *memory);

#endif
