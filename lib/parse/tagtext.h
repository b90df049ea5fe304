/*
 * tagtext.h - the texts of tags as UTF-8, whatever they were written in.
 *
 * Pure. NULs stay: they part the values of a list. Control characters stay, too: who reads the
 * set cleans it (claims.h).
 */
#ifndef DRIFT_PARSE_TAGTEXT_H
#define DRIFT_PARSE_TAGTEXT_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Appends bytes that are UTF-8 if all of them are well-formed (RFC 3629), else Windows-1252,
 * in which no byte is without a letter and of which Latin-1 is a part. Many programs
 * write either of them, whatever a format asks for.
 */
void tagtext_add_bytes(const uint8_t *data, size_t len, struct buf *out);

/*
 * Appends UTF-16 (RFC 2781). A byte order mark before any value of a list is
 * obeyed and left out. What is no character becomes U+FFFD; an odd last byte is left out.
 */
void tagtext_add_utf16(const uint8_t *data, size_t len, bool big_endian, struct buf *out);

#endif
