/*
 * chunkfile.h - chunks of a source that were made on demand, kept beside it until the whole
 * MP4 is there.
 */
#ifndef DRIFT_MAKE_CHUNKFILE_H
#define DRIFT_MAKE_CHUNKFILE_H

#include "base/conf.h"
#include "base/uuid.h"

#include <stdbool.h>
#include <stdint.h>

struct chunkfile_name {
	char text[40]; /* in the version's folder */
};
struct chunkfile_name chunkfile_name(int64_t number);

bool chunkfile_is_there(const struct conf *conf, const struct uuid *track, int version,
			int64_t number);

/*
 * Opens what the makers of chunks agree by: who makes chunk n locks byte n (filelock.h).
 *
 * Returns -1 when it cannot be (logged): then a chunk may be made more than once.
 */
int chunkfile_open_locks(const struct conf *conf, const struct uuid *track, int version);

/* All that are there, and the locks. */
void chunkfile_remove_all(const struct conf *conf, const struct uuid *track, int version);

#endif
