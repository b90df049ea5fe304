#include "media/chain.h"

#include "media/oggspan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void chain_clear(struct chain *c)
{
	free(c->link);
	*c = (struct chain){0};
}

static enum drift_err add(struct chain *c, const struct packets *p, const struct extent *extent)
{
	struct chain_link *link = realloc(c->link, sizeof(*link) * (size_t)(c->count + 1));

	if (!link)
		return DRIFT_ENOMEM;
	link[c->count++] = (struct chain_link){
		.start = p->file.start,
		.end = p->file.in->bytes,
		.limit = p->limit,
		.extent = *extent,
	};
	c->link = link;
	c->open = c->count;
	return DRIFT_OK;
}

enum drift_err chain_begin(struct chain *c, const struct packets *p, const struct extent *extent)
{
	return add(c, p, extent);
}

/* What all links have in common. */
struct sound {
	const struct codec *codec;
	int rate, channels;
};

static struct sound sound_of(const struct packets *p)
{
	const AVCodecParameters *par = p->demux.stream->codecpar;

	return (struct sound){p->demux.codec, par->sample_rate, par->ch_layout.nb_channels};
}

static bool is_like(const struct packets *p, const struct sound *first)
{
	struct sound own = sound_of(p);

	return own.codec == first->codec && own.rate == first->rate &&
	       own.channels == first->channels;
}

static enum drift_err open_at(struct packets *p, int64_t start, int64_t end, int64_t limit,
			      char *reason)
{
	packets_close(p);
	p->file.start = start;
	p->file.in->bytes = end;
	p->limit = limit;
	return packets_open(p, reason);
}

/* One that p shall read. */
static enum drift_err follow_one(struct chain *c, struct packets *p, const struct oggspan *span,
				 const struct sound *first, int32_t rate, int64_t most,
				 char *reason)
{
	struct extent extent;
	enum drift_err err = open_at(p, span->start, span->end, INT64_MAX, reason);

	if (err == DRIFT_ENOMEM)
		return err;
	if (err || !is_like(p, first)) {
		snprintf(reason, DEMUX_REASON_MAX,
			 "stream %d of its chain has another codec, rate or number of channels",
			 c->count + 1);
		return DRIFT_EMEDIA;
	}
	if (c->count == CHAIN_LINKS_MAX) {
		snprintf(reason, DEMUX_REASON_MAX, "it is a chain of more than %d streams",
			 CHAIN_LINKS_MAX);
		return DRIFT_EMEDIA;
	}
	err = extent_measure(p, rate, most, &extent);
	return err ? err : add(c, p, &extent);
}

static bool is_ogg(const struct packets *p)
{
	return strcmp(p->file.sniff.container, "ogg") == 0;
}

/* The stream that begins at or behind at. */
static bool find(const struct packets *p, int64_t at, int64_t bytes, struct oggspan *out)
{
	return oggspan_read(p->file.in->fd, at, bytes, p->beat, out);
}

/* The links behind the first. */
static enum drift_err follow(struct chain *c, struct packets *p, int32_t rate, int64_t most,
			     char *reason)
{
	const int64_t bytes = p->file.in->bytes;
	const struct sound first = sound_of(p);
	enum drift_err err = DRIFT_OK;
	struct oggspan span;

	if (!is_ogg(p) || !find(p, p->file.start, bytes, &span))
		return DRIFT_OK;
	c->link[0].end = span.end;
	while (!err && find(p, span.end, bytes, &span))
		if (span.packets > 0)
			err = follow_one(c, p, &span, &first, rate, most - chain_samples(c),
					 reason);
	if (c->count == 1)
		c->link[0].end = bytes;
	return err;
}

enum drift_err chain_measure(struct chain *c, struct packets *p, int32_t rate, int64_t most,
			     char reason[DEMUX_REASON_MAX])
{
	struct extent extent;
	enum drift_err err = extent_measure(p, rate, most, &extent);

	if (!err)
		err = add(c, p, &extent);
	return err ? err : follow(c, p, rate, most, reason);
}

enum drift_err chain_enter(struct chain *c, struct packets *p, int i)
{
	const struct chain_link *link = &c->link[i];
	char reason[DEMUX_REASON_MAX];
	enum drift_err err;

	if (c->open == i)
		return DRIFT_OK;
	err = open_at(p, link->start, link->end, link->limit, reason);
	c->open = err ? c->count : i;
	return err;
}

int64_t chain_link_samples(const struct chain *c, int i)
{
	const struct extent *e = &c->link[i].extent;

	return e->total - e->delay - e->padding;
}

int64_t chain_samples(const struct chain *c)
{
	int64_t samples = 0;

	for (int i = 0; i < c->count; i++)
		samples += chain_link_samples(c, i);
	return samples;
}

bool chain_is_in(const struct packets *p)
{
	struct oggspan span;
	int64_t bytes = p->file.in->bytes;

	if (!is_ogg(p) || !find(p, p->file.start, bytes, &span))
		return false;
	while (find(p, span.end, bytes, &span))
		if (span.packets > 0)
			return true;
	return false;
}
