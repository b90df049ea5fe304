#include "serve/picture.h"

#include "make/cover.h"

#include <string.h>

/* False: answered. */
static bool read_size(struct http *h, bool *is_small)
{
	const char *size = http_query(h, "size");

	*is_small = size && strcmp(size, "small") == 0;
	if (!size || *is_small || strcmp(size, "large") == 0)
		return true;
	http_fail(h, DRIFT_EINVAL, "The parameter size is small or large.");
	return false;
}

static void send(struct delivery *d, const struct track *t, const char *name)
{
	if (http_query(d->h, "v"))
		delivery_send_fixed(d, t, name, cover_mime(name));
	else
		delivery_send(d, t, name, cover_mime(name), NULL);
}

void picture_send(struct delivery *d, const struct track *t)
{
	struct cover cover;
	enum drift_err err;
	bool is_small;

	if (!read_size(d->h, &is_small))
		return;
	err = cover_get(d->db, &t->id, &cover);
	if (!err && !*cover.name)
		err = DRIFT_ENOENT;
	if (err == DRIFT_ENOENT)
		http_fail(d->h, err, "This track has no picture.");
	else if (err)
		http_fail(d->h, err, "The picture cannot be found now.");
	else
		send(d, t, is_small && *cover.small ? cover.small : cover.name);
}
