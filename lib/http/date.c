#include "http/date.h"

#include <stddef.h>
#include <time.h>

/* Programs stay in the C locale, so the names are English. */
struct date_text date_write(int64_t seconds)
{
	time_t at = (time_t)seconds;
	struct date_text date = {""};
	struct tm tm;

	if (gmtime_r(&at, &tm))
		strftime(date.text, sizeof(date.text), "%a, %d %b %Y %H:%M:%S GMT", &tm);
	return date;
}

enum drift_err date_parse(const char *text, int64_t *out)
{
	static const char *const forms[] = {
		"%a, %d %b %Y %H:%M:%S GMT",
		"%A, %d-%b-%y %H:%M:%S GMT",
		"%a %b %e %H:%M:%S %Y",
	};

	for (size_t i = 0; text && i < sizeof(forms) / sizeof(forms[0]); i++) {
		struct tm tm = {0};
		const char *end = strptime(text, forms[i], &tm);

		if (!end || *end)
			continue;
		*out = timegm(&tm);
		return DRIFT_OK;
	}
	return DRIFT_EFORMAT;
}
