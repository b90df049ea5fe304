/*
 * drift-decode - the walled child: reads a stranger's media, and nothing else.
 *
 * Started by lib/media/decoder.c with a socket as descriptor 0 and shared
 * memory as descriptor 1; see lib/media/wire.h for what is said over them. It
 * walls itself in before it is handed the source.
 */
#include "media/source.h"
#include "media/walls.h"
#include "media/wire.h"

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

static bool say_facts(const struct source *s, uint8_t *memory)
{
	static struct wire_facts w;

	w.head.type = WIRE_FACTS;
	w.facts = *source_get_facts(s);
	if (source_get_cover(s))
		memcpy(memory + WIRE_COVER_AT, source_get_cover(s), w.facts.cover_bytes);
	return wire_send(WIRE_SOCKET, &w, sizeof(w), -1) == DRIFT_OK;
}

static bool answer_read(struct source *s, const struct wire *ask, uint8_t *memory)
{
	float *slot = (float *)(void *)memory + (size_t)ask->slot * WIRE_SLOT_FLOATS;
	enum drift_err err = source_read(s, ask->first, ask->count, slot);

	if (err != DRIFT_OK)
		return say_failure(WIRE_FAILED, err, "the source could not be read again");
	return say(&(struct wire){
		.type = WIRE_PCM,
		.slot = ask->slot,
		.damaged = source_get_damaged(s),
	});
}

static int serve(int64_t max_hours, uint8_t *memory)
{
	char reason[SOURCE_REASON_MAX] = "";
	struct source *source;
	struct wire w;
	int fd = -1;
	enum drift_err err;

	if (!hear(&w, &fd) || w.type != WIRE_OPEN || fd < 0)
		return 1;
	err = source_new(fd, max_hours, beat, &source, reason);
	if (err != DRIFT_OK)
		return say_failure(WIRE_REFUSED, err, reason) ? 0 : 1;
	if (!say_facts(source, memory))
		return 1;
	while (hear(&w, NULL) && w.type == WIRE_READ)
		if (!answer_read(source, &w, memory))
			break;
	source_free(source);
	return 0;
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
	memory = mmap(NULL, WIRE_MEMORY_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, WIRE_MEMORY, 0);
	if (memory == MAP_FAILED || walls_raise(&w.limits, hello.text) != DRIFT_OK || !say(&hello))
		return 1;
	return serve(max_hours, memory);
}
