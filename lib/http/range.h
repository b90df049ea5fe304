/*
 * range.h - which bytes a Range header asks for.
 *
 * Pure. Source: RFC 9110 section 14. However many parts a request has, the answer is
 * never longer than the file: parts that overlap or nearly touch become one (15.3.7.2), and
 * a request for more than RANGE_PARTS_MAX of them gets the whole file (14.2).
 *
 * etc/lighttpd/range.lua and etc/apache/site.htaccess have the servers read it in the same
 * way where they send a file by themselves; tests/http/ranges.t compares them.
 */
#ifndef DRIFT_HTTP_RANGE_H
#define DRIFT_HTTP_RANGE_H

#include <stdint.h>

#define RANGE_PARTS_MAX 10 /* lighttpd reads no more */
#define RANGE_BYTES_UNKNOWN INT64_C(999999999999999999) /* of a file: no file has so many */
#define RANGE_GAP_BYTES 80 /* a smaller gap costs less than another part's header */

struct range {
	int64_t first, last; /* both are bytes of the answer */
};

struct ranges {
	struct range part[RANGE_PARTS_MAX]; /* ascending, apart */
	int count; /* 1 to RANGE_PARTS_MAX */
};

enum range_answer {
	RANGE_WHOLE, /* no Range, not in bytes, not well-formed, or too many: 200 */
	RANGE_PARTS, /* 206 */
	RANGE_UNSATISFIABLE, /* 416 */
};

/*
 * text   the header field; NULL: not there. Borrowed for the call
 * bytes  of the whole file, 0 to RANGE_BYTES_UNKNOWN
 * out    written on RANGE_PARTS only
 */
enum range_answer range_parse(const char *text, int64_t bytes, struct ranges *out);

int64_t range_bytes(const struct range *r);

#endif
