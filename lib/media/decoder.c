#include "media/decoder.h"

#include "base/log.h"
#include "media/child.h"
#include "media/wire.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#define CPU_BASE_SECONDS 20 /* for probing; DESIGN: and then by duration */
#define CPU_BYTES_SHIFT 24 /* and a second for every 16 MiB walked through */
#define CPU_GRACE_SECONDS 5 /* between SIGXCPU and SIGKILL */

struct decoder {
	struct child child;
	struct decoder_limits limits;
	int64_t cpu_base; /* seconds, before any for the duration */
	struct decoder_facts facts;
	uint8_t *cover; /* owned */
	char walls[WALLS_TEXT_MAX];
	char reason[WIRE_TEXT_MAX];
	int64_t damaged;
	bool pending[DECODER_SLOTS];
	bool answered[DECODER_SLOTS];
	bool lost;
	struct wire_facts heard; /* the last message */
};

/* --- one message --------------------------------------------------------- */

static enum drift_err lose(struct decoder *d, const char *reason)
{
	if (!d->lost)
		snprintf(d->reason, sizeof(d->reason), "%s", reason);
	d->lost = true;
	return DRIFT_EMEDIA;
}

static enum drift_err lose_for_memory(struct decoder *d)
{
	return lose(d, "the decoder used more memory than decode_memory_mb allows");
}

/* The child ended by itself or had to be ended: say why. */
static enum drift_err lose_child(struct decoder *d, bool silent)
{
	char reason[WIRE_TEXT_MAX];

	child_end(&d->child, silent, reason, sizeof(reason));
	return lose(d, reason);
}

/* The next message but BUSY, at least min bytes of it. */
static enum drift_err hear(struct decoder *d, size_t *got)
{
	struct wire_facts *w = &d->heard;
	int64_t patience_ms = CHILD_ANSWER_MS;
	enum drift_err err;

	do {
		err = child_hear(&d->child, w, sizeof(*w), got, &patience_ms);
		if (err != DRIFT_OK)
			return lose_child(d, err == DRIFT_EMORE);
		if (*got < sizeof(w->head))
			return lose(d, "the decoder gave an answer that makes no sense");
	} while (w->head.type == WIRE_BUSY);
	if (w->head.no_memory)
		return lose_for_memory(d);
	wire_clean(w->head.text, sizeof(w->head.text));
	return DRIFT_OK;
}

static enum drift_err say(struct decoder *d, const struct wire *w, int fd)
{
	if (wire_send(d->child.socket, w, sizeof(*w), fd) != DRIFT_OK)
		return lose_child(d, false);
	return DRIFT_OK;
}

/* --- facts: nothing is believed -------------------------------------------- */

static void clean_word(char *word, size_t max)
{
	word[max - 1] = '\0';
	for (char *c = word; *c; c++)
		if (!islower((unsigned char)*c) && !isdigit((unsigned char)*c) &&
		    !strchr("/+-", *c))
			*c = '-';
}

static void clean_texts(struct decoder_facts *f)
{
	clean_word(f->container, sizeof(f->container));
	clean_word(f->codec, sizeof(f->codec));
	clean_word(f->extension, sizeof(f->extension));
	clean_word(f->mime, sizeof(f->mime));
	for (int i = 0; i < f->tags; i++) {
		wire_clean(f->tag[i].key, sizeof(f->tag[i].key));
		wire_clean(f->tag[i].text, sizeof(f->tag[i].text));
	}
}

static bool is_believable(const struct decoder_facts *f, const struct decoder_limits *l)
{
	return f->sample_rate >= 1000 && f->sample_rate <= 768000 && f->channels >= 1 &&
	       f->channels <= 8 && f->bits >= 0 && f->bits <= 64 && f->samples >= 1 &&
	       f->samples <= l->max_duration_hours * 3600 * f->sample_rate && f->delay >= 0 &&
	       f->padding >= 0 && f->tags >= 0 && f->tags <= DECODER_TAGS_MAX &&
	       f->cover_bytes <= DECODER_COVER_MAX && !strchr(f->extension, '/') && *f->extension;
}

