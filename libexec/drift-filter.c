/*
 * drift-filter - the walled child that runs the filters of presets, and nothing else.
 *
 * Started by lib/wall/filters.c with a socket as descriptor 0 and shared memory as
 * descriptor 1; see lib/wall/filterwire.h for what is said over them. It sees sound only,
 * and no file ever.
 */
#include "wall/filterwire.h"
#include "wall/walls.h"
#include "wall/wire.h"
#include "walled/filtergraph.h"
#include "walled/warmup.h"

#include <stdbool.h>
#include <stdio.h>
#include <sys/mman.h>

static bool say(enum filterwire_type type)
{
	const struct filterwire w = {.type = type};

	return wire_send(WIRE_SOCKET, &w, sizeof(w), -1) == DRIFT_OK;
}

static bool hear(struct filterwire *w)
{
	size_t got;

	return wire_receive(WIRE_SOCKET, w, sizeof(*w), &got, NULL) == DRIFT_OK &&
	       got == sizeof(*w);
}

static enum drift_err obey(const struct filterwire *w, struct filtergraph **graph, float *pcm)
{
	if (w->type == FILTERWIRE_GRAPH) {
		filtergraph_free(*graph);
		*graph = NULL;
		return filtergraph_new(w->graph.text, w->rate, w->channels, graph);
	}
	return w->type == FILTERWIRE_RUN && *graph ? filtergraph_run(*graph, pcm, (size_t)w->count)
						   : DRIFT_EINVAL;
}

int main(void)
{
	struct filtergraph *graph = NULL;
	char held[WALLS_TEXT_MAX];
	struct filterwire w;
	bool heard = true;
	uint8_t *memory;

	if (!hear(&w) || w.type != FILTERWIRE_LIMITS) {
		fputs("drift-filter is started by Drift's own programs.\n", stderr);
		return 2;
	}
	warmup_run();
	memory = mmap(NULL, WIRE_MEMORY_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, WIRE_MEMORY, 0);
	if (memory == MAP_FAILED ||
	    walls_raise(&w.limits, wire_forbidden(memory), held) != DRIFT_OK)
		return 1;
	heard = say(FILTERWIRE_DONE);
	while (heard && hear(&w))
		heard = say(obey(&w, &graph, (float *)(void *)memory) ? FILTERWIRE_FAILED
								      : FILTERWIRE_DONE);
	filtergraph_free(graph);
	return 0;
}
