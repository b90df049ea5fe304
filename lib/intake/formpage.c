#include "intake/formpage.h"

#include "http/accept.h"
#include "http/html.h"
#include "http/page.h"

bool formpage_is_wanted(const struct http *h)
{
	const char *accept = http_header(h, "Accept");

	return accept_quality(accept, "text/html") > accept_quality(accept, "application/json");
}

void formpage_add_stored(struct buf *list, const struct http *h, const char *name,
			 const struct uuid *track)
{
	html_addf(
		list,
		"<li class=\"card\"><p><strong>%s</strong></p><p class=\"soft\">Stored. It can be "
		"played at once.</p>"
		"<audio controls preload=\"none\" aria-label=\"%s\" "
		"src=\"%s/cgi-bin/stream.fcgi/%s\"></audio></li>\n",
		*name ? name : "A file without a name", name, http_site(h), track->text);
}

void formpage_add_refused(struct buf *list, const char *name, const char *sentence)
{
	html_addf(list, "<li class=\"card\"><p><strong>%s</strong></p><p>Not taken: %s</p></li>\n",
		  *name ? name : "A file without a name", sentence);
}

static void begin(const struct http *h, const char *title, struct buf *out)
{
	const char *theme = http_cookie(h, "theme");

	html_addf(out, "<!doctype html>\n<html lang=\"en\" data-theme=\"%s\">\n",
		  theme ? theme : "auto");
	page_add_head(out, http_site(h), "Upload – Drift");
	html_addf(out, "</header>\n<main>\n<h1>%s</h1>\n", title);
}

static void end(const struct http *h, struct buf *out)
{
	html_addf(out,
		  "<p class=\"line\"><a class=\"button main\" href=\"%s/upload.html\">Upload "
		  "more</a> "
		  "<a class=\"button\" href=\"%s/cgi-bin/catalogue.fcgi/list\">All tracks</a></p>\n"
		  "</main>\n</body>\n</html>\n",
		  http_site(h), http_site(h));
}

void formpage_write(const struct http *h, const struct buf *list, struct buf *out)
{
	begin(h, "Uploaded", out);
	buf_addf(out, "<ol class=\"plain\">\n%s</ol>\n", buf_text(list));
	end(h, out);
}

void formpage_write_failure(const struct http *h, const struct problem *p, const char *detail,
			    struct buf *out)
{
	(void)p; /* its words are no help to people */
	begin(h, "Not uploaded", out);
	html_addf(out, "<p class=\"card\" role=\"alert\">%s</p>\n", detail);
	end(h, out);
}
