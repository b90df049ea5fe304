#include "base/uuid.h"

enum drift_err uuid_parse(const char *text, size_t len, struct uuid *out)
{
	struct uuid id;

	if (len != sizeof(id.text) - 1)
		return DRIFT_EFORMAT;
	for (size_t i = 0; i < len; i++) {
		char c = text[i];

		if (i == 8 || i == 13 || i == 18 || i == 23) {
			if (c != '-')
				return DRIFT_EFORMAT;
		} else if (c >= 'A' && c <= 'F') {
			c = (char)(c - 'A' + 'a');
		} else if (!(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'f')) {
			return DRIFT_EFORMAT;
		}
		id.text[i] = c;
	}
	id.text[len] = '\0';
	*out = id;
	return DRIFT_OK;
}
