/*
 * secret.h - the catalogue's secret, from which the media tokens are made.
 */
#ifndef DRIFT_CATALOGUE_SECRET_H
#define DRIFT_CATALOGUE_SECRET_H

#include "base/err.h"
#include "catalogue/db.h"

#include <stdint.h>

/* DRIFT_EDB, or DRIFT_EIO when it is not 32 bytes in hexadecimal (logged). */
enum drift_err secret_get(struct db *db, uint8_t out[32]) MUST_CHECK;

#endif
