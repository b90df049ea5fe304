#include "parse/itunsmpb.h"

#include <stdio.h>
#include <stdlib.h>

#define DELAY_MAX 16384 /* samples; more is a lie */
#define SAMPLES_MAX (INT64_MAX / 8)

bool itunsmpb_parse(const char *text, struct itunsmpb *out)
{
	unsigned delay, padding;
	unsigned long long samples;

	if (sscanf(text, "%*x %x %x %llx", &delay, &padding, &samples) != 3)
		return false;
	if (delay > DELAY_MAX || samples == 0 || samples > SAMPLES_MAX)
		return false;
	*out = (struct itunsmpb){delay, padding, (int64_t)samples};
	return true;
}

void itunsmpb_scale(struct itunsmpb *t, int64_t decoded, int64_t slack)
{
	int64_t late;

	if (llabs(t->delay + t->samples + t->padding - decoded) <= slack)
		return;
	late = t->padding < ITUNSMPB_SBR_DELAY ? t->padding : ITUNSMPB_SBR_DELAY;
	t->delay = 2 * (t->delay + late);
	t->padding = 2 * (t->padding - late);
	t->samples *= 2;
}
