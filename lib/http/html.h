/*
 * html.h - texts put into HTML.
 *
 * Pure. Source: HTML Living Standard, 13.1.2.3 and 13.1.4.
 */
#ifndef DRIFT_HTTP_HTML_H
#define DRIFT_HTTP_HTML_H

#include "base/buf.h"

/* The text, for between tags and for attributes in quotes of either kind. */
void html_add(struct buf *b, const char *text);

/* Markup with texts in it: each %s is one of the texts that follow, escaped; there
   is no other conversion. */
void html_addf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
