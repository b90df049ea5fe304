#include "catalogue/secret.h"

#include "base/log.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static bool hex_parse(const char *text, uint8_t out[32])
{
	if (strlen(text) != 64 || strspn(text, "0123456789abcdefABCDEF") != 64)
		return false;
	for (int i = 0; i < 32; i++)
		if (sscanf(text + 2 * i, "%2hhx", &out[i]) != 1)
			return false;
	return true;
}

enum drift_err secret_get(struct db *db, uint8_t out[32])
{
	struct db_rows rows = {0};
	enum drift_err err = db_call(db, "SELECT drift.secret_get()", DB_NO_ARGS, &rows);
	bool ok;

	if (err)
		return err;
	ok = rows.count == 1 && hex_parse(db_get_text(&rows, 0, 0), out);
	db_rows_clear(&rows);
	if (ok)
		return DRIFT_OK;
	log_error("secret: the catalogue's secret is not 32 bytes in hexadecimal");
	return DRIFT_EIO;
}
