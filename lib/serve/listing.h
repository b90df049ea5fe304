/*
 * listing.h - lists of public tracks, answered: for players, for podcast programs, and
 * for browsers without script.
 */
#ifndef DRIFT_SERVE_LISTING_H
#define DRIFT_SERVE_LISTING_H

#include "base/err.h"
#include "catalogue/db.h"
#include "http/http.h"

/* Answers with what went wrong in a call of the catalogue, in its own words where it has some. */
void listing_fail(struct http *h, const struct db *db, enum drift_err err);

/* ?q=&after=&limit=: JSON, newest first, a page at a time. */
void listing_send(struct http *h, struct db *db);

/* The same as a page with plain <audio> elements. */
void listing_send_page(struct http *h, struct db *db);

/* ?artist=&album=, one of them or both: JSON, an album in its order. */
void listing_send_collection(struct http *h, struct db *db);

/* ?artist=&album=, all tracks without: a podcast feed (RSS 2.0), newest first. */
void listing_send_feed(struct http *h, struct db *db);

#endif
