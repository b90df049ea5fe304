#include "http/filebody.h"

#include "base/io.h"
#include "base/log.h"
#include "http/date.h"
#include "http/range.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#define PIECE_BYTES 65536
#define PART_HEAD_MAX 256
#define BOUNDARY_BYTES 16 /* nobody can upload a file that has the next one in it */

static enum range_answer find_ranges(const struct http *h, const struct filebody *f,
				     struct ranges *out)
{
	const struct precondition p = {.if_range = http_header(h, "If-Range")};

	if (strcmp(http_method(h), "GET") != 0 || !precondition_allows_range(&p, &f->validators))
		return RANGE_WHOLE;
	return range_parse(http_header(h, "Range"), f->bytes, out);
}

int64_t filebody_length(const struct http *h, const struct filebody *f)
{
	struct ranges set = {.count = 0};
	int64_t sum = 0;

	if (strcmp(http_method(h), "GET") != 0)
		return 0;
	if (find_ranges(h, f, &set) == RANGE_WHOLE)
		return f->bytes;
	for (int i = 0; i < set.count; i++)
		sum += range_bytes(&set.part[i]);
	return sum;
}

bool filebody_is_there(const struct http *h, const struct filebody *f)
{
	struct ranges set = {.count = 0};
	bool there = f->maker != NULL;

	if (there && find_ranges(h, f, &set) == RANGE_WHOLE)
		return f->maker->is_there(f->context, 0, f->bytes - 1);
	for (int i = 0; there && i < set.count; i++)
		there = f->maker->is_there(f->context, set.part[i].first, set.part[i].last);
	return there;
}

static void send_beyond(struct http *h, const struct filebody *f)
{
	http_set_header(h, "Content-Range", "bytes */%" PRId64, f->bytes);
	http_fail(h, DRIFT_ERANGE, "The file has %" PRId64 " bytes.", f->bytes);
}

bool filebody_is_beyond(struct http *h, const struct filebody *f)
{
	struct ranges set;

	if (find_ranges(h, f, &set) != RANGE_UNSATISFIABLE)
		return false;
	send_beyond(h, f);
	return true;
}

static enum drift_err copy_range(struct http *h, const struct filebody *f, const struct range *r)
{
	char piece[PIECE_BYTES];
	enum drift_err err = DRIFT_OK;

	for (int64_t at = r->first; !err && at <= r->last; at += PIECE_BYTES) {
		int64_t left = r->last + 1 - at;
		size_t len = left < PIECE_BYTES ? (size_t)left : PIECE_BYTES;

		err = io_pread_all(f->fd, piece, len, at);
		if (err) {
			log_error("filebody: a file ends before byte %" PRId64, at);
			return err;
		}
		err = http_write(h, piece, len);
	}
	return err;
}

static enum drift_err send_range(struct http *h, const struct filebody *f, const struct range *r)
{
	return f->maker ? f->maker->send(f->context, h, r->first, r->last) : copy_range(h, f, r);
}

static void send_whole(struct http *h, const struct filebody *f)
{
	const struct range all = {0, f->bytes - 1};

	http_set_header(h, "Content-Type", "%s", f->mime);
	http_set_header(h, "Content-Length", "%" PRId64, f->bytes);
	if (http_write(h, "", 0) != DRIFT_OK || strcmp(http_method(h), "HEAD") == 0)
		return;
	if (send_range(h, f, &all) != DRIFT_OK)
		return; /* the client left, or the length says that it was cut */
}

static void send_one(struct http *h, const struct filebody *f, const struct range *r)
{
	http_set_status(h, 206);
	http_set_header(h, "Content-Type", "%s", f->mime);
	http_set_header(h, "Content-Length", "%" PRId64, range_bytes(r));
	http_set_header(h, "Content-Range", "bytes %" PRId64 "-%" PRId64 "/%" PRId64, r->first,
			r->last, f->bytes);
	if (send_range(h, f, r) != DRIFT_OK)
		return; /* as above */
}

