/*
 * encodeloop - the floor of an Opus encode: how long libopus takes for it, and nothing else.
 *
 * Usage: encodeloop FILE, interleaved floats of 48 kHz stereo. Prints seconds of CPU time per
 * second of sound. 320 kbit/s, constant, complexity 10, as Drift encodes.
 */
#include <opus.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define FRAME 960
#define CHANNELS 2
#define PACKET_MAX 1275

static double cpu_seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static OpusEncoder *new_encoder(void)
{
	int err;
	OpusEncoder *e = opus_encoder_create(48000, CHANNELS, OPUS_APPLICATION_AUDIO, &err);

	if (err != OPUS_OK || opus_encoder_ctl(e, OPUS_SET_BITRATE(320000)) != OPUS_OK ||
	    opus_encoder_ctl(e, OPUS_SET_VBR(0)) != OPUS_OK ||
	    opus_encoder_ctl(e, OPUS_SET_COMPLEXITY(10)) != OPUS_OK ||
	    opus_encoder_ctl(e, OPUS_SET_SIGNAL(OPUS_SIGNAL_MUSIC)) != OPUS_OK)
		return NULL;
	return e;
}

static int run(FILE *file, OpusEncoder *e)
{
	static float frame[FRAME * CHANNELS];
	static unsigned char packet[PACKET_MAX];
	double seconds = 0;
	long frames = 0;

	while (fread(frame, sizeof(frame), 1, file) == 1) {
		double start = cpu_seconds();

		if (opus_encode_float(e, frame, FRAME, packet, PACKET_MAX) < 0)
			return 1;
		seconds += cpu_seconds() - start;
		frames++;
	}
	if (frames == 0)
		return 1;
	printf("%.9f\n", seconds / ((double)frames * FRAME / 48000));
	return 0;
}

int main(int argc, char **argv)
{
	FILE *file = argc == 2 ? fopen(argv[1], "rb") : NULL;
	OpusEncoder *e = new_encoder();
	int code = file && e ? run(file, e) : 2;

	if (code != 0)
		fputs("usage: encodeloop FILE (floats, 48 kHz, stereo)\n", stderr);
	if (e)
		opus_encoder_destroy(e);
	if (file)
		fclose(file);
	return code;
}
