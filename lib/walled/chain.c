#include "walled/chain.h"

#include "parse/oggspan.h"
#include "walled/change.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void chain_clear(struct chain *c)
{
	free(c->link);
	resampler_free(c->resampler);
	*c = (struct chain){0};
}

/* Says it about the file and gives DRIFT_EMEDIA back. */
#define REFUSE(reason, ...) (snprintf(reason, DEMUX_REASON_MAX, __VA_ARGS__), DRIFT_EMEDIA)

static enum drift_err add(struct chain *c, const struct packets *p, const struct voice *voice,
			  const struct extent *extent)
{
	struct chain_link *link = realloc(c->link, sizeof(*link) * (size_t)(c->count + 1));

	if (!link)
		return DRIFT_ENOMEM;
	link[c->count++] = (struct chain_link){
		.start = p->file.start,
		.end = p->file.in->bytes,
		.limit = p->limit,
		.voice = *voice,
		.extent = *extent,
	};
	c->link = link;
	c->open = c->count;
	return DRIFT_OK;
}

/* What all links have in common, and what comes out of each. */
static void settle(struct chain *c)
{
	c->rate = c->link[0].voice.rate;
	for (int i = 0; i < c->count; i++) {
		const struct voice *v = &c->link[i].voice;

		if (v->rate != c->rate)
			c->rate = CHAIN_MIXED_RATE;
		if (v->layout.nb_channels > c->channels)
			c->channels = v->layout.nb_channels;
	}
	for (int i = 0; i < c->count; i++)
		voice_set_output(&c->link[i].voice, c->channels == 1 ? 1 : 2);
}

enum drift_err chain_begin(struct chain *c, const struct packets *p, const struct voice *voice,
			   const struct extent *extent)
{
	enum drift_err err = add(c, p, voice, extent);

	if (!err)
		settle(c);
	return err;
}

static enum drift_err open_at(struct packets *p, int64_t start, int64_t end, int64_t limit,
			      const struct voice *voice, char *reason)
{
	packets_close(p);
	p->file.start = start;
	p->file.in->bytes = end;
	p->limit = limit;
	p->frame = voice->frame;
	p->rate = voice->rate;
	return packets_open(p, reason);
}

static int64_t most_of(const struct voice *v, int64_t hours)
{
	return hours * 3600 * v->rate;
}

/* Measures bytes [start, end), of that voice. */
static enum drift_err measure(struct packets *p, int64_t start, int64_t end,
			      const struct voice *voice, int64_t hours, struct extent *out,
			      char *reason)
{
	enum drift_err err = open_at(p, start, end, INT64_MAX, voice, reason);

	return err ? err : extent_measure(p, voice->rate, most_of(voice, hours), out);
}

