/*
 * drift-shrink - the walled child that decodes strangers' pictures, and nothing else.
 *
 * Started by lib/wall/thumbnail.c with a socket as descriptor 0 and shared memory as
 * descriptor 1; see lib/wall/shrinkwire.h for what is said over them.
 */
#include "wall/shrinkwire.h"
#include "wall/walls.h"
#include "wall/wire.h"
#include "walled/shrink.h"
#include "walled/warmup.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

static bool say(const struct shrinkwire *w)
{
	return wire_send(WIRE_SOCKET, w, sizeof(*w), -1) == DRIFT_OK;
}

static bool hear(struct shrinkwire *w)
{
	size_t got;

	return wire_receive(WIRE_SOCKET, w, sizeof(*w), &got, NULL) == DRIFT_OK &&
	       got == sizeof(*w);
}

static bool answer(const struct shrinkwire *ask, uint8_t *memory)
{
	struct shrinkwire w = {.type = SHRINKWIRE_REFUSED, .text = "there is no memory for it"};
	struct buf small = {0};

	if (shrink_picture(memory, (size_t)ask->bytes, ask->side, &small, w.text) == DRIFT_OK &&
	    small.len <= WIRE_FORBIDDEN_AT) {
		memcpy(memory, small.data, small.len);
		w.type = SHRINKWIRE_DONE;
		w.bytes = (int64_t)small.len;
	}
	buf_clear(&small);
	return say(&w);
}

int main(void)
{
	const struct shrinkwire done = {.type = SHRINKWIRE_DONE};
	char held[WALLS_TEXT_MAX];
	struct shrinkwire w;
	uint8_t *memory;

	if (!hear(&w) || w.type != SHRINKWIRE_LIMITS) {
		fputs("drift-shrink is started by Drift's own programs.\n", stderr);
		return 2;
	}
	warmup_run();
	memory = mmap(NULL, WIRE_MEMORY_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, WIRE_MEMORY, 0);
	if (memory == MAP_FAILED ||
	    walls_raise(&w.limits, wire_forbidden(memory), held) != DRIFT_OK || !say(&done))
		return 1;
	while (hear(&w) && w.type == SHRINKWIRE_SHRINK && w.bytes > 0 &&
	       w.bytes <= (int64_t)WIRE_FORBIDDEN_AT)
		if (!answer(&w, memory))
			return 1;
	return 0;
}
