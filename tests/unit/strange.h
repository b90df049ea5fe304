/*
 * strange.h - what the tests of the decoder share: a signal whose place in
 * time can be told, files of it by other people's encoders, and a folder.
 */
#ifndef DRIFT_TESTS_STRANGE_H
#define DRIFT_TESTS_STRANGE_H

#include "wall/decoder.h"

#include <fcntl.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define STRANGE_SECONDS 1.237

static char strange_folder[64];

__attribute__((unused)) static int strange_setup(void **state)
{
	(void)state;
	snprintf(strange_folder, sizeof(strange_folder), "/tmp/drift-strange-XXXXXX");
	return mkdtemp(strange_folder) ? chdir(strange_folder) : -1;
}

__attribute__((unused)) static int strange_teardown(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf '%s'", strange_folder);
	return chdir("/") + system(command);
}

/* The program's absolute path: the tests work in a folder of their own. */
__attribute__((unused)) static const char *strange_program(void)
{
	static char path[4096];
	const char *given = getenv("DRIFT_DECODE");

	if (!*path && !realpath(given ? given : "build/bin/drift-decode", path))
		fail_msg("no decoder: set DRIFT_DECODE");
	return path;
}

__attribute__((unused, format(printf, 1, 2))) static void strange_run(const char *fmt, ...)
{
	char command[2048];
	va_list args;

	va_start(args, fmt);
	vsnprintf(command, sizeof(command), fmt, args);
	va_end(args);
	if (system(command) != 0)
		fail_msg("failed: %s", command);
}

/* A rising tone, another one in every channel: it correlates with itself at
   one place only. -1 to 1, t in seconds. */
__attribute__((unused)) static double strange_signal(double t, int channel)
{
	double from = 150 + 130 * channel, rise = (2900 - 180 * channel) / STRANGE_SECONDS;

	return 0.6 * sin(2 * M_PI * (from * t + rise * t * t / 2)) + 0.02 * (channel + 1);
}

__attribute__((unused)) static int32_t strange_samples(int rate)
{
	return (int32_t)(STRANGE_SECONDS * rate);
}

__attribute__((unused)) static double strange_round(double v, int bits)
{
	double full = ldexp(1, bits - 1);

	return bits == 32 ? (float)v : rint(v * full) / full;
}

static void strange_put(FILE *f, uint64_t v, int bytes)
{
	for (int i = 0; i < bytes; i++)
		fputc((int)(v >> (8 * i) & 255), f);
}

/* bits: 16, 24, or 32 for float. */
__attribute__((unused)) static void strange_wav(const char *path, int rate, int channels, int bits)
{
	FILE *f = fopen(path, "wb");
	uint32_t bytes = (uint32_t)(strange_samples(rate) * channels * bits / 8);

	assert_non_null(f);
	fwrite("RIFF", 1, 4, f);
	strange_put(f, bytes + 36, 4);
	fwrite("WAVEfmt ", 1, 8, f);
	strange_put(f, 16, 4);
	strange_put(f, bits == 32 ? 3 : 1, 2);
	strange_put(f, (uint64_t)channels, 2);
	strange_put(f, (uint64_t)rate, 4);
	strange_put(f, (uint64_t)(rate * channels * bits / 8), 4);
	strange_put(f, (uint64_t)(channels * bits / 8), 2);
	strange_put(f, (uint64_t)bits, 2);
	fwrite("data", 1, 4, f);
	strange_put(f, bytes, 4);
	for (int i = 0; i < strange_samples(rate); i++) {
		for (int c = 0; c < channels; c++) {
			double v = strange_signal((double)i / rate, c);
			float value = (float)v;
			uint32_t word;

			memcpy(&word, &value, 4);
			if (bits < 32)
				word = (uint32_t)(int32_t)rint(v * ldexp(1, bits - 1));
			strange_put(f, word, bits / 8);
		}
	}
	fclose(f);
}

/* What Drift makes of n channels: side 0 or 1 (ITU-R BS.775, no LFE). */
__attribute__((unused)) static double strange_heard(double t, int channels, int side)
{
	if (channels < 3)
		return strange_signal(t, side);
	return (strange_signal(t, side) + M_SQRT1_2 * strange_signal(t, 2) +
		M_SQRT1_2 * strange_signal(t, 4 + side)) /
	       (1 + 2 * M_SQRT1_2);
}

static const struct decoder_limits strange_limits = {256, 600, 24};

/* Opens path; on failure the reason is in strange_reason. */
static char strange_reason[512];

__attribute__((unused)) static enum drift_err strange_open_with(const struct decoder_limits *limits,
								const char *path,
								struct decoder **out)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	enum drift_err err;

	assert_true(fd >= 0);
	*strange_reason = '\0';
	err = decoder_new(strange_program(), limits, fd, out, strange_reason,
			  sizeof(strange_reason));
	close(fd);
	return err;
}

__attribute__((unused)) static struct decoder *strange_open(const char *path)
{
	struct decoder *d = NULL;

	if (strange_open_with(&strange_limits, path, &d) != DRIFT_OK)
		fail_msg("%s: %s", path, strange_reason);
	return d;
}

/* A copy of the PCM of [first, first + count); the caller's to free(). */
__attribute__((unused)) static float *strange_read(struct decoder *d, int64_t first, int32_t count)
{
	size_t floats = (size_t)count * (size_t)decoder_pcm_channels(d);
	float *copy = malloc(floats * sizeof(float));
	const float *pcm;

	assert_non_null(copy);
	assert_int_equal(decoder_ask(d, 0, first, count), DRIFT_OK);
	if (decoder_wait(d, 0, &pcm) != DRIFT_OK)
		fail_msg("read at %lld: %s", (long long)first, decoder_get_reason(d));
	memcpy(copy, pcm, floats * sizeof(float));
	return copy;
}

/* Is the file refused with a sentence that has these words? */
__attribute__((unused)) static void strange_refused(const char *path, const char *words)
{
	struct decoder *d = NULL;

	if (strange_open_with(&strange_limits, path, &d) != DRIFT_EMEDIA ||
	    !strstr(strange_reason, words))
		fail_msg("%s: not refused with '%s' but '%s'", path, words, strange_reason);
}

/* A file of this text. */
__attribute__((unused)) static void strange_text(const char *path, const char *text)
{
	FILE *f = fopen(path, "wb");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

/* The file's bytes, max at most, into data; how many there were. */
__attribute__((unused)) static size_t strange_bytes(const char *path, uint8_t *data, size_t max)
{
	FILE *f = fopen(path, "rb");
	size_t len;

	assert_non_null(f);
	len = fread(data, 1, max, f);
	fclose(f);
	return len;
}

#endif
