/*
 * packets.h - the packets of a source with their exact positions, the recent
 * ones kept, so that ascending reads demux nothing twice.
 *
 * Positions are raw: samples that the decoder gives, counted from the first
 * packet, encoder delay included.
 */
#ifndef DRIFT_WALLED_PACKETS_H
#define DRIFT_WALLED_PACKETS_H

#include "base/err.h"
#include "format/packetidx.h"
#include "walled/demux.h"

#include <stdbool.h>
#include <stdint.h>

struct packet {
	AVPacket *data; /* owned by the queue */
	int64_t at; /* raw position */
	int32_t samples;
};

struct packets {
	struct demux_file file;
	int32_t frame; /* see codec_clock */
	int32_t rate; /* of the decoded sound, Hz; 0 until it is known */
	int64_t limit; /* packets of the stream that count; INT64_MAX for all */
	void (*beat)(void); /* called now and then in long work */
	struct packetidx index; /* owned: where packets are, once that is known */
	bool indexing; /* packets_next() adds to it */
	int64_t change_at; /* of a walk that met another sound: bytes of the file, where its stream
			      begins; -1: nowhere, 0: it met none */
	struct demux demux;
	struct codec_clock clock;
	struct packet *queue; /* count in use from head on */
	int head, count, room;
	int64_t taken; /* packets demuxed so far */
	int64_t walked; /* the same over all openings: what reading has cost */
	int64_t next_at; /* raw position behind them */
	int64_t last_pos; /* of the last one in the file; bytes, -1 for none */
	bool from_start; /* queue[head] is the first packet of the stream */
	bool ended;
};

/*
 * Opens the file at its beginning. p: file, frame, limit and beat are set by
 * the caller, the rest is zero; p must not move. Errors as demux_open(). The index outlives
 * packets_close(): it is the caller's to packetidx_clear().
 */
enum drift_err packets_open(struct packets *p, char reason[DEMUX_REASON_MAX]) MUST_CHECK;
void packets_close(struct packets *p);

/* True for a file in which any PCM sample's place is known. */
bool packets_is_grid(const struct packets *p);

/* Demuxes one packet, without keeping it: packet is blank before, and unref'd
   by the caller. DRIFT_EMORE at the end, DRIFT_ENOMEM. */
enum drift_err packets_next(struct packets *p, AVPacket *packet, int64_t *at,
			    int32_t *samples) MUST_CHECK;

/*
 * Where an index leads closer to the packet at raw position at than the next one is, goes
 * there: a packet at or shortly before it is the next one then. Nothing is kept.
 */
void packets_skip(struct packets *p, int64_t at);

/* As packets_next(), also behind packets_skip(). */
enum drift_err packets_take(struct packets *p, AVPacket *packet, int64_t *at,
			    int32_t *samples) MUST_CHECK;

/*
 * Makes the queue hold all packets that touch [from, to) and preroll packets
 * before them (fewer at the start of the stream), dropping older ones. With an index it
 * goes to any place at once, and gives the same packets there as without.
 * DRIFT_EMEDIA when the file cannot be opened anew, DRIFT_ENOMEM.
 */
enum drift_err packets_need(struct packets *p, int64_t from, int64_t to, int preroll) MUST_CHECK;

#endif
