/*
 * drift-decode - the walled child: reads a stranger's media, and nothing else.
 *
 * Started by lib/wall/decoder.c with a socket as descriptor 0 and shared
 * memory as descriptor 1; see lib/wall/wire.h for what is said over them. It
 * walls itself in before it is handed the source.
 */
#include "wall/walls.h"
#include "wall/wire.h"
#include "walled/film.h"
#include "walled/packer.h"
#include "walled/source.h"
#include "walled/warmup.h"

#include <libavutil/log.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define BEAT_SECONDS 2

static bool say(const struct wire *w)
{
	return wire_send(WIRE_SOCKET, w, sizeof(*w), -1) == DRIFT_OK;
}

static bool hear(struct wire *w, int *fd)
{
	size_t got;

	return wire_receive(WIRE_SOCKET, w, sizeof(*w), &got, fd) == DRIFT_OK && got == sizeof(*w);
}

static void beat(void)
{
	static time_t last;
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	if (now.tv_sec - last < BEAT_SECONDS)
		return;
	last = now.tv_sec;
	(void)say(&(struct wire){.type = WIRE_BUSY});
}

static bool say_failure(enum wire_type type, enum drift_err err, const char *reason)
{
	struct wire w = {.type = type, .no_memory = err == DRIFT_ENOMEM};

	snprintf(w.text, sizeof(w.text), "%s", reason);
	return say(&w);
}

/* Its bytes; 0 for none, which costs time and no more. */
static int64_t say_index(const struct source *s, uint8_t *memory)
{
	struct buf index = {0};
	size_t bytes = 0;

	source_get_index(s, &index);
	if (buf_ok(&index) && index.len <= WIRE_INDEX_MAX)
		bytes = index.len;
	if (bytes)
		memcpy(memory, index.data, bytes);
	buf_clear(&index);
	return (int64_t)bytes;
}

static bool say_facts(const struct source *s, const struct packing *p, uint8_t *memory)
{
	static struct wire_facts w;

	w.head.type = WIRE_FACTS;
	w.facts = *source_get_facts(s);
	if (p)
		w.packing = *p;
	w.head.bytes = say_index(s, memory);
	if (source_get_cover(s))
		memcpy(memory + WIRE_COVER_AT, source_get_cover(s), w.facts.cover_bytes);
	return wire_send(WIRE_SOCKET, &w, sizeof(w), -1) == DRIFT_OK;
}

static bool answer_read(struct source *s, const struct wire *ask, uint8_t *memory)
{
	float *slot = (float *)(void *)memory + (size_t)ask->slot * WIRE_SLOT_FLOATS;
	enum drift_err err = source_read(s, ask->first, ask->count, slot);

	if (err != DRIFT_OK)
		return say_failure(WIRE_FAILED, err, "it could not be read to its end");
	return say(&(struct wire){
		.type = WIRE_PCM,
		.slot = ask->slot,
		.damaged = source_get_damaged(s),
	});
}

/* Who repackages: one of them. */
struct packing_source {
	struct packer *packer;
	struct film *film;
};

static enum drift_err make_run(const struct packing_source *p, const struct wire *ask,
			       struct packer_run *run)
{
	if (p->film)
		return film_next(p->film, run);
	return ask->type == WIRE_COPY ? packer_copy(p->packer, ask->from, ask->first, run)
				      : packer_encode(p->packer, ask->first, ask->count, run);
}

static bool answer_packets(const struct packing_source *p, const struct wire *ask, uint8_t *memory)
{
	uint8_t *slot = memory + (size_t)ask->slot * WIRE_SLOT_BYTES;
	struct packer_run run = {
		.entry = (struct packing_entry *)(void *)slot,
		.data = slot + WIRE_PACKETS_AT,
		.room = WIRE_PACKETS_ROOM,
	};
	enum drift_err err = make_run(p, ask, &run);

	if (err != DRIFT_OK)
		return say_failure(WIRE_FAILED, err,
				   "a part of it is damaged, or does not fit into MP4");
	return say(&(struct wire){
		.type = WIRE_PACKETS,
		.slot = ask->slot,
		.first = run.at,
		.from = run.start,
		.count = run.packets,
		.bytes = (int64_t)run.bytes,
		.rounded = run.rounded,
		.ended = run.ended,
	});
}

static int serve_pcm(struct source *source, uint8_t *memory)
{
	struct wire w;

	if (!say_facts(source, NULL, memory))
		return 1;
	while (hear(&w, NULL) && w.type == WIRE_READ)
		if (!answer_read(source, &w, memory))
			break;
	return 0;
}

