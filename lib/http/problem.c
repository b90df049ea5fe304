#include "http/problem.h"

#include <stddef.h>

struct status {
	int status;
	const char *title;
};

/* What each code is in HTTP; what is not here is 500. */
static const struct status failures[] = {
	[DRIFT_EFORMAT] = {400, "Bad Request"},
	[DRIFT_EINVAL] = {400, "Bad Request"},
	[DRIFT_EAUTH] = {401, "Unauthorized"},
	[DRIFT_EFORBIDDEN] = {403, "Forbidden"},
	[DRIFT_ENOENT] = {404, "Not Found"},
	[DRIFT_EMETHOD] = {405, "Method Not Allowed"},
	[DRIFT_ECONFLICT] = {409, "Conflict"},
	[DRIFT_EGONE] = {410, "Gone"},
	[DRIFT_EPRECONDITION] = {412, "Precondition Failed"},
	[DRIFT_ELARGE] = {413, "Content Too Large"},
	[DRIFT_EMEDIA] = {415, "Unsupported Media Type"},
	[DRIFT_ERANGE] = {416, "Range Not Satisfiable"},
	[DRIFT_ELOCKED] = {423, "Locked"},
	[DRIFT_ECHECKSUM] = {460, "Checksum Mismatch"},
	[DRIFT_EBUSY] = {503, "Service Unavailable"},
	[DRIFT_EDB] = {503, "Service Unavailable"},
	[DRIFT_ENOSPC] = {507, "Insufficient Storage"},
};

#define FAILURES (sizeof(failures) / sizeof(failures[0]))

static const struct status others[] = {
	{200, "OK"},	     {201, "Created"},	       {202, "Accepted"},
	{204, "No Content"}, {206, "Partial Content"}, {302, "Found"},
	{303, "See Other"},  {304, "Not Modified"},
};

struct problem problem_of(enum drift_err err)
{
	struct problem p = {"about:blank", "Internal Server Error", 500, ""};

	if ((size_t)err >= FAILURES || !failures[err].status)
		return p;
	p.status = failures[err].status;
	p.title = failures[err].title;
	return p;
}

const char *problem_title(int status)
{
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (others[i].status == status)
			return others[i].title;
	for (size_t i = 0; i < FAILURES; i++)
		if (failures[i].status == status)
			return failures[i].title;
	return status == 500 ? "Internal Server Error" : "Status";
}

void problem_write(const struct problem *p, const char *detail, struct buf *out)
{
	buf_add_text(out, "{\"type\": ");
	buf_add_json(out, p->type);
	buf_add_text(out, ", \"title\": ");
	buf_add_json(out, p->title);
	buf_addf(out, ", \"status\": %d, \"detail\": ", p->status);
	buf_add_json(out, detail);
	buf_addf(out, "%s}\n", p->members);
}
