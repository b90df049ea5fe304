/*
 * buf.h - a growing byte buffer whose failure is sticky.
 *
 * All-zero is a valid empty buffer. After one failed growth (out of memory, or
 * past BUF_MAX) every later add is a no-op and buf_ok() says false, so a chain
 * of adds needs one check at its end. The bytes are always followed by a NUL
 * that is not counted.
 */
#ifndef DRIFT_BASE_BUF_H
#define DRIFT_BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BUF_MAX ((size_t)64 << 20) /* no buffer of ours is larger, bytes */

struct buf {
	char *data; /* owned; NULL while nothing was added */
	size_t len; /* bytes in use, the closing NUL not counted */
	size_t cap;
	bool failed;
};

void buf_add(struct buf *b, const void *data, size_t len);
void buf_add_text(struct buf *b, const char *text);
void buf_addf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void buf_add_byte(struct buf *b, uint8_t byte);

/* Little-endian integers, for the binary formats. */
void buf_add_u16le(struct buf *b, uint16_t v);
void buf_add_u32le(struct buf *b, uint32_t v);
void buf_add_u64le(struct buf *b, uint64_t v);

/* The text between double quotes with JSON's escapes (RFC 8259 section 7);
   bytes that are not UTF-8 become U+FFFD. */
void buf_add_json(struct buf *b, const char *text);

bool buf_ok(const struct buf *b);

/* The bytes as a string: never NULL, borrowed until the next add or clear. */
const char *buf_text(const struct buf *b);

/* Empties it and keeps the memory; clear also frees. */
void buf_reset(struct buf *b);
void buf_clear(struct buf *b);

#endif
