#include "wall/decoder.h"

#include "base/log.h"
#include "format/sniff.h"
#include "wall/child.h"
#include "wall/claims.h"
#include "wall/wire.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#define CPU_BASE_SECONDS 20 /* for probing; then more by the duration */
#define CPU_BYTES_SHIFT 24 /* and a second for every 16 MiB walked through */
#define CPU_GRACE_SECONDS 5 /* between SIGXCPU and SIGKILL */
#define PACKET_SAMPLES_MAX (1u << 20)
#define FILM_SAMPLES_MAX (1u << 31) /* of a fragment: pictures may stand for hours */

struct decoder {
	struct child child;
	struct decoder_limits limits;
	struct decoder_arriving arriving; /* all-zero: the source is whole */
	int64_t source_bytes; /* that it has, or will have */
	int64_t cpu_base; /* seconds, before any for the duration */
	struct decoder_facts facts;
	struct packing packing;
	bool repackages; /* asked for packets, not for PCM */
	uint8_t *cover; /* owned */
	uint8_t *index; /* owned; NULL: none */
	size_t index_bytes;
	const void *known; /* an index from before, borrowed while it is opened */
	size_t known_bytes;
	char walls[WALLS_TEXT_MAX];
	char reason[WIRE_TEXT_MAX];
	int64_t damaged;
	bool pending[DECODER_SLOTS];
	bool answered[DECODER_SLOTS];
	struct wire answer[DECODER_SLOTS]; /* of packets */
	struct packing_entry *entry; /* owned copy of the last ones waited for */
	enum drift_err lost; /* why it is of no more use; DRIFT_OK: it is of use */
	struct wire_facts heard; /* the last message */
};

/* --- one message --------------------------------------------------------- */

/* The first reason stays. Returns what every call returns from here on. */
static enum drift_err lose_with(struct decoder *d, enum drift_err err, const char *reason)
{
	if (d->lost == DRIFT_OK) {
		snprintf(d->reason, sizeof(d->reason), "%s", reason);
		d->lost = err;
	}
	return d->lost;
}

static enum drift_err lose(struct decoder *d, const char *reason)
{
	return lose_with(d, DRIFT_EMEDIA, reason);
}

static enum drift_err lose_for_memory(struct decoder *d)
{
	log_warning("decoder: it used more memory than decode_memory_mb allows");
	return lose(d, "it takes more memory to read than this site allows");
}

/* What the child says makes no sense: the log hears that, whoever sent the file what it means. */
static enum drift_err lose_oddly(struct decoder *d, const char *what)
{
	log_warning("decoder: %s", what);
	return lose(d, CHILD_BROKEN);
}

/* The child ended by itself or had to be ended: say why. */
static enum drift_err lose_child(struct decoder *d, bool silent)
{
	char reason[WIRE_TEXT_MAX];

	enum drift_err err = child_end(&d->child, silent, reason, sizeof(reason));

	return lose_with(d, err, reason);
}

static enum drift_err say(struct decoder *d, const struct wire *w, int fd)
{
	if (wire_send(d->child.socket, w, sizeof(*w), fd) != DRIFT_OK)
		return lose_child(d, false);
	return DRIFT_OK;
}

/* The child waits for a byte of the source. */
static enum drift_err answer_need(struct decoder *d)
{
	const struct decoder_arriving *a = &d->arriving;
	struct wire there = {.type = WIRE_THERE};
	int64_t at = d->heard.head.first;
	enum drift_err err;

	if (at < 0 || at >= a->bytes)
		return lose_oddly(d, "the decoder asked for what cannot be");
	err = a->wait(a->context, at, &there.first);
	if (err == DRIFT_OK)
		return say(d, &there, -1);
	(void)lose(d, "the rest of it did not arrive");
	return err;
}

/* The next message but BUSY and NEED, at least min bytes of it. */
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
			return lose_oddly(d, "the decoder gave an answer that makes no sense");
		if (w->head.type == WIRE_NEED)
			err = answer_need(d);
		if (err != DRIFT_OK)
			return err;
	} while (w->head.type == WIRE_BUSY || w->head.type == WIRE_NEED);
	if (w->head.no_memory)
		return lose_for_memory(d);
	wire_clean(w->head.text, sizeof(w->head.text));
	return DRIFT_OK;
}

/* --- facts: nothing is believed -------------------------------------------- */

/* Copied before it is looked at: the child can still write to its original. */
static enum drift_err copy_cover(struct decoder *d)
{
	struct decoder_facts *f = &d->facts;
	const char *mime;