/* Copied before it is looked at: the child can still write to its original. */
static enum drift_err copy_cover(struct decoder *d)
{
	struct decoder_facts *f = &d->facts;
	const char *mime = NULL;

	if (f->cover_bytes == 0) {
		f->cover_mime[0] = '\0';
		return DRIFT_OK;
	}
	d->cover = malloc(f->cover_bytes);
	if (!d->cover)
		return DRIFT_ENOMEM;
	memcpy(d->cover, d->child.memory + WIRE_COVER_AT, f->cover_bytes);
	if (f->cover_bytes > 8 && memcmp(d->cover, "\xff\xd8\xff", 3) == 0)
		mime = "image/jpeg";
	else if (f->cover_bytes > 8 && memcmp(d->cover, "\x89PNG\r\n\x1a\n", 8) == 0)
		mime = "image/png";
	if (!mime)
		f->cover_bytes = 0;
	snprintf(f->cover_mime, sizeof(f->cover_mime), "%s", mime ? mime : "");
	return DRIFT_OK;
}

static enum drift_err take_facts(struct decoder *d, const struct decoder_facts *facts)
{
	d->facts = *facts;
	d->facts.lossless = facts->lossless ? true : false;
	if (facts->tags >= 0 && facts->tags <= DECODER_TAGS_MAX)
		clean_texts(&d->facts);
	if (!is_believable(&d->facts, &d->limits))
		return lose(d, "the decoder gave facts that cannot be");
	return copy_cover(d);
}

/* --- the life of a decoder ------------------------------------------------- */

static int64_t cpu_for(const struct decoder *d, int64_t hours)
{
	return d->cpu_base + d->limits.cpu_seconds_per_hour * hours;
}

static enum drift_err greet(struct decoder *d)
{
	struct wire w = {.type = WIRE_LIMITS, .max_hours = d->limits.max_duration_hours};
	size_t got;
	enum drift_err err;

	w.limits = (struct walls_limits){
		.memory_bytes = d->limits.memory_mb << 20,
		.cpu_seconds = d->cpu_base,
		.cpu_seconds_end = cpu_for(d, d->limits.max_duration_hours) + CPU_GRACE_SECONDS,
		.descriptors = WIRE_SOURCE + 1,
	};
	err = say(d, &w, -1);
	if (err == DRIFT_OK)
		err = hear(d, &got);
	if (err != DRIFT_OK)
		return err;
	if (d->heard.head.type != WIRE_HELLO)
		return lose(d, "the decoder gave an answer that makes no sense");
	snprintf(d->walls, sizeof(d->walls), "%.*s", (int)sizeof(d->walls) - 1, d->heard.head.text);
	return DRIFT_OK;
}

static enum drift_err probe(struct decoder *d, int source)
{
	const struct wire_facts *w = &d->heard;
	size_t got;
	enum drift_err err = say(d, &(struct wire){.type = WIRE_OPEN}, source);

	if (err == DRIFT_OK)
		err = hear(d, &got);
	if (err != DRIFT_OK)
		return err;
	if (w->head.type == WIRE_REFUSED)
		return lose(d, w->head.text);
	if (w->head.type != WIRE_FACTS || got != sizeof(*w))
		return lose(d, "the decoder gave an answer that makes no sense");
	return take_facts(d, &w->facts);
}

static enum drift_err start(struct decoder *d, const char *program, int source)
{
	int64_t hours;
	enum drift_err err = child_start(&d->child, program);

	if (err == DRIFT_OK)
		err = greet(d);
	if (err == DRIFT_OK)
		err = probe(d, source);
	if (err != DRIFT_OK)
		return err;
	hours = d->facts.samples / ((int64_t)d->facts.sample_rate * 3600) + 1;
	child_allow_cpu(&d->child, cpu_for(d, hours));
	return DRIFT_OK;
}

