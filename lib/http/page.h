/*
 * page.h - what the pages that need no script begin with.
 *
 * Pure.
 */
#ifndef DRIFT_HTTP_PAGE_H
#define DRIFT_HTTP_PAGE_H

#include "base/buf.h"

/*
 * Adds all from <head> to the site's name, which leads to its first page; <header> is left open.
 *
 * site   the path under which the site is; "" for the server's root
 * title  of the page
 */
void page_add_head(struct buf *out, const char *site, const char *title);

#endif
