/*
 * warmup.h - has the C library and FFmpeg do before the walls what they put off until first use.
 *
 * Edge: libavutil's log and CPU. Behind the walls the first use of the time zone, say, opens
 * /etc/localtime, and the kernel ends the process for it: a file with a date in it would be
 * refused. Whatever is found to be put off like that is warmed up here, for every walled child.
 */
#ifndef DRIFT_WALLED_WARMUP_H
#define DRIFT_WALLED_WARMUP_H

/*
 * Called before walls_raise() takes anything away; again is harmless. The process must have
 * one thread. Local time is UTC afterwards, FFmpeg writes no log, malloc() keeps to one arena.
 * There are no errors: what could not be warmed up is met as a forbidden call.
 */
void warmup_run(void);

#endif
