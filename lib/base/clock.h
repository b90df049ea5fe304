/*
 * clock.h - the clock that nobody sets, and waiting by it.
 */
#ifndef DRIFT_BASE_CLOCK_H
#define DRIFT_BASE_CLOCK_H

#include <stdint.h>

/* Milliseconds since some moment before the process began: for differences only. */
int64_t clock_ms(void);

/* Waits that long, whatever signals come. 0 or less: not at all. */
void clock_sleep_ms(int64_t ms);

#endif
