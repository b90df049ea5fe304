/*
 * walls.h - shuts the calling process in, for good, before it sees a
 * stranger's bytes.
 *
 * Edge: the only place that includes libseccomp's header and talks Landlock.
 * Limits, no_new_privs, no core and death with the parent always hold or the
 * call fails; seccomp and Landlock hold where the kernel has them.
 */
#ifndef DRIFT_WALL_WALLS_H
#define DRIFT_WALL_WALLS_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

#define WALLS_TEXT_MAX 64 /* bytes, NUL included */

struct walls_limits {
	int64_t memory_bytes; /* RLIMIT_DATA: heap and private mappings */
	int64_t cpu_seconds; /* then SIGXCPU; a parent may raise it to the end */
	int64_t cpu_seconds_end; /* then SIGKILL */
	int descriptors; /* numbers from 0 that may be in use */
};

/*
 * Raises them; before that the program warms up what is put off until first use (warmup.h). The
 * process must have one thread. Afterwards it can read, seek, send and receive on descriptors it
 * has or is sent, complain to 2 (which the caller has pointed at /dev/null) and manage its memory;
 * any other system call kills it with SIGSYS (seccomp), any file by name is refused (Landlock).
 *
 * forbidden  where the number of that call plus 1 is left for whoever shares the memory, else 0
 *            stays; borrowed for the life of the process
 * held       "seccomp, landlock 4", or which one is missing
 *
 * Returns DRIFT_EIO when a limit could not be set: do not go on.
 */
enum drift_err walls_raise(const struct walls_limits *limits, int32_t *forbidden,
			   char held[WALLS_TEXT_MAX]) MUST_CHECK;

#endif
