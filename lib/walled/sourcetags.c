#include "walled/sourcetags.h"

#include "parse/tagdraft.h"
#include "parse/tagfile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static void add_all(const AVDictionary *from, struct tagdraft *out)
{
	const AVDictionaryEntry *e = NULL;

	while ((e = av_dict_get(from, "", e, AV_DICT_IGNORE_SUFFIX)))
		tagdraft_add(out, e->key, e->value, strlen(e->value));
	tagdraft_next_tag(out);
}

static const char *said(const AVStream *s, const char *what)
{
	const AVDictionaryEntry *e = av_dict_get(s->metadata, what, NULL, 0);

	return e ? e->value : "";
}

/* libavformat tells the type of a picture in words, those of ID3v2; of Matroska's attachments
   the file's name says it (https://www.matroska.org/technical/attachments.html). */
static unsigned type_of(const AVStream *s)
{
	static const struct {
		const char *comment, *filename;
		unsigned type;
	} types[] = {
		{"Cover (front)", "cover.jpg", TAGDRAFT_FRONT},
		{"Cover (front)", "cover.png", TAGDRAFT_FRONT},
		{"32x32 pixels 'file icon'", "small_cover.jpg", TAGDRAFT_ICON},
		{"Other file icon", "small_cover.png", TAGDRAFT_OTHER_ICON},
		{"Other", "", TAGDRAFT_OTHER},
	};
	const char *comment = said(s, "comment"), *filename = said(s, "filename");

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (strcmp(comment, types[i].comment) == 0 ||
		    (*filename && strcasecmp(filename, types[i].filename) == 0))
			return types[i].type;
	return *comment ? TAGDRAFT_BACK : TAGDRAFT_OTHER;
}

static void offer_all(const AVFormatContext *format, struct tagdraft *out)
{
	for (unsigned i = 0; i < format->nb_streams; i++) {
		const AVStream *s = format->streams[i];

		if (s->disposition & AV_DISPOSITION_ATTACHED_PIC && s->attached_pic.size > 0)
			tagdraft_offer(out, type_of(s), s->attached_pic.data,
				       (size_t)s->attached_pic.size);
	}
}

static void read_all(const struct demux *d, const struct demux_file *file, struct tagdraft *out)
{
	if (!tagfile_read(file->in, &file->sniff, out)) {
		add_all(d->format->metadata, out);
		add_all(d->stream->metadata, out);
	}
	offer_all(d->format, out);
}

static void take(struct tagdraft *from, struct decoder_facts *out, uint8_t **cover)
{
	tagdraft_keep(from, &out->tags);
	*cover = from->picture;
	out->cover_bytes = from->picture_bytes;
	if (from->picture)
		snprintf(out->cover_mime, sizeof(out->cover_mime), "%s", from->picture_mime);
	from->picture = NULL;
}

enum drift_err sourcetags_read(const struct demux *d, const struct demux_file *file,
			       struct decoder_facts *out, uint8_t **cover)
{
	struct tagdraft *draft = calloc(1, sizeof(*draft));
	enum drift_err err = DRIFT_ENOMEM;

	if (!draft)
		return err;
	read_all(d, file, draft);
	if (!draft->failed) {
		take(draft, out, cover);
		err = DRIFT_OK;
	}
	tagdraft_clear(draft);
	free(draft);
	return err;
}