/* Only what fits the source's way. */
static bool is_asked_rightly(const struct wire *w, enum packing_way way)
{
	return (w->type == WIRE_COPY && way == PACKING_COPY) ||
	       (w->type == WIRE_ENCODE && way == PACKING_FLAC) ||
	       (w->type == WIRE_FILM && way == PACKING_FILM);
}

/* Sound without the pictures of which no film can be made; as long as it arrives that is left to
   whoever has all of it. */
static enum drift_err open_packing(struct source *source, struct packing_source *p, char *reason)
{
	char unseen[SOURCE_REASON_MAX];
	enum drift_err err = DRIFT_OK;

	if (film_is_in(source)) {
		err = film_new(source, &p->film, reason);
		if (err != DRIFT_EMEDIA || !source_is_whole(source))
			return err;
		if (source_leave_out_pictures(source, unseen) != DRIFT_OK)
			return err;
	}
	if (packer_new(source, &p->packer) != DRIFT_OK)
		return DRIFT_ENOMEM;
	/* nothing but a film would have been of use: its own reason counts */
	return err && packer_get_packing(p->packer)->way == PACKING_NONE ? err : DRIFT_OK;
}

static int serve_packing(struct source *source, const struct packing_source *p, uint8_t *memory)
{
	const struct packing *packing =
		p->film ? film_get_packing(p->film) : packer_get_packing(p->packer);
	struct wire w;

	if (!say_facts(source, packing, memory))
		return 1;
	while (hear(&w, NULL) && is_asked_rightly(&w, packing->way))
		if (!answer_packets(p, &w, memory))
			break;
	return 0;
}

static int serve_packets(struct source *source, uint8_t *memory)
{
	char reason[FILM_REASON_MAX] = "it has no packet in it";
	struct packing_source p = {0};
	enum drift_err err = open_packing(source, &p, reason);
	int code;

	if (err != DRIFT_OK)
		code = say_failure(WIRE_REFUSED, err, reason) ? 0 : 1;
	else
		code = serve_packing(source, &p, memory);
	film_free(p.film);
	packer_free(p.packer);
	return code;
}

/* See incoming.h. */
static bool wait_for_bytes(void *context, int64_t at, int64_t *end)
{
	struct wire w = {.type = WIRE_NEED, .first = at};

	(void)context;
	if (!say(&w) || !hear(&w, NULL) || w.type != WIRE_THERE)
		return false;
	*end = w.first;
	return true;
}

static struct incoming find_file(int fd, const struct wire *open)
{
	if (open->length == 0)
		return incoming_whole(fd);
	return (struct incoming){.fd = fd, .bytes = open->length, .wait = wait_for_bytes};
}

static int serve(int64_t max_hours, uint8_t *memory)
{
	char reason[SOURCE_REASON_MAX] = "";
	struct source *source;
	struct wire w;
	int fd = -1, code;
	enum drift_err err;

	if (!hear(&w, &fd) || w.bytes < 0 || w.bytes > (int64_t)WIRE_INDEX_MAX || w.length < 0 ||
	    (w.type != WIRE_OPEN && w.type != WIRE_REPACK) || fd < 0)
		return 1;
	if (w.type == WIRE_OPEN)
		err = source_new_indexed(find_file(fd, &w), max_hours, beat, memory,
					 (size_t)w.bytes, &source, reason);
	else
		err = source_new_repackaged(find_file(fd, &w), max_hours, beat, memory,
					    (size_t)w.bytes, &source, reason);
	if (err != DRIFT_OK)
		return say_failure(WIRE_REFUSED, err, reason) ? 0 : 1;
	code = w.type == WIRE_OPEN ? serve_pcm(source, memory) : serve_packets(source, memory);
	source_free(source);
	return code;
}

int main(void)
{
	struct wire w, hello = {.type = WIRE_HELLO};
	int64_t max_hours;
	uint8_t *memory;

	if (!hear(&w, NULL) || w.type != WIRE_LIMITS) {
		fputs("drift-decode is started by Drift's own programs.\n", stderr);
		return 2;
	}
	max_hours = w.max_hours;
	warmup_run();
	memory = mmap(NULL, WIRE_MEMORY_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, WIRE_MEMORY, 0);
	if (memory == MAP_FAILED ||
	    walls_raise(&w.limits, wire_forbidden(memory), hello.text) != DRIFT_OK || !say(&hello))
		return 1;
	return serve(max_hours, memory);
}
