/*
 * base64.h - bytes written as letters.
 *
 * Pure. Source: RFC 4648 section 4: padded, nothing between the letters.
 */
#ifndef DRIFT_BASE_BASE64_H
#define DRIFT_BASE_BASE64_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Decodes len characters.
 *
 * out    has room for len / 4 * 3 bytes; it may be text itself
 * bytes  that were written; on true only
 *
 * False: it is no base64, or not the one spelling that these bytes have.
 */
bool base64_decode(const char *text, size_t len, uint8_t *out, size_t *bytes);

#endif