/* The stream in bytes [start, end) becomes the next link, if it is of that codec. */
static enum drift_err follow_one(struct chain *c, struct packets *p, int64_t start, int64_t end,
				 const struct codec *codec, int64_t hours, char *reason)
{
	const struct voice none = {0};
	struct voice voice;
	struct extent extent;
	enum drift_err err = open_at(p, start, end, INT64_MAX, &none, reason);

	if (!err)
		err = voice_learn(p, &voice, reason);
	if (err == DRIFT_ENOMEM)
		return err;
	if (err || p->demux.codec != codec)
		return REFUSE(reason, "stream %d of its chain has another codec, or is broken",
			      c->count + 1);
	if (voice.rate < RESAMPLE_RATE_MIN || voice.rate > RESAMPLE_RATE_MAX)
		return REFUSE(reason, "a sample rate of %d Hz in it is beyond belief", voice.rate);
	if (c->count == CHAIN_LINKS_MAX)
		return REFUSE(reason, "it is a chain of more than %d streams", CHAIN_LINKS_MAX);
	err = measure(p, start, end, &voice, hours, &extent, reason);
	return err ? err : add(c, p, &voice, &extent);
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

/* The links behind the first of an Ogg file. */
static enum drift_err follow_ogg(struct chain *c, struct packets *p, int64_t hours, char *reason)
{
	const int64_t bytes = p->file.in->bytes;
	const struct codec *codec = p->demux.codec;
	enum drift_err err = DRIFT_OK;
	struct oggspan span;

	if (!find(p, p->file.start, bytes, &span))
		return DRIFT_OK;
	c->link[0].end = span.end;
	while (!err && find(p, span.end, bytes, &span))
		if (span.packets > 0)
			err = follow_one(c, p, span.start, span.end, codec, hours, reason);
	if (c->count == 1)
		c->link[0].end = bytes;
	return err;
}

static enum drift_err refuse_change(const struct chain *c, char *reason)
{
	const struct chain_link *last = &c->link[c->count - 1];
	int64_t seconds = last->extent.total / last->voice.rate;

	return REFUSE(reason, "its rate, channels or depth change %lld:%02lld into a stream",
		      (long long)(seconds / 60), (long long)(seconds % 60));
}

/* The links behind the first of a bare stream: the last one ends where the walk through it met
   another sound. What it has at its own ends counts there, so it is measured again. */
static enum drift_err follow_changes(struct chain *c, struct packets *p, int64_t hours,
				     char *reason)
{
	const int64_t bytes = p->file.in->bytes;
	const struct codec *codec = p->demux.codec;
	enum drift_err err = DRIFT_OK;

	while (!err && p->change_at) {
		struct chain_link *last = &c->link[c->count - 1];
		int64_t start = p->change_at;

		if (start <= last->start)
			return refuse_change(c, reason);
		p->indexing = false;
		last->end = start;
		err = measure(p, last->start, start, &last->voice, hours, &last->extent, reason);
		if (!err)
			err = follow_one(c, p, start, bytes, codec, hours, reason);
	}
	return err;
}

enum drift_err chain_measure(struct chain *c, struct packets *p, const struct voice *voice,
			     int64_t hours, char reason[DEMUX_REASON_MAX])
{
	struct extent extent;
	enum drift_err err = extent_measure(p, voice->rate, most_of(voice, hours), &extent);

	if (!err)
		err = add(c, p, voice, &extent);
	if (!err)
		err = is_ogg(p) ? follow_ogg(c, p, hours, reason)
				: follow_changes(c, p, hours, reason);
	if (err)
		return err;
	settle(c);
	return chain_samples(c) > hours * 3600 * c->rate ? DRIFT_ELARGE : DRIFT_OK;
}

enum drift_err chain_enter(struct chain *c, struct packets *p, int i)
{
	const struct chain_link *link = &c->link[i];
	char reason[DEMUX_REASON_MAX];
	enum drift_err err;

	if (c->open == i)
		return DRIFT_OK;
	err = open_at(p, link->start, link->end, link->limit, &link->voice, reason);
	c->open = err ? c->count : i;
	return err;
}

int64_t chain_native_samples(const struct chain *c, int i)
{
	const struct extent *e = &c->link[i].extent;

	return e->total - e->delay - e->padding;
}

int64_t chain_link_samples(const struct chain *c, int i)
{
	int64_t native = chain_native_samples(c, i);
	int32_t rate = c->link[i].voice.rate;

	return rate == c->rate ? native : resample_length(native, rate);
}

int64_t chain_samples(const struct chain *c)
{
	int64_t samples = 0;

	for (int i = 0; i < c->count; i++)
		samples += chain_link_samples(c, i);
	return samples;
}

enum drift_err chain_resampler(struct chain *c, int i, const struct resampler **out)
{
	int32_t rate = c->link[i].voice.rate;
	enum drift_err err = DRIFT_OK;

	if (c->resampler_rate != rate) {
		resampler_free(c->resampler);
		c->resampler = NULL;
		c->resampler_rate = 0;
		err = resampler_new(rate, c->channels == 1 ? 1 : 2, &c->resampler);
	}
	if (err)
		return err;
	c->resampler_rate = rate;
	*out = c->resampler;
	return DRIFT_OK;
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