struct boundary {
	char text[2 * BOUNDARY_BYTES + 1];
};

static enum drift_err make_boundary(struct boundary *out)
{
	uint8_t bytes[BOUNDARY_BYTES];

	if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes)) {
		log_errno("filebody: getrandom");
		return DRIFT_EIO;
	}
	for (size_t i = 0; i < sizeof(bytes); i++)
		snprintf(out->text + 2 * i, 3, "%02x", bytes[i]);
	return DRIFT_OK;
}

static size_t write_part_head(const struct filebody *f, const struct range *r,
			      const struct boundary *b, char out[PART_HEAD_MAX])
{
	return (size_t)snprintf(out, PART_HEAD_MAX,
				"\r\n--%s\r\nContent-Type: %.64s\r\nContent-Range: bytes %" PRId64
				"-%" PRId64 "/%" PRId64 "\r\n\r\n",
				b->text, f->mime, r->first, r->last, f->bytes);
}

static enum drift_err send_parts(struct http *h, const struct filebody *f, const struct ranges *set,
				 const struct boundary *b)
{
	enum drift_err err = DRIFT_OK;
	char text[PART_HEAD_MAX];

	for (int i = 0; !err && i < set->count; i++) {
		err = http_write(h, text, write_part_head(f, &set->part[i], b, text));
		if (!err)
			err = send_range(h, f, &set->part[i]);
	}
	if (!err)
		err = http_write(h, text,
				 (size_t)snprintf(text, sizeof(text), "\r\n--%s--\r\n", b->text));
	return err;
}

static void send_several(struct http *h, const struct filebody *f, const struct ranges *set)
{
	struct boundary b;
	char text[PART_HEAD_MAX];
	int64_t length = (int64_t)strlen("\r\n----\r\n") + 2 * BOUNDARY_BYTES;

	if (make_boundary(&b) != DRIFT_OK) {
		http_fail(h, DRIFT_EIO, "The parts of the answer cannot be told apart.");
		return;
	}
	for (int i = 0; i < set->count; i++)
		length += (int64_t)write_part_head(f, &set->part[i], &b, text) +
			  range_bytes(&set->part[i]);
	http_set_status(h, 206);
	http_set_header(h, "Content-Type", "multipart/byteranges; boundary=%s", b.text);
	http_set_header(h, "Content-Length", "%" PRId64, length);
	if (send_parts(h, f, set, &b) != DRIFT_OK)
		return; /* as above */
}

/* False: it is answered. */
static bool begin(struct http *h, const struct filebody *f)
{
	struct ranges set;
	int64_t first = 0;
	enum drift_err err;

	if (!f->maker || strcmp(http_method(h), "GET") != 0)
		return true;
	if (find_ranges(h, f, &set) == RANGE_PARTS)
		first = set.part[0].first;
	err = f->maker->begin(f->context, h, first);
	if (err == DRIFT_EBUSY)
		http_fail(h, err, "Too much is encoded at once; try again in a moment.");
	else if (err)
		http_fail(h, err, "The bytes cannot be made.");
	return !err;
}

void filebody_send(struct http *h, const struct filebody *f)
{
	struct ranges set;

	if (!begin(h, f))
		return;
	http_set_header(h, "ETag", "%s", f->validators.etag);
	http_set_header(h, "Last-Modified", "%s", date_write(f->validators.modified).text);
	http_set_header(h, "Accept-Ranges", "bytes");
	switch (find_ranges(h, f, &set)) {
	case RANGE_WHOLE:
		send_whole(h, f);
		break;
	case RANGE_PARTS:
		if (set.count == 1)
			send_one(h, f, &set.part[0]);
		else
			send_several(h, f, &set);
		break;
	case RANGE_UNSATISFIABLE:
		send_beyond(h, f);
		break;
	}
}
