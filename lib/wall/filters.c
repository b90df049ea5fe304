#include "wall/filters.h"

#include "base/log.h"
#include "opus/layout.h"
#include "wall/child.h"
#include "wall/filterwire.h"
#include "wall/wire.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define CPU_GRACE_SECONDS 5 /* between SIGXCPU and SIGKILL */
#define LOUDEST 64.0f /* full scale 1: what is louder is no sound */

struct filters {
	struct child child;
	struct preset_graph graph;
	int32_t channels;
	bool greeted;
};

static enum drift_err say(struct filters *f, const struct filterwire *w)
{
	return wire_send(f->child.socket, w, sizeof(*w), -1);
}

enum drift_err filters_new(const char *program, const struct filters_limits *limits,
			   const struct preset_graph *graph, int32_t channels, struct filters **out)
{
	struct filterwire w = {.type = FILTERWIRE_LIMITS};
	struct filters *f = calloc(1, sizeof(*f));
	enum drift_err err;

	if (!f)
		return DRIFT_ENOMEM;
	w.limits = (struct walls_limits){
		.memory_bytes = limits->memory_mb << 20,
		.cpu_seconds = limits->cpu_seconds,
		.cpu_seconds_end = limits->cpu_seconds + CPU_GRACE_SECONDS,
		.descriptors = WIRE_SOURCE, /* none beyond the standard ones */
	};
	f->child = CHILD_NONE;
	f->graph = *graph;
	f->channels = channels;
	err = child_start(&f->child, program);
	if (!err && say(f, &w))
		err = DRIFT_EIO;
	if (err) {
		filters_free(f);
		return DRIFT_EIO;
	}
	*out = f;
	return DRIFT_OK;
}

void filters_prepare(const char *program)
{
	child_prepare(program);
}

void filters_free(struct filters *f)
{
	if (!f)
		return;
	child_clear(&f->child);
	free(f);
}

/* Logs why there will be no answer any more. */
static enum drift_err lose(struct filters *f, bool silent)
{
	char reason[WIRE_TEXT_MAX];

	(void)!child_end(&f->child, silent, reason, sizeof(reason));
	log_error("filters: %s: %s", f->graph.text, reason);
	return DRIFT_EIO;
}

static enum drift_err hear_done(struct filters *f)
{
	int64_t patience_ms = CHILD_SILENCE_MS;
	struct filterwire w;
	size_t got;
	enum drift_err err = child_hear(&f->child, &w, sizeof(w), &got, &patience_ms);

	if (err)
		return lose(f, err == DRIFT_EMORE);
	if (got == sizeof(w) && w.type == FILTERWIRE_DONE)
		return DRIFT_OK;
	log_error("filters: %s cannot be run", f->graph.text);
	return DRIFT_EIO;
}

static enum drift_err greet(struct filters *f)
{
	enum drift_err err = f->greeted ? DRIFT_OK : hear_done(f);

	f->greeted = !err;
	return err;
}

enum drift_err filters_reset(struct filters *f)
{
	const struct filterwire w = {
		.type = FILTERWIRE_GRAPH,
		.rate = LAYOUT_RATE,
		.channels = f->channels,
		.graph = f->graph,
	};
	enum drift_err err = greet(f);

	if (err)
		return err;
	return say(f, &w) ? lose(f, false) : hear_done(f);
}

/* Once more after it was in the memory shared with the child, which could still write there. */
static void copy_finite(float *out, const float *in, size_t floats)
{
	memcpy(out, in, floats * sizeof(*out));
	for (size_t i = 0; i < floats; i++)
		if (!(fabsf(out[i]) <= LOUDEST))
			out[i] = 0;
}

enum drift_err filters_run(struct filters *f, float *pcm, int32_t count)
{
	const struct filterwire w = {.type = FILTERWIRE_RUN, .count = count};
	size_t floats = (size_t)count * (size_t)f->channels;
	float *shared = (float *)(void *)f->child.memory;
	enum drift_err err;

	assert(count > 0 && count <= FILTERS_COUNT_MAX);
	copy_finite(shared, pcm, floats);
	err = say(f, &w) ? lose(f, false) : hear_done(f);
	if (!err)
		copy_finite(pcm, shared, floats);
	return err;
}