	if (f->cover_bytes == 0) {
		f->cover_mime[0] = '\0';
		return DRIFT_OK;
	}
	d->cover = malloc(f->cover_bytes);
	if (!d->cover)
		return DRIFT_ENOMEM;
	memcpy(d->cover, d->child.memory + WIRE_COVER_AT, f->cover_bytes);
	mime = sniff_picture(d->cover, f->cover_bytes);
	if (!mime)
		f->cover_bytes = 0;
	snprintf(f->cover_mime, sizeof(f->cover_mime), "%s", mime ? mime : "");
	return DRIFT_OK;
}

/* Likewise; whether it makes sense is looked at where it is used. */
static enum drift_err copy_index(struct decoder *d, int64_t bytes)
{
	if (bytes == 0)
		return DRIFT_OK;
	if (bytes < 0 || bytes > (int64_t)WIRE_INDEX_MAX)
		return lose_oddly(d, "the decoder gave facts that cannot be");
	d->index = malloc((size_t)bytes);
	if (!d->index)
		return DRIFT_ENOMEM;
	memcpy(d->index, d->child.memory, (size_t)bytes);
	d->index_bytes = (size_t)bytes;
	return DRIFT_OK;
}

/* What is copied was not measured: its length is the caller's to know. */
static bool are_believable(const struct decoder *d, const struct wire_facts *w)
{
	struct decoder_facts f = d->facts;

	if (d->repackages && !claims_packing(&w->packing, &f))
		return false;
	if (d->repackages && w->packing.way == PACKING_COPY && f.samples == 0)
		f.samples = 1;
	return claims_facts(&f, d->limits.max_duration_hours);
}

static enum drift_err take_facts(struct decoder *d, const struct wire_facts *w)
{
	enum drift_err err;

	d->facts = w->facts;
	d->facts.lossless = w->facts.lossless ? true : false;
	claims_clean(&d->facts);
	if (!are_believable(d, w))
		return lose_oddly(d, "the decoder gave facts that cannot be");
	if (d->repackages)
		d->packing = w->packing;
	err = copy_index(d, w->head.bytes);
	return err == DRIFT_OK ? copy_cover(d) : err;
}

/* --- the life of a decoder ------------------------------------------------- */

void decoder_prepare(const char *program)
{
	child_prepare(program);
}

void decoder_forget(void)
{
	child_forget();
}

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
		return lose_oddly(d, "the decoder gave an answer that makes no sense");
	snprintf(d->walls, sizeof(d->walls), "%.*s", (int)sizeof(d->walls) - 1, d->heard.head.text);
	return DRIFT_OK;
}

static enum drift_err probe(struct decoder *d, int source)
{
	const struct wire_facts *w = &d->heard;
	size_t got;
	struct wire open = {
		.type = d->repackages ? WIRE_REPACK : WIRE_OPEN,
		.bytes = (int64_t)d->known_bytes,
		.length = d->arriving.bytes,
	};
	enum drift_err err;

	if (d->known_bytes)
		memcpy(d->child.memory, d->known, d->known_bytes);
	err = say(d, &open, source);
	if (err == DRIFT_OK)
		err = hear(d, &got);
	if (err != DRIFT_OK)
		return err;
	if (w->head.type == WIRE_REFUSED)
		return lose(d, w->head.text);
	if (w->head.type != WIRE_FACTS || got != sizeof(*w))
		return lose_oddly(d, "the decoder gave an answer that makes no sense");
	return take_facts(d, w);
}

static enum drift_err start(struct decoder *d, const char *program, int source, int64_t hours)
{
	enum drift_err err = child_start(&d->child, program);

	if (err == DRIFT_OK)
		err = greet(d);
	if (err == DRIFT_OK)
		err = probe(d, source);
	if (err != DRIFT_OK)
		return err;
	if (!d->repackages && !d->arriving.bytes)
		hours = d->facts.samples / ((int64_t)d->facts.sample_rate * 3600) + 1;
	child_allow_cpu(&d->child, cpu_for(d, hours));
	return DRIFT_OK;
}

/* d: blank but for what it is for; NULL is out of memory. */
static enum drift_err new_decoder(struct decoder *d, const char *program,
				  const struct decoder_limits *limits, int source, int64_t hours,
				  struct decoder **out, char *reason, size_t reason_max)
{
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
	d->source_bytes = d->arriving.bytes ? d->arriving.bytes : st.st_size;
	d->cpu_base = CPU_BASE_SECONDS + (d->source_bytes >> CPU_BYTES_SHIFT);
	err = start(d, program, source, hours);
	if (err == DRIFT_OK) {
		*out = d;
		return DRIFT_OK;
	}
	if (d->lost)
		snprintf(reason, reason_max, "%s", d->reason);
	if (err == DRIFT_ENOMEM)
		err = DRIFT_EIO;
	decoder_free(d);
	return err;
}

