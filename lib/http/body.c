#include "http/body.h"

#include "base/digest.h"
#include "http/precondition.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define TAG_BYTES 16 /* of a SHA-256: no two texts of ours share them */

bool body_is(const struct http *h, const char *type)
{
	const char *found = http_header(h, "Content-Type");
	size_t len = found ? strcspn(found, "; \t") : 0;

	return len == strlen(type) && strncasecmp(found, type, len) == 0;
}

bool body_read(struct http *h, const char *type, size_t max, struct buf *out)
{
	const char *found = http_header(h, "Content-Type");
	enum drift_err err;

	if (!body_is(h, type)) {
		http_fail(h, DRIFT_EMEDIA, "The body has to be %s, not %.100s.", type,
			  found && *found ? found : "of no type");
		return false;
	}
	err = http_read_body(h, max, out);
	if (err == DRIFT_ELARGE)
		http_fail(h, err, "The body has more than %zu bytes.", max);
	else if (err)
		http_fail(h, err, "The body could not be read.");
	else if (strlen(buf_text(out)) != out->len)
		http_fail(h, DRIFT_EINVAL, "The body has a NUL in it.");
	return !http_answered(h);
}

/* Of the content: equal texts have equal tags. */
static enum drift_err tag_text(const char *text, char tag[2 * TAG_BYTES + 3])
{
	uint8_t bytes[DIGEST_MAX];
	char hex[2 * TAG_BYTES + 1];
	struct digest d;
	enum drift_err err = digest_init(&d, DIGEST_SHA256);

	if (err)
		return err;
	digest_add(&d, text, strlen(text));
	digest_finish(&d, bytes);
	digest_clear(&d);
	digest_hex(bytes, TAG_BYTES, hex);
	snprintf(tag, 2 * TAG_BYTES + 3, "\"%s\"", hex);
	return DRIFT_OK;
}

static enum precondition_answer check(const struct http *h, const char *tag)
{
	struct precondition p = {
		.if_match = http_header(h, "If-Match"),
		.if_none_match = http_header(h, "If-None-Match"),
	};

	return precondition_check(&p, &(struct validators){.etag = tag, .modified = -1});
}

void body_send(struct http *h, const char *mime, const char *text)
{
	char tag[2 * TAG_BYTES + 3];

	if (tag_text(text, tag) != DRIFT_OK) {
		http_fail(h, DRIFT_ENOMEM, "The answer could not be made.");
		return;
	}
	http_set_header(h, "ETag", "%s", tag);
	switch (check(h, tag)) {
	case PRECONDITION_SEND:
		http_send(h, mime, text, strlen(text));
		return;
	case PRECONDITION_NOT_MODIFIED:
		http_set_status(h, 304);
		http_send_empty(h);
		return;
	case PRECONDITION_FAILED:
		http_fail(h, DRIFT_EPRECONDITION, "The answer is another one by now.");
	}
}
