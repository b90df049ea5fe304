/*
 * play.h - plays and shares, counted so that nobody can be told from the counts.
 */
#ifndef DRIFT_CATALOGUE_PLAY_H
#define DRIFT_CATALOGUE_PLAY_H

#include <stdint.h>

struct play_listener {
	char text[65]; /* 64 hexadecimal digits and NUL */
};

/*
 * Who it is that listens, without saying who: HMAC-SHA256 of the day (UTC), the address
 * and the browser. The same for a day, so that a reload counts once; an address is kept
 * nowhere, and tomorrow's hash cannot be compared with today's.
 *
 * secret   of secret_get()
 * address  "192.0.2.1"; of an IPv6 address only the network (the first 64 bits) counts,
 *          since one host has as many as it likes in it. NULL is like ""
 * agent    User-Agent, or NULL
 */
struct play_listener play_listener(const uint8_t secret[32], const char *address, const char *agent,
				   int64_t now_seconds);

#endif