enum drift_err decoder_new(const char *program, const struct decoder_limits *limits, int source,
			   struct decoder **out, char *reason, size_t reason_max)
{
	return new_decoder(calloc(1, sizeof(struct decoder)), program, limits, source, 0, out,
			   reason, reason_max);
}

static void know(struct decoder *d, const void *index, size_t bytes)
{
	if (bytes > WIRE_INDEX_MAX)
		return;
	d->known = index;
	d->known_bytes = bytes;
}

enum drift_err decoder_new_indexed(const char *program, const struct decoder_limits *limits,
				   int source, const void *index, size_t index_bytes,
				   struct decoder **out, char *reason, size_t reason_max)
{
	struct decoder *d = calloc(1, sizeof(*d));

	if (d)
		know(d, index, index_bytes);
	return new_decoder(d, program, limits, source, 0, out, reason, reason_max);
}

/* One that repackages; NULL when out of memory. */
static struct decoder *new_repackaging(void)
{
	struct decoder *d = calloc(1, sizeof(*d));

	if (!d)
		return NULL;
	d->repackages = true;
	d->entry = calloc(PACKING_PACKETS_MAX, sizeof(*d->entry));
	if (d->entry)
		return d;
	free(d);
	return NULL;
}

enum drift_err decoder_new_repackaging(const char *program, const struct decoder_limits *limits,
				       int source, int64_t hours, struct decoder **out,
				       char *reason, size_t reason_max)
{
	return new_decoder(new_repackaging(), program, limits, source, hours, out, reason,
			   reason_max);
}

enum drift_err decoder_new_repackaging_indexed(const char *program,
					       const struct decoder_limits *limits, int source,
					       int64_t hours, const void *index, size_t index_bytes,
					       struct decoder **out, char *reason,
					       size_t reason_max)
{
	struct decoder *d = new_repackaging();

	if (d)
		know(d, index, index_bytes);
	return new_decoder(d, program, limits, source, hours, out, reason, reason_max);
}

enum drift_err decoder_new_arriving(const char *program, const struct decoder_limits *limits,
				    const struct decoder_arriving *source, int64_t hours,
				    struct decoder **out, char *reason, size_t reason_max)
{
	struct decoder *d = calloc(1, sizeof(*d));

	if (d)
		d->arriving = *source;
	return new_decoder(d, program, limits, source->fd, hours, out, reason, reason_max);
}

enum drift_err decoder_new_repackaging_arriving(const char *program,
						const struct decoder_limits *limits,
						const struct decoder_arriving *source,
						int64_t hours, struct decoder **out, char *reason,
						size_t reason_max)
{
	struct decoder *d = new_repackaging();

	if (d)
		d->arriving = *source;
	return new_decoder(d, program, limits, source->fd, hours, out, reason, reason_max);
}

