/*
 * layout.h - where everything of an Opus rendition is, before it exists.
 *
 * Pure: no I/O, no allocation, no state. The Opus rendition is one Ogg
 * Opus stream at 48 kHz: 20 ms packets, 25 packets a page, 2 pages a run, 5 runs a segment.
 * Packet k carries encoder input [960k, 960k + 960) and decodes to the source
 * samples [960k - 312, 960k + 648). A slice of setup pages and page b onward,
 * decoded with the pre-skip dropped, starts at sample 24000b. Under hard CBR
 * each byte's place follows from the number of samples.
 *
 * Source: doc/design.md, "Opus: a file whose every byte is known before it exists";
 * RFC 3533 section 6 (page header, lacing), RFC 7845 section 4 (granules).
 */
#ifndef DRIFT_OPUS_LAYOUT_H
#define DRIFT_OPUS_LAYOUT_H

#include <stdbool.h>
#include <stdint.h>

#define LAYOUT_RATE 48000 /* Hz: the line on which everything is addressed */
#define LAYOUT_PRE_SKIP 312 /* samples: what libopus looks ahead */
#define LAYOUT_PACKET_SAMPLES 960
#define LAYOUT_PAGE_PACKETS 25
#define LAYOUT_RUN_PAGES 2
#define LAYOUT_RUN_PACKETS (LAYOUT_RUN_PAGES * LAYOUT_PAGE_PACKETS) /* 1 s */
#define LAYOUT_SEGMENT_PAGES 10
#define LAYOUT_SEGMENT_PACKETS (LAYOUT_SEGMENT_PAGES * LAYOUT_PAGE_PACKETS)
#define LAYOUT_PAGE_SAMPLES (LAYOUT_PAGE_PACKETS * LAYOUT_PACKET_SAMPLES) /* 0.5 s */
#define LAYOUT_SEGMENT_SAMPLES (LAYOUT_SEGMENT_PAGES * LAYOUT_PAGE_SAMPLES) /* 5 s */
#define LAYOUT_SETUP_PAGES 2 /* OpusHead, OpusTags */

#define LAYOUT_KBITS_MIN 32 /* kbit/s of stereo; mono gets half */
#define LAYOUT_KBITS_MAX 510
#define LAYOUT_PACKET_MAX 1275 /* bytes: RFC 6716 section 3.4, one frame */
#define LAYOUT_SETUP_MAX 8191 /* bytes: every slice carries the setup pages */
#define LAYOUT_SAMPLES_MAX ((int64_t)1 << 40) /* 48 kHz samples: 265 days */

/* What decides the packets, besides the sound. */
struct layout_params {
	int32_t channels; /* 1 or 2 */
	int32_t packet_bytes; /* CBR: of every packet; VBR: of the mean one */
	bool vbr;
};

/*
 * kbits     LAYOUT_KBITS_MIN to LAYOUT_KBITS_MAX, of stereo; a packet is rounded
 *           down to whole bytes (320: 800 bytes, mono 400)
 * channels  1 or 2
 */
struct layout_params layout_params(int32_t kbits, int32_t channels, bool vbr);

/* Bit/s that give packets of exactly packet_bytes. */
int32_t layout_bitrate(const struct layout_params *p);

/*
 * Does a fresh decoder give from each page on what one gives that has played up to it, within
 * -90 dBFS? From 128 kbit/s a channel on. Where there are fewer bits, bands without any are
 * filled with noise, which starts where the packet before left it (RFC 6716 section 4.3.4.5):
 * at 128 kbit/s of stereo one page in ten begins with other noise than was heard there, as loud
 * as -50 dBFS, for one packet.
 */
bool layout_entries_are_exact(const struct layout_params *p);

struct layout {
	struct layout_params params;
	int32_t setup_bytes; /* H: the setup pages, at the file's start */
	int64_t samples48; /* N48: what a listener hears, 48 kHz samples */
	int64_t packets; /* K = ceil((N48 + 312) / 960), at least 1 */
	int64_t pages; /* of audio, 0.5 s each, the last one maybe less */
	int64_t segments; /* 5 s each, likewise */
};

/*
 * params       copied
 * samples48    0 to LAYOUT_SAMPLES_MAX
 * setup_bytes  1 to LAYOUT_SETUP_MAX
 */
void layout_init(struct layout *l, const struct layout_params *params, int64_t samples48,
		 int32_t setup_bytes);

/* Packets of page b (0 to pages - 1): 25, in the last one 1 to 25. */
int32_t layout_page_packets(const struct layout *l, int64_t page);
/* Packets of segment s (0 to segments - 1): 250, in the last one 1 to 250. */
int32_t layout_segment_packets(const struct layout *l, int64_t segment);
/* The granule position page b carries: 24000 (b + 1), on the last one N48 + 312. */
int64_t layout_page_granule(const struct layout *l, int64_t page);

/* Pages [first, end). */
struct layout_pages {
	int64_t first;
	int64_t end;
};

/* Those of segment s (0 to segments - 1): 10, in the last one 1 to 10. */
struct layout_pages layout_segment_pages(const struct layout *l, int64_t segment);

/* The first page of the run that page b is in: encoding can begin there. */
int64_t layout_run_start(int64_t page);

/*
 * CBR only (asserted), these and what follows.
 *
 * Offset of page b's first byte, b from 0 to pages; at pages: the file's end.
 */
int64_t layout_page_offset(const struct layout *l, int64_t page);
int64_t layout_page_bytes(const struct layout *l, int64_t page); /* 0 to pages - 1 */
int64_t layout_bytes(const struct layout *l); /* the whole file */

/*
 * The pages of which the bytes [from, to) of the file have something; none (first is end)
 * where all of these bytes belong to the setup pages.
 *
 * from, to  0 <= from < to <= layout_bytes()
 */
struct layout_pages layout_pages_under(const struct layout *l, int64_t from, int64_t to);

#endif
