/*
 * utf8.h - which bytes are UTF-8.
 *
 * Pure. Source: RFC 3629 section 4.
 */
#ifndef DRIFT_BASE_UTF8_H
#define DRIFT_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* Bytes of the well-formed sequence at text, 1 to 4; 0 if there is none. Reads no
   further than the first byte that breaks it; a NUL is a sequence of 1. */
size_t utf8_length(const char *text);

bool utf8_is_valid(const char *text);

#endif
