/*
 * demux.h - the packets of the one audio stream in a file.
 *
 * Edge (libavformat). The demuxer is the one that the content named, decoders
 * are on a list, no protocol is known and whatever a file wants opened besides
 * itself is refused.
 */
#ifndef DRIFT_WALLED_DEMUX_H
#define DRIFT_WALLED_DEMUX_H

#include "base/err.h"
#include "format/sniff.h"
#include "walled/codec.h"
#include "walled/sourceio.h"

#include <libavformat/avformat.h>
#include <stdbool.h>
#include <stdint.h>

#define DEMUX_STREAMS_MAX 100
#define DEMUX_REASON_MAX 256 /* bytes of a sentence, NUL included */

struct demux_file {
	struct incoming *in; /* borrowed for the demuxer's life */
	int64_t start; /* bytes hidden at the front */
	struct sniff sniff;
	bool sound_alone; /* its moving pictures are left out */
};

struct demux {
	struct sourceio io;
	AVFormatContext *format; /* owned */
	AVStream *stream; /* of format */
	const struct codec *codec;
	struct flacscan *frames; /* owned: of bare FLAC, whose frames it finds; else NULL */
	int64_t frames_start; /* file.start: positions count from there */
	int64_t data_at; /* where the first packet starts, bytes from start */
	AVStream *video; /* of format: the first moving pictures that MP4 or an encoder takes, or
			    NULL */
	bool moves; /* there are moving pictures, of whatever codec */
	AVStream *stills; /* of format: the first stream of single pictures that is no film, such
			     as those of an audiobook's chapters; or NULL */
};

/*
 * Opens it and chooses the first audio stream. d must not move afterwards.
 *
 * Returns
 *   DRIFT_EMEDIA  not readable, no audio, or a codec that is not on the list:
 *                 reason is a sentence without subject ("it has no audio")
 *   DRIFT_ENOMEM
 */
enum drift_err demux_open(struct demux *d, const struct demux_file *file,
			  char reason[DEMUX_REASON_MAX]) MUST_CHECK;
/*
 * The same for the moving pictures, of whose packets demux_next_video() gives those.
 * Edit lists are applied, and packets read until each stream's parameters are known.
 *
 * decoders  that may be tried for them, comma-separated
 *
 * Returns DRIFT_EMEDIA also where there are none.
 */
enum drift_err demux_open_pictures(struct demux *d, const struct demux_file *file,
				   const char *decoders, char reason[DEMUX_REASON_MAX]) MUST_CHECK;
void demux_close(struct demux *d); /* all-zero is fine */

/* The next packet of the stream into packet (blank). DRIFT_EMORE at the end,
   also where the file is broken beyond reading on; DRIFT_ENOMEM. */
enum drift_err demux_next(struct demux *d, AVPacket *packet) MUST_CHECK;
/*
 * Goes to where the packet at byte offset (or one before it) comes next.
 *
 * seconds  of the stream's own time, at or before that packet
 *
 * False: it cannot be done, and the demuxer stands anywhere.
 */
bool demux_seek(struct demux *d, const struct demux_file *file, int64_t offset,
		double seconds) MUST_CHECK;

enum drift_err demux_next_video(struct demux *d, AVPacket *packet) MUST_CHECK;

/*
 * The first of d->stills into packet (blank). Leaves d at another place: it is to be opened anew
 * before sound is read. Errors as demux_next().
 */
enum drift_err demux_read_still(struct demux *d, AVPacket *packet) MUST_CHECK;

#endif
