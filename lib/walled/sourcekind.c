#include "walled/sourcekind.h"

#include <stdio.h>
#include <string.h>

#define TAGS_IN_A_ROW 8 /* ID3v2 tags before the audio */
#define ZEROS_MAX (1 << 20) /* bytes in front of the audio */

/* Says it about the file and gives DRIFT_EMEDIA back. */
#define REFUSE(reason, ...) (snprintf(reason, DEMUX_REASON_MAX, __VA_ARGS__), DRIFT_EMEDIA)

/* Zeros without end, behind a tag that claimed more than it has: windows that hold nothing else. */
static int64_t skip_zeros(struct incoming *in, uint8_t *data, int64_t at, ssize_t *got)
{
	int64_t start = at;

	while (*got == SNIFF_BYTES && data[0] == 0 &&
	       memcmp(data, data + 1, SNIFF_BYTES - 1) == 0 && at - start < ZEROS_MAX) {
		at += SNIFF_BYTES;
		*got = incoming_fill(in, data, SNIFF_BYTES, at);
	}
	return at;
}

enum drift_err sourcekind_read(struct demux_file *file, char reason[DEMUX_REASON_MAX])
{
	static uint8_t data[SNIFF_BYTES];
	const char *found = "";
	int64_t at = 0, tag, start;
	ssize_t got = 0;

	for (int i = 0; i < TAGS_IN_A_ROW; i++) {
		got = incoming_fill(file->in, data, sizeof(data), at);
		tag = got > 0 ? sniff_id3v2(data, (size_t)got) : 0;
		if (tag == 0)
			break;
		at += tag;
		if (at >= file->in->bytes)
			return REFUSE(reason, "its ID3 tag claims to be longer than the file");
	}
	start = skip_zeros(file->in, data, at, &got);
	if (got < 0 || sniff_bytes(data, (size_t)got, &file->sniff, &found) != DRIFT_OK)
		return REFUSE(reason, "this is %s, which Drift does not take",
			      *found ? found : "an unreadable file");
	file->start = at > SOURCEKIND_TAG_MAX || start > at ? start : 0;
	return DRIFT_OK;
}
