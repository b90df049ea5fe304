#include "walled/packets.h"

#include <stdlib.h>
#include <string.h>

#define BEAT_PACKETS 1024
#define FAR_SECONDS 5 /* further ahead a jump is shorter than the way */
#define LOST_PACKETS 20000 /* after a jump, without meeting one that is known */

static const struct packet *peek(const struct packets *p, int i)
{
	return &p->queue[p->head + i];
}

static void drop_first(struct packets *p)
{
	av_packet_free(&p->queue[p->head].data);
	p->head++;
	p->count--;
	p->from_start = false;
}

static void drop_all(struct packets *p)
{
	while (p->count > 0)
		drop_first(p);
	p->head = 0;
}

enum drift_err packets_open(struct packets *p, char reason[DEMUX_REASON_MAX])
{
	enum drift_err err = demux_open(&p->demux, &p->file, reason);

	if (err != DRIFT_OK)
		return err;
	codec_clock_init(&p->clock, p->demux.codec, p->demux.stream);
	p->clock.frame = p->frame;
	p->taken = 0;
	p->next_at = 0;
	p->last_pos = -1;
	p->from_start = true;
	p->ended = false;
	return DRIFT_OK;
}

void packets_close(struct packets *p)
{
	drop_all(p);
	free(p->queue);
	p->queue = NULL;
	p->room = 0;
	codec_clock_clear(&p->clock);
	demux_close(&p->demux);
}

bool packets_is_grid(const struct packets *p)
{
	const char *demuxer = p->file.sniff.demuxer;

	return p->demux.codec->pcm && p->demux.stream->codecpar->block_align > 0 &&
	       (strcmp(demuxer, "wav") == 0 || strcmp(demuxer, "w64") == 0 ||
		strcmp(demuxer, "aiff") == 0);
}

/* What the index knows of a packet counts more than what was summed up since a jump. The
   first of those that share a page is meant. */
static void keep_place(struct packets *p, const AVPacket *packet)
{
	bool first = packet->pos != p->last_pos;

	p->last_pos = packet->pos;
	if (first && p->indexing)
		packetidx_add(&p->index, p->next_at, packet->pos);
	else if (first)
		(void)packetidx_find(&p->index, packet->pos, &p->next_at);
}

enum drift_err packets_next(struct packets *p, AVPacket *packet, int64_t *at, int32_t *samples)
{
	enum drift_err err = DRIFT_EMORE;

	if (p->taken < p->limit)
		err = demux_next(&p->demux, packet);
	if (err != DRIFT_OK)
		return err;
	p->walked++;
	if (p->taken++ % BEAT_PACKETS == 0 && p->beat)
		p->beat();
	if (packets_is_grid(p))
		p->next_at = (packet->pos - p->demux.data_at) / p->clock.par->block_align;
	else
		keep_place(p, packet);
	*at = p->next_at;
	*samples = codec_clock_add(&p->clock, packet);
	p->next_at += *samples;
	return DRIFT_OK;
}

static bool make_room(struct packets *p)
{
	struct packet *queue;
	int room = p->room ? 2 * p->room : 256;

	if (p->head + p->count < p->room)
		return true;
	if (p->head > p->room / 2) {
		memmove(p->queue, p->queue + p->head, (size_t)p->count * sizeof(*p->queue));
		p->head = 0;
		return true;
	}
	queue = realloc(p->queue, (size_t)room * sizeof(*queue));
	if (!queue)
		return false;
	p->queue = queue;
	p->room = room;
	return true;
}

static enum drift_err append(struct packets *p)
{
	struct packet next = {.data = av_packet_alloc()};
	enum drift_err err = DRIFT_ENOMEM;

	if (next.data && make_room(p))
		err = packets_next(p, next.data, &next.at, &next.samples);
	if (err != DRIFT_OK) {
		av_packet_free(&next.data);
		return err;
	}
	p->queue[p->head + p->count++] = next;
	return DRIFT_OK;
}

/* Can the queue, as it is or read on, serve a read that starts at from? */
static bool reaches(const struct packets *p, int64_t from, int preroll)
{
	if (p->from_start)
		return true;
	if (p->count == 0)
		return false;
	if (preroll >= p->count)
		return false;
	return peek(p, preroll)->at <= from;
}

