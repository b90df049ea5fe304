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
	size_t len = strspn(*at, "0123456789");
	int64_t v = 0;

	if (len == 0)
		return -1;
	for (size_t i = 0; i < len; i++)
		v = i < DIGITS_MAX ? v * 10 + ((*at)[i] - '0') : INT64_MAX;
	*at += len;
	return v;
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

static bool nearly_touch(const struct range *a, const struct range *b)
{
	return a->first <= b->last + RANGE_GAP_BYTES && b->first <= a->last + RANGE_GAP_BYTES;
}

/* Keeps the parts ascending and apart. False: there is no room. */
static bool add_part(struct ranges *set, struct range r)
{
	int at = 0, behind;

	while (at < set->count && set->part[at].last + RANGE_GAP_BYTES < r.first)
		at++;
	for (behind = at; behind < set->count && nearly_touch(&set->part[behind], &r); behind++) {
		if (set->part[behind].first < r.first)
			r.first = set->part[behind].first;
		if (set->part[behind].last > r.last)
			r.last = set->part[behind].last;
	}
	if (behind == at && set->count == RANGE_PARTS_MAX)
		return false;
	memmove(&set->part[at + 1], &set->part[behind], (size_t)(set->count - behind) * sizeof(r));
	set->part[at] = r;
	set->count += 1 - (behind - at);
	return true;
}

enum range_answer range_parse(const char *text, int64_t bytes, struct ranges *out)
{
	struct ranges set = {.count = 0};
	bool fits = true, any = false;
	const char *at = text;
	struct range r;

	if (!at || strncasecmp(at, "bytes=", 6) != 0)
		return RANGE_WHOLE;
	at += 6;
	at += strspn(at, ", \t");
	while (*at) {
		if (!take_part(&at, bytes, &r))
			return RANGE_WHOLE;
		any = true;
		if (r.first <= r.last)
			fits = add_part(&set, r) && fits;
		at += strspn(at, " \t");
		if (*at && *at != ',')
			return RANGE_WHOLE;
		at += strspn(at, ", \t");
	}
	if (!any || !fits)
		return RANGE_WHOLE;
	if (set.count == 0)
		return RANGE_UNSATISFIABLE;
	*out = set;
	return RANGE_PARTS;
}
