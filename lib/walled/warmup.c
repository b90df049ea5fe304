#include "walled/warmup.h"

#include <libavutil/cpu.h>
#include <libavutil/log.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/*
 * tzset() looks at /etc/localtime again each time that mktime() or strftime() is used, unless TZ
 * names a zone (glibc time/tzset.c). A container is dated in UTC: no other zone is needed.
 */
static void warm_up_time(void)
{
	const time_t epoch = 0;
	struct tm parts;
	char text[32];

	(void)setenv("TZ", "UTC0", 1);
	tzset();
	if (localtime_r(&epoch, &parts) && strftime(text, sizeof(text), "%c %Z", &parts))
		(void)mktime(&parts);
}

static int compare_bytes(const void *a, const void *b)
{
	return memcmp(a, b, 1);
}

/* Above 1024 bytes qsort() asks how much memory the machine has (glibc stdlib/msort.c until 2.36).
 */
static void warm_up_sorting(void)
{
	unsigned char many[2048];

	for (size_t i = 0; i < sizeof(many); i++)
		many[i] = (unsigned char)(i * 7);
	qsort(many, sizeof(many), 1, compare_bytes);
}

/* One more arena, made when memory runs out, reads /proc/sys/vm/overcommit_memory as it shrinks
   (glibc malloc/arena.c). */
static void warm_up_memory(void)
{
	(void)mallopt(M_ARENA_MAX, 1);
	free(malloc(1));
}

static void say_nothing(void *context, int level, const char *fmt, va_list args)
{
	(void)context;
	(void)level;
	(void)fmt;
	(void)args;
}

/* libavutil's own log asks whether descriptor 2 is a terminal. */
static void warm_up_ffmpeg(void)
{
	av_log_set_callback(say_nothing);
	av_log_set_level(AV_LOG_QUIET);
	(void)av_get_cpu_flags();
}

void warmup_run(void)
{
	warm_up_time();
	warm_up_sorting();
	warm_up_memory();
	warm_up_ffmpeg();
}