enum drift_err decoder_new(const char *program, const struct decoder_limits *limits, int source,
			   struct decoder **out, char *reason, size_t reason_max)
{
	struct decoder *d = calloc(1, sizeof(*d));
	struct stat st;
	enum drift_err err;

	if (!d)
		return DRIFT_EIO;
	d->limits = *limits;
	d->child = CHILD_NONE;
	if (fstat(source, &st) < 0 || !S_ISREG(st.st_mode)) {
		log_error("decoder: the source is not a regular file");
		free(d);
		return DRIFT_EIO;
	}
	d->cpu_base = CPU_BASE_SECONDS + (st.st_size >> CPU_BYTES_SHIFT);
	err = start(d, program, source);
	if (err == DRIFT_OK) {
		*out = d;
		return DRIFT_OK;
	}
	if (err == DRIFT_EMEDIA)
		snprintf(reason, reason_max, "%s", d->reason);
	decoder_free(d);
	return err == DRIFT_EMEDIA ? DRIFT_EMEDIA : DRIFT_EIO;
}

void decoder_free(struct decoder *d)
{
	if (!d)
		return;
	child_clear(&d->child);
	free(d->cover);
	free(d);
}

const struct decoder_facts *decoder_get_facts(const struct decoder *d)
{
	return &d->facts;
}

const uint8_t *decoder_get_cover(const struct decoder *d)
{
	return d->facts.cover_bytes ? d->cover : NULL;
}

const char *decoder_get_walls(const struct decoder *d)
{
	return d->walls;
}

const char *decoder_get_reason(const struct decoder *d)
{
	return d->reason;
}

int64_t decoder_get_damaged(const struct decoder *d)
{
	return d->damaged;
}

int decoder_pcm_channels(const struct decoder *d)
{
	return d->facts.channels == 1 ? 1 : 2;
}

/* --- reading --------------------------------------------------------------- */

enum drift_err decoder_ask(struct decoder *d, int slot, int64_t first, int32_t count)
{
	struct wire w = {.type = WIRE_READ, .slot = slot, .first = first, .count = count};
	enum drift_err err;

	if (slot < 0 || slot >= DECODER_SLOTS || d->pending[slot] || count < 1 ||
	    count > DECODER_READ_MAX)
		return DRIFT_EINVAL;
	if (d->lost)
		return DRIFT_EMEDIA;
	err = say(d, &w, -1);
	if (err == DRIFT_OK)
		d->pending[slot] = true;
	return err;
}

static enum drift_err take_answer(struct decoder *d)
{
	const struct wire *w = &d->heard.head;
	size_t got;
	enum drift_err err = hear(d, &got);

	if (err != DRIFT_OK)
		return err;
	if (w->type == WIRE_FAILED)
		return lose(d, w->text);
	if (w->type != WIRE_PCM || w->slot < 0 || w->slot >= DECODER_SLOTS ||
	    !d->pending[w->slot] || w->damaged < d->damaged)
		return lose(d, "the decoder gave an answer that makes no sense");
	d->answered[w->slot] = true;
	d->damaged = w->damaged;
	return DRIFT_OK;
}

enum drift_err decoder_wait(struct decoder *d, int slot, const float **out)
{
	if (slot < 0 || slot >= DECODER_SLOTS || !d->pending[slot])
		return DRIFT_EINVAL;
	while (!d->answered[slot]) {
		enum drift_err err = d->lost ? DRIFT_EMEDIA : take_answer(d);

		if (err != DRIFT_OK)
			return err;
	}
	d->pending[slot] = d->answered[slot] = false;
	*out = (const float *)(const void *)d->child.memory + (size_t)slot * WIRE_SLOT_FLOATS;
	return DRIFT_OK;
}
