#include "http/query.h"

#include "base/percent.h"

#include <stdlib.h>
#include <string.h>

/* In place: the decoded text is never longer. False for NUL and bad %XX. */
static bool decode(char *text)
{
	char *to = text;

	for (const char *p = text; *p; p++) {
		if (*p == '%') {
			int byte = percent_read(p);

			if (byte < 0)
				return false;
			*to++ = (char)byte;
			p += 2;
		} else {
			*to++ = *p == '+' ? ' ' : *p;
		}
	}
	*to = '\0';
	return true;
}

static void add_pair(struct query *q, char *name)
{
	static char empty[] = "";
	char *value = strchr(name, '=');

	if (value)
		*value++ = '\0';
	else
		value = empty;
	if (!decode(name)) {
		q->bad = true;
		return;
	}
	if (!decode(value)) {
		q->bad = true;
		value = NULL;
	}
	q->pair[q->count++] = (struct query_pair){name, value};
}

enum drift_err query_parse(const char *text, struct query *out)
{
	struct query q = {0};
	char *rest, *name;

	q.text = strdup(text ? text : "");
	if (!q.text)
		return DRIFT_ENOMEM;
	rest = q.text;
	while ((name = strsep(&rest, "&")) && q.count < QUERY_PAIRS_MAX)
		if (*name)
			add_pair(&q, name);
	*out = q;
	return DRIFT_OK;
}

void query_clear(struct query *q)
{
	free(q->text);
	*q = (struct query){0};
}

const char *query_get(const struct query *q, const char *name)
{
	for (int i = 0; i < q->count; i++)
		if (strcmp(q->pair[i].name, name) == 0)
			return q->pair[i].value;
	return NULL;
}
