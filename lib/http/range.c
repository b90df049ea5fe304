#include "http/range.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

#define DIGITS_MAX 18 /* longer numbers are past the end of every file */

int64_t range_bytes(const struct range *r)
{
	return r->last - r->first + 1;
}

/* Reads digits at *at and moves behind them; -1: there are none. */
static int64_t take_number(const char **at)
{
	size_t len = strspn(*at, "0123456789"), zeros = strspn(*at, "0");
	int64_t v = 0;

	if (len == 0)
		return -1;
	for (size_t i = zeros; i < len && i - zeros < DIGITS_MAX; i++)
		v = v * 10 + ((*at)[i] - '0');
	*at += len;
	return len - zeros > DIGITS_MAX ? RANGE_BYTES_UNKNOWN : v;
}

/*
 * Reads "first-", "first-last" or "-count" at *at and moves behind it. A part that lies behind
 * the end has last < first. False: not well-formed.
 */
static bool take_part(const char **at, int64_t bytes, struct range *out)
{
	int64_t first = take_number(at), last;

	if (**at != '-')
		return false;
	++*at;
	last = take_number(at);
	if (first < 0 && last < 0)
		return false;
	if (first < 0) {
		*out = (struct range){last < bytes ? bytes - last : 0, bytes - 1};
		return true;
	}
	if (last >= 0 && last < first)
		return false;
	*out = (struct range){first, last < 0 || last >= bytes ? bytes - 1 : last};
	return true;
}

/* Is there less than a part's header between the end of a and the beginning of b? */
static bool reaches(const struct range *a, const struct range *b)
{
	return b->first - RANGE_GAP_BYTES <= a->last;
}

static bool nearly_touch(const struct range *a, const struct range *b)
{
	return reaches(a, b) && reaches(b, a);
}

/* Keeps the parts ascending and apart. There is room. */
static void add_part(struct ranges *set, struct range r)
{
	int at = 0, behind;

	while (at < set->count && !reaches(&set->part[at], &r))
		at++;
	for (behind = at; behind < set->count && nearly_touch(&set->part[behind], &r); behind++) {
		if (set->part[behind].first < r.first)
			r.first = set->part[behind].first;
		if (set->part[behind].last > r.last)
			r.last = set->part[behind].last;
	}
	memmove(&set->part[at + 1], &set->part[behind], (size_t)(set->count - behind) * sizeof(r));
	set->part[at] = r;
	set->count += 1 - (behind - at);
}

enum range_answer range_parse(const char *text, int64_t bytes, struct ranges *out)
{
	struct ranges set = {.count = 0};
	const char *at = text;
	int asked = 0;
	struct range r;

	if (!at || strncasecmp(at, "bytes=", 6) != 0)
		return RANGE_WHOLE;
	at += 6;
	at += strspn(at, ", \t");
	while (*at) {
		if (!take_part(&at, bytes, &r) || ++asked > RANGE_PARTS_MAX)
			return RANGE_WHOLE;
		if (r.first <= r.last)
			add_part(&set, r);
		at += strspn(at, " \t");
		if (*at && *at != ',')
			return RANGE_WHOLE;
		at += strspn(at, ", \t");
	}
	if (asked == 0)
		return RANGE_WHOLE;
	if (set.count == 0)
		return RANGE_UNSATISFIABLE;
	*out = set;
	return RANGE_PARTS;
}