void decoder_free(struct decoder *d)
{
	if (!d)
		return;
	child_clear(&d->child);
	free(d->entry);
	free(d->cover);
	free(d->index);
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

const uint8_t *decoder_get_index(const struct decoder *d, size_t *bytes)
{
	*bytes = d->index_bytes;
	return d->index;
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

int decoder_slots(const struct decoder *d)
{
	return d->arriving.bytes ? 1 : DECODER_SLOTS;
}

/* --- reading --------------------------------------------------------------- */

static enum drift_err ask(struct decoder *d, const struct wire *w)
{
	enum drift_err err;

	if (w->slot < 0 || w->slot >= DECODER_SLOTS || d->pending[w->slot])
		return DRIFT_EINVAL;
	if (d->lost)
		return d->lost;
	err = say(d, w, -1);
	if (err == DRIFT_OK)
		d->pending[w->slot] = true;
	return err;
}

enum drift_err decoder_ask(struct decoder *d, int slot, int64_t first, int32_t count)
{
	if (count < 1 || count > DECODER_READ_MAX || d->repackages)
		return DRIFT_EINVAL;
	return ask(d,
		   &(struct wire){.type = WIRE_READ, .slot = slot, .first = first, .count = count});
}

static enum drift_err take_answer(struct decoder *d)
{
	const struct wire *w = &d->heard.head;
	enum wire_type wanted = d->repackages ? WIRE_PACKETS : WIRE_PCM;
	size_t got;
	enum drift_err err = hear(d, &got);

	if (err != DRIFT_OK)
		return err;
	if (w->type == WIRE_FAILED)
		return lose(d, w->text);
	if (w->type != wanted || w->slot < 0 || w->slot >= DECODER_SLOTS || !d->pending[w->slot] ||
	    w->damaged < d->damaged)
		return lose_oddly(d, "the decoder gave an answer that makes no sense");
	d->answered[w->slot] = true;
	d->answer[w->slot] = *w;
	d->damaged = w->damaged;
	return DRIFT_OK;
}

/* Its memory, once the answer for it is there. */
static enum drift_err wait_slot(struct decoder *d, int slot, const uint8_t **out)
{
	if (slot < 0 || slot >= DECODER_SLOTS || !d->pending[slot])
		return DRIFT_EINVAL;
	while (!d->answered[slot]) {
		enum drift_err err = d->lost ? d->lost : take_answer(d);

		if (err != DRIFT_OK)
			return err;
	}
	d->pending[slot] = d->answered[slot] = false;
	*out = d->child.memory + (size_t)slot * WIRE_SLOT_BYTES;
	return DRIFT_OK;
}

enum drift_err decoder_wait(struct decoder *d, int slot, const float **out)
{
	const uint8_t *memory;
	enum drift_err err = wait_slot(d, slot, &memory);

	if (err == DRIFT_OK)
		*out = (const float *)(const void *)memory;
	return err;
}

/* --- repackaging ------------------------------------------------------------- */

const struct packing *decoder_get_packing(const struct decoder *d)
{
	return &d->packing;
}

enum drift_err decoder_ask_copy(struct decoder *d, int slot, int64_t from, int64_t until)
{
	if (d->packing.way != PACKING_COPY)
		return DRIFT_EINVAL;
	return ask(d,
		   &(struct wire){.type = WIRE_COPY, .slot = slot, .from = from, .first = until});
}

enum drift_err decoder_ask_encode(struct decoder *d, int slot, int64_t first, int32_t count)
{
	if (d->packing.way != PACKING_FLAC || first < 0 || first % PACKING_BLOCK || count < 1 ||
	    count > decoder_encode_max(&d->packing))
		return DRIFT_EINVAL;
	return ask(d, &(struct wire){
			      .type = WIRE_ENCODE, .slot = slot, .first = first, .count = count});
}

enum drift_err decoder_ask_film(struct decoder *d, int slot)
{
	if (d->packing.way != PACKING_FILM)
		return DRIFT_EINVAL;
	return ask(d, &(struct wire){.type = WIRE_FILM, .slot = slot});
}

int32_t decoder_encode_max(const struct packing *packing)
{
	size_t frame =
		(size_t)PACKING_BLOCK * (size_t)packing->channels * (size_t)(packing->bits / 8) +
		PACKING_FRAME_HEAD;
	size_t frames = WIRE_PACKETS_ROOM / frame;

	return (int32_t)(frames < PACKING_PACKETS_MAX ? frames : PACKING_PACKETS_MAX) *
	       PACKING_BLOCK;
}

/* least, most: samples of one packet */
static bool add_up(const struct packing_entry *entry, uint32_t count, size_t bytes, uint32_t least,
		   uint32_t most)
{
	size_t sum = 0;

	for (uint32_t i = 0; i < count; i++) {
		if (entry[i].bytes == 0 || entry[i].bytes > bytes || entry[i].samples < least ||
		    entry[i].samples > most)
			return false;
		sum += entry[i].bytes;
	}
	return sum == bytes;
}

/* Do so many bytes lie where they are said to? */
static bool is_place(const struct decoder *d, const struct wire *w)
{
	if (w->first == -1)
		return w->bytes <= (int64_t)WIRE_PACKETS_ROOM;
	return d->packing.way == PACKING_COPY && w->first >= 0 && w->first <= d->source_bytes &&
	       w->bytes <= d->source_bytes - w->first;
}

enum drift_err decoder_wait_packets(struct decoder *d, int slot, struct decoder_packets *out)
{
	bool film = d->packing.way == PACKING_FILM;
	const struct wire *w;
	const uint8_t *memory;
	enum drift_err err = wait_slot(d, slot, &memory);

	if (err != DRIFT_OK)
		return err;
	w = &d->answer[slot];
	if (w->count < 0 || w->count > PACKING_PACKETS_MAX || w->bytes < 0 || !is_place(d, w) ||
	    w->rounded < 0 || w->from < 0)
		return lose_oddly(d, "the decoder gave an answer that makes no sense");
	/* copied before it is looked at: the child can still write to its original */
	memcpy(d->entry, memory, (size_t)w->count * sizeof(*d->entry));
	if (!add_up(d->entry, (uint32_t)w->count, (size_t)w->bytes, film ? 0 : 1,
		    film ? FILM_SAMPLES_MAX : PACKET_SAMPLES_MAX))
		return lose_oddly(d, "the decoder gave packets that cannot be");
	*out = (struct decoder_packets){
		.data = w->first == -1 ? memory + WIRE_PACKETS_AT : NULL,
		.at = w->first,
		.start = w->from,
		.bytes = (size_t)w->bytes,
		.entry = d->entry,
		.count = (uint32_t)w->count,
		.ended = w->ended != 0,
		.rounded = w->rounded,
	};
	return DRIFT_OK;
}
