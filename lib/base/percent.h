/*
 * percent.h - bytes written as %XX.
 *
 * Pure. Source: RFC 3986 section 2.1.
 */
#ifndef DRIFT_BASE_PERCENT_H
#define DRIFT_BASE_PERCENT_H

/* The byte that the three characters from a "%" on mean; -1: they are no such thing, or a NUL,
   which no text of ours may have. text may end anywhere. */
int percent_read(const char *text);

#endif
