#include "http/page.h"

#include "http/html.h"

void page_add_head(struct buf *out, const char *site, const char *title)
{
	html_addf(out,
		  "<head>\n<meta charset=\"utf-8\">\n<title>%s</title>\n"
		  "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
		  "<link rel=\"stylesheet\" href=\"%s/css/drift.css\">\n"
		  "<link rel=\"icon\" href=\"%s/img/drift.svg\" type=\"image/svg+xml\">\n</head>\n"
		  "<body>\n<header><a class=\"brand\" href=\"%s/\"><img src=\"%s/img/drift.svg\" "
		  "alt=\"\" width=\"32\" height=\"32\"><span>Drift</span></a>",
		  title, site, site, site, site);
}
