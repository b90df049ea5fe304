#include "wall/claims.h"

#include "format/flacframe.h"
#include "wall/wire.h"

#include <ctype.h>
#include <string.h>

static void clean_word(char *word, size_t max)
{
	word[max - 1] = '\0';
	for (char *c = word; *c; c++)
		if (!islower((unsigned char)*c) && !isdigit((unsigned char)*c) &&
		    !strchr("/+-", *c))
			*c = '-';
}

/* What is no pair of a name and a text ends the set. */
static void clean_tags(struct tagset *t)
{
	struct tagset clean = {0};
	struct tagset_pair pair = {0};
	char text[TAGSET_TEXT_MAX];

	while (tagset_next(t, &pair)) {
		memccpy(text, pair.text, '\0', sizeof(text));
		wire_clean(text, sizeof(text));
		(void)tagset_add(&clean, pair.key, text);
	}
	*t = clean;
}

void claims_clean(struct decoder_facts *f)
{
	clean_word(f->container, sizeof(f->container));
	clean_word(f->codec, sizeof(f->codec));
	clean_word(f->video, sizeof(f->video));
	clean_word(f->extension, sizeof(f->extension));
	clean_word(f->mime, sizeof(f->mime));
	clean_tags(&f->tags);
}

bool claims_facts(const struct decoder_facts *f, int64_t max_hours)
{
	return f->sample_rate >= 1000 && f->sample_rate <= 768000 && f->channels >= 1 &&
	       f->channels <= 8 && f->bits >= 0 && f->bits <= 64 && f->samples >= 1 &&
	       f->samples <= max_hours * 3600 * f->sample_rate && f->delay >= 0 &&
	       f->padding >= 0 && f->cover_bytes <= DECODER_COVER_MAX &&
	       !strchr(f->extension, '/') && *f->extension;
}

bool claims_packing(const struct packing *p, const struct decoder_facts *f)
{
	static const struct {
		char codec[5];
		uint32_t config_min, config_max; /* bytes */
	} known[] = {
		{"fLaC", FLACFRAME_STREAMINFO_BYTES, FLACFRAME_STREAMINFO_BYTES},
		{"mp4a", 2, PACKING_CONFIG_MAX},
		{"mp3 ", 0, 0},
		{"Opus", 19, 19 + 2 + 255},
		{"avc1", 0, 0},
		{"hvc1", 0, 0},
		{"vp09", 0, 0},
		{"av01", 0, 0},
	};

	if (p->rate != f->sample_rate || p->channels != f->channels)
		return false;
	if (p->way == PACKING_NONE)
		return true;
	if (p->way == PACKING_FLAC && p->bits != 16 && p->bits != 24)
		return false;
	if (p->way < PACKING_COPY || p->way > PACKING_FILM || p->bits < 0 || p->bits > 32)
		return false;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (memcmp(p->codec, known[i].codec, sizeof(p->codec)) == 0)
			return p->config_bytes >= known[i].config_min &&
			       p->config_bytes <= known[i].config_max;
	return false;
}
