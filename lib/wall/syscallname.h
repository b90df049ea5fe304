/*
 * syscallname.h - the name of a system call by its number, for log and job.
 *
 * Edge: libseccomp's list of calls, which walls.h uses for the walls.
 */
#ifndef DRIFT_WALL_SYSCALLNAME_H
#define DRIFT_WALL_SYSCALLNAME_H

#include <stdint.h>

#define SYSCALLNAME_MAX 48 /* bytes, NUL included */

/* "openat", or "number 999" of what this machine's processor has no name for. */
void syscallname_get(int32_t number, char name[SYSCALLNAME_MAX]);

#endif