static enum drift_err rewind_packets(struct packets *p)
{
	char reason[DEMUX_REASON_MAX];

	packets_close(p);
	return packets_open(p, reason);
}

/* Positions are right again at the entry that is looked for: those in front of it are
   of a decoder, or a parser, that does not know yet what was before. */
static bool read_up_to(struct packets *p, const struct seekidx_entry *entry)
{
	for (int i = 0; i < LOST_PACKETS; i++) {
		if (append(p) != DRIFT_OK)
			return false;
		if (peek(p, p->count - 1)->data->pos == (int64_t)entry->offset)
			break;
		drop_first(p);
	}
	return p->count == 1 && peek(p, 0)->at == (int64_t)entry->sample;
}

/* To the last entry with enough packets between it and from, by way of the one before. */
static bool jump_by_index(struct packets *p, int64_t from, int preroll)
{
	int64_t margin = preroll ? (int64_t)(preroll + 2) * codec_longest(p->demux.codec) : 0;
	int64_t i = packetidx_before(&p->index, from - margin);
	struct seekidx_entry entry, before;

	if (i < 1)
		return false;
	entry = packetidx_get(&p->index, i);
	before = packetidx_get(&p->index, i - 1);
	drop_all(p);
	p->from_start = false;
	p->ended = false;
	p->last_pos = -1;
	p->next_at = (int64_t)before.sample;
	if (demux_seek(&p->demux, &p->file, (int64_t)before.offset,
		       (double)before.sample / p->rate - 1) &&
	    read_up_to(p, &entry))
		return true;
	drop_all(p);
	return false;
}

void packets_skip(struct packets *p, int64_t at)
{
	int64_t i = packetidx_before(&p->index, at);

	if (i < 1 || (int64_t)packetidx_get(&p->index, i).sample <= p->next_at)
		return;
	if (!jump_by_index(p, at, 0))
		p->ended = true; /* it stands anywhere: nothing is better than what is wrong */
}

enum drift_err packets_take(struct packets *p, AVPacket *packet, int64_t *at, int32_t *samples)
{
	const struct packet *first = peek(p, 0);

	if (p->ended)
		return DRIFT_EMORE;
	if (p->count == 0)
		return packets_next(p, packet, at, samples);
	av_packet_move_ref(packet, first->data);
	*at = first->at;
	*samples = first->samples;
	drop_first(p);
	return DRIFT_OK;
}

/* Would the way from where the queue ends be long? */
static bool is_far(const struct packets *p, int64_t from)
{
	return from - p->next_at > (int64_t)FAR_SECONDS * p->rate;
}

/* PCM needs no search: jump when the wanted place is not the next one. */
static bool jump(struct packets *p, int64_t from)
{
	if (p->count > 0 && peek(p, 0)->at <= from && from <= p->next_at)
		return true;
	drop_all(p);
	p->ended = false;
	return av_seek_frame(p->demux.format, p->demux.stream->index, from, AVSEEK_FLAG_BACKWARD) >=
	       0;
}

static void drop_before(struct packets *p, int64_t from, int preroll)
{
	while (p->count > preroll && peek(p, preroll)->at + peek(p, preroll)->samples <= from)
		drop_first(p);
}

enum drift_err packets_need(struct packets *p, int64_t from, int64_t to, int preroll)
{
	enum drift_err err = DRIFT_OK;

	if (packets_is_grid(p) && jump(p, from))
		err = DRIFT_OK;
	else if ((!reaches(p, from, preroll) || is_far(p, from)) &&
		 !jump_by_index(p, from, preroll) && !reaches(p, from, preroll))
		err = rewind_packets(p);
	while (err == DRIFT_OK && !p->ended && (p->count == 0 || p->next_at < to)) {
		err = append(p);
		p->ended = err == DRIFT_EMORE;
		if (p->ended)
			err = DRIFT_OK;
		drop_before(p, from, preroll);
	}
	drop_before(p, from, preroll);
	return err;
}
