#include "http/html.h"

#include <stdarg.h>
#include <string.h>

static const char *entity(char c)
{
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	}
	return "";
}

void html_add(struct buf *b, const char *text)
{
	for (size_t n; *text; text += n) {
		n = strcspn(text, "&<>\"'");
		buf_add(b, text, n);
		if (text[n])
			buf_add_text(b, entity(text[n++]));
	}
}

void html_addf(struct buf *b, const char *fmt, ...)
{
	const char *mark;
	va_list ap;

	va_start(ap, fmt);
	while ((mark = strstr(fmt, "%s"))) {
		buf_add(b, fmt, (size_t)(mark - fmt));
		html_add(b, va_arg(ap, const char *));
		fmt = mark + 2;
	}
	va_end(ap);
	buf_add_text(b, fmt);
}
