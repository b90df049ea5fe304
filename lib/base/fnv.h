/*
 * fnv.h - a 32-bit hash, the same on every machine and for ever.
 *
 * Pure. FNV-1a (draft-eastlake-fnv); for names and numbers that only have to differ,
 * never against somebody who wants them not to.
 */
#ifndef DRIFT_BASE_FNV_H
#define DRIFT_BASE_FNV_H

#include <stddef.h>
#include <stdint.h>

uint32_t fnv_bytes(const void *data, size_t len);
uint32_t fnv_text(const char *text);
uint32_t fnv_bytes(const void *data, size_t len);

#endif
